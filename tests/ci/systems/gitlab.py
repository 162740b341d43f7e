"""GitLab CI: gitlab-ci-local, which knows GitLab's schema and runs jobs in a shell."""
import json
import os
import re
import shutil
import signal
from pathlib import Path

from ci.systems.job import Job
from ci.systems.node import tool
from ci.systems.place import Place
from ci.systems.run import Run, Step, StepResult
from ci.systems.shell import INPUTS, read_dotenv, read_json, secret_variables
from support.process import run as run_process

TEMPLATES = Path(__file__).resolve().parents[3] / "ci-integrations" / "gitlab" / "templates"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def unexpanded(secret: str) -> str:
    """Secrets are marked "do not expand" in GitLab's settings; gitlab-ci-local reads two dollar signs as one."""
    return secret.replace("$", "$$")


class GitLab:
    name = "gitlab"
    results = {".gitlab-ci.yml", "countersign.yml", ".gitignore"}  # and what the job leaves on purpose

    def __init__(self, place: Place):
        self.home = place.world.folder("gitlab")
        self.project = self.home / "project"
        self.project.mkdir()
        self.environment = place.environment()
        shutil.copytree(TEMPLATES, self.project / "templates")

    def start(self, pipeline: str, variables: dict, *, validate=False) -> Job:
        """A commit with this pipeline, in a project with these variables."""
        (self.project / ".gitlab-ci.yml").write_text(pipeline)

        def git(*args):
            return run_process(["/usr/bin/git", "-c", "user.name=developer", "-c", "user.email=developer@example.com", "-c",
                         "init.defaultBranch=main", *args], env=self.environment, cwd=self.project).stdout.strip()
        git("init", "-q")
        git("remote", "add", "origin", "git@gitlab.example.com:team/app.git")
        git("add", ".")
        git("commit", "-q", "-m", "build")
        self.commit = git("rev-parse", "HEAD")
        settings = self.home / "variables.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(variables))  # JSON is YAML
        return Job([*tool("gitlab-ci-local"), "--shell-executor-no-image", "--no-color", "--home", str(self.home), "--variables-file",
                    "../variables.json", *([] if validate else ["--no-json-schema-validation"])],
                   env=self.environment, cwd=self.project, home=self.home)

    def path(self, value: str) -> str:
        """gitlab-ci-local takes every variable that names an absolute path for one of type File."""
        return os.path.relpath(value, self.project) if value.startswith("/") else value

    def begin(self, *steps: Step) -> Job:
        self.count = len(steps)
        pipeline = {"include": [{"local": "templates/countersign.yml"}], "stages": ["deploy"]}
        settings = {}
        for number, step in enumerate(steps):
            given = {INPUTS[name]: self.path(value) for name, value in step.inputs.items()}
            settings |= {f"{name}_{number}": value for name, value in given.items()}
            for name, value in secret_variables(step, self.home).items():  # of the environment of this job only
                settings.setdefault(name, {"values": {}})["values"][f"step{number}"] = unexpanded(value)
            files = {"COUNTERSIGN_RESULT": f"{number}.json", "COUNTERSIGN_JUNIT": f"{number}.xml",
                     "COUNTERSIGN_DOTENV": "/proc/countersign.env" if step.unwritable else f"{number}.env"}
            pipeline[f"step{number}"] = {
                "extends": ".countersign", "allow_failure": len(steps) > 1, "environment": {"name": f"step{number}"},
                "variables": {"COUNTERSIGN_STEP": step.command} | files | {name: f"${name}_{number}" for name in given}}
        return self.start(json.dumps(pipeline), settings)

    def cancel(self, job: Job):
        """The runner terminates the job's processes."""
        job.signal(signal.SIGTERM, without_main=True)

    def finish(self, job: Job) -> Run:
        exit_code, log, programs = job.finish()
        log = COLOUR.sub("", log)
        results = []
        for number in range(self.count):
            failed = re.search(rf"^step{number} +finished in .* +(?:FAIL|WARN) +(\d+)", log, re.MULTILINE)
            passed = re.search(rf"^step{number} +finished in", log, re.MULTILINE)
            results.append(StepResult(int(failed[1]) if failed else 0 if passed else None, read_json(self.project / f"{number}.json"),
                                      read_dotenv(self.project / f"{number}.env")))
        return Run(exit_code, results, log, log, self.left(), programs)

    def left(self) -> list[Path]:
        """Without the repository and what gitlab-ci-local keeps of it."""
        found = [path for folder in (self.project, Path(self.environment["TMPDIR"])) for path in folder.rglob("*")]
        return [path for path in found if path.is_file() and not {".git", ".gitlab-ci-local"} & set(path.parts)]

    def run(self, *steps: Step) -> Run:
        return self.finish(self.begin(*steps))
