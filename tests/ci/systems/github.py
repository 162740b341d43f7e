"""GitHub Actions: our runner on GitHub's own parser and expression evaluator."""
import json
import signal
from pathlib import Path

from ci.systems.job import Job
from ci.systems.node import MODULES, NODE
from ci.systems.place import Place
from ci.systems.run import Run, Step, StepResult

HERE = Path(__file__).resolve().parents[1] / "github"
ROOT = HERE.parents[2]


def workflow(steps: list[Step]) -> dict:
    """Every input comes from a variable or secret of the repository."""
    def expression(kind, number, name):
        return f"${{{{ {kind}.{name.upper().replace('-', '_')}_{number} }}}}"
    return {"name": "steps", "on": "push", "jobs": {"steps": {"runs-on": "ubuntu-24.04", "steps": [
        {"id": f"step{number}", "uses": f"./ci-integrations/github/{step.command}", "continue-on-error": len(steps) > 1,
         "with": {name: expression("vars", number, name) for name in step.inputs}
         | {name: expression("secrets", number, name) for name in step.secrets}}
        for number, step in enumerate(steps)]}}}


def values(steps: list[Step], kind: str) -> dict[str, str]:
    return {f"{name.upper().replace('-', '_')}_{number}": value for number, step in enumerate(steps)
            for name, value in getattr(step, kind).items()}


class GitHub:
    name = "github"
    results: set[str] = set()  # files that a step leaves in the workspace

    def __init__(self, place: Place, node: Path = NODE, **machine):
        self.home = place.world.folder("github")
        self.node = node
        self.workspace = self.home / "workspace"
        self.temp = self.home / "temp"
        self.workspace.mkdir()
        self.temp.mkdir()
        (self.workspace / "ci-integrations").symlink_to(ROOT / "ci-integrations")
        self.environment = place.environment(**machine)

    def start(self, path: Path, job: str, variables: dict, secrets: dict, unwritable: dict | None = None,
              needs: dict | None = None) -> Job:
        config = self.home / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({
            "workflow": str(path), "job": job, "workspace": str(self.workspace), "temp": str(self.temp), "env": self.environment,
            "secrets": secrets, "vars": variables, "node": str(self.node), "unwritable": unwritable or {}, "needs": needs or {},
            "raw": str(self.home / "raw.log"), "report": str(self.home / "report.json")}))
        return Job([str(NODE), "--import", str(HERE / "module_loader.mjs"), str(HERE / "runner.mjs"), str(config)],
                   env=self.environment | {"NODE_PATH": str(MODULES), "NODE_NO_WARNINGS": "1"}, cwd=self.home, home=self.home)

    def begin(self, *steps: Step) -> Job:
        path = self.home / "workflow.yml"
        path.write_text(json.dumps(workflow(steps)))  # JSON is YAML
        return self.start(path, "steps", values(steps, "inputs"), values(steps, "secrets"), {
            f"step{number}": ["GITHUB_OUTPUT"] for number, step in enumerate(steps) if step.unwritable})

    def cancel(self, job: Job):
        """The user presses the button."""
        job.signal(signal.SIGINT)

    def finish(self, job: Job) -> Run:
        exit_code, log, programs = job.finish()
        report_file = self.home / "report.json"
        assert report_file.exists(), log
        report = json.loads(report_file.read_text())
        results = []
        for step in report["steps"]:
            outputs = step.get("outputs") or {}
            results.append(StepResult(step.get("exitCode"), json.loads(outputs["result"]) if "result" in outputs else None, outputs))
        return Run(exit_code, results, log, (self.home / "raw.log").read_text(), self.left(), programs, report)

    def left(self) -> list[Path]:
        """Without the runner's own: its file commands, which it deletes."""
        found = [path for folder in (self.workspace, self.temp, Path(self.environment["TMPDIR"])) for path in folder.rglob("*")]
        return [path for path in found if path.is_file() and "_runner_file_commands" not in path.parts]

    def run(self, *steps: Step) -> Run:
        return self.finish(self.begin(*steps))
