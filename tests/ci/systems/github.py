"""GitHub Actions: our runner on GitHub's own parser and expression evaluator."""
import json
import os
import signal
import subprocess
from pathlib import Path

from ci.systems import trace
from ci.systems.node import MODULES, NODE
from ci.systems.place import Place
from ci.systems.run import Run, Step

HERE = Path(__file__).resolve().parents[1] / "github"
ROOT = HERE.parents[2]


class GitHub:
    name = "github"

    def __init__(self, place: Place):
        self.place = place
        self.home = place.world.folder("github")
        self.workspace = self.home / "workspace"
        self.temp = self.home / "temp"
        self.workspace.mkdir()
        self.temp.mkdir()
        (self.workspace / "ci-integrations").symlink_to(ROOT / "ci-integrations")
        self.environment = place.environment()

    def start(self, workflow: Path, job: str, *, vars: dict, secrets: dict, unwritable=(), node=NODE):
        config = self.home / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({
            "workflow": str(workflow), "job": job, "workspace": str(self.workspace), "temp": str(self.temp),
            "env": self.environment, "secrets": secrets, "vars": vars, "node": str(node), "unwritable": list(unwritable),
            "raw": str(self.home / "raw.log"), "report": str(self.home / "report.json")}))
        command = [*trace.wrapper(self.home / "trace"), str(NODE), "--import", str(HERE / "module_loader.mjs"), str(HERE / "runner.mjs"),
                   str(config)]
        environment = self.environment | {"NODE_PATH": str(MODULES), "NODE_NO_WARNINGS": "1"}
        return subprocess.Popen(command, env=environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8", errors="surrogateescape", start_new_session=True)

    def finish(self, process) -> Run:
        log, _ = process.communicate(timeout=120)
        report_file = self.home / "report.json"
        assert report_file.exists(), log
        report = json.loads(report_file.read_text())
        step = next((s for s in report["steps"] if s["name"] == "step"), {})
        outputs = step.get("outputs") or {}
        run = Run(process.returncode, step.get("exitCode"), log, (self.home / "raw.log").read_text(), self.left(),
                  trace.programs(self.home / "trace"), json.loads(outputs["result"]) if outputs.get("result") else None, outputs)
        run.report = report
        return run

    def left(self) -> list[Path]:
        """Without what the runner itself puts there: its file commands and the scripts of `run:` steps."""
        found = []
        for folder in (self.workspace, self.temp, Path(self.environment["TMPDIR"])):
            for top, _, names in os.walk(folder):
                found += [Path(top, name) for name in names]
        return [path for path in found if path.is_file()]

    def run(self, step: Step, **options) -> Run:
        return self.finish(self.begin(step, **options))

    def begin(self, step: Step, **options):
        def upper(values):
            return {name.upper().replace("-", "_"): value for name, value in values.items()}
        return self.start(HERE / "step.yml", step.command, vars=upper(step.inputs), secrets=upper(step.secrets), **options)

    def cancel(self, process):
        """The user presses the button. strace passes no signal on, so the runner gets it itself."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGINT)
