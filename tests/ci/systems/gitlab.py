"""GitLab CI: gitlab-ci-local, which validates against GitLab's schema and runs jobs in a shell."""
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from ci.systems import trace
from ci.systems.node import tool
from ci.systems.place import Place
from ci.systems.run import Run, Step
from ci.systems.shell import VARIABLES
from support.process import run as run_process

HERE = Path(__file__).resolve().parents[1] / "gitlab"
TEMPLATES = HERE.parents[2] / "ci-integrations" / "gitlab" / "templates"


class GitLab:
    name = "gitlab"

    def __init__(self, place: Place):
        self.place = place
        self.home = place.world.folder("gitlab")
        self.project = self.home / "project"
        self.environment = place.environment()
        self.project.mkdir()
        shutil.copytree(TEMPLATES, self.project / "templates")

    def commit(self, pipeline: Path):
        shutil.copy(pipeline, self.project / ".gitlab-ci.yml")

        def git(*args):
            run_process(["/usr/bin/git", "-c", "user.name=developer", "-c", "user.email=developer@example.com", "-c", "init.defaultBranch=main",
                         *args], env=self.environment, cwd=self.project)
        git("init", "-q")
        git("remote", "add", "origin", "git@gitlab.example.com:team/app.git")
        git("add", ".")
        git("commit", "-q", "-m", "build")

    def start(self, variables: dict[str, str], secrets: dict[str, str], *, validate=False):
        """Variables of the project, as its settings have them; secrets are marked "do not expand" there, which is said
        here with two dollar signs."""
        settings = self.home / "variables.json"  # JSON is YAML
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(variables | {name: value.replace("$", "$$") for name, value in secrets.items()}))
        command = [*trace.wrapper(self.home / "trace"), *tool("gitlab-ci-local"), "--shell-executor-no-image", "--no-color", "--home",
                   str(self.home), "--variables-file", "../variables.json", *([] if validate else ["--no-json-schema-validation"])]
        return subprocess.Popen(command, env=self.environment, cwd=self.project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8", errors="surrogateescape", start_new_session=True)

    def begin(self, step: Step, *, unwritable=False):
        # A variable with an absolute path is of type File for gitlab-ci-local.
        inputs = {name: os.path.relpath(value, self.project) if value.startswith("/") else value for name, value in step.inputs.items()}
        if unwritable:
            inputs["dotenv"] = "/proc/countersign.env"
        secrets = dict(step.secrets)
        if "private-key" in secrets:
            path = self.home / "file-variable"
            path.write_text(secrets["private-key"])
            secrets["private-key"] = str(path)
        self.commit(HERE / "step.gitlab-ci.yml")
        return self.start({"STEP": step.command}
                          | {VARIABLES[name].removeprefix("COUNTERSIGN_"): value for name, value in inputs.items()},
                          {VARIABLES[name]: value for name, value in secrets.items()})

    def cancel(self, process):
        """The runner terminates the job's process group."""
        (job,) = {pid for pid, command in _descendants(process.pid) if "countersign" in command and "sign" in command}
        os.kill(job, signal.SIGTERM)

    def finish(self, process) -> Run:
        log, _ = process.communicate(timeout=120)
        log = re.sub(r"\x1b\[[0-9;]*m", "", log)
        status = re.search(r"exit code: (\d+)|(\bPASS\b)", log)
        return self._run(process.returncode, 0 if status and status[2] else int(status[1]) if status else None, log)

    def _run(self, exit_code, status, log) -> Run:
        left = self.left()
        named = {path.name: path for path in left}
        document = json.loads(named["countersign.json"].read_text()) if "countersign.json" in named else None
        outputs = {}
        if "countersign.env" in named:
            outputs = dict(line.split("=", 1) for line in named["countersign.env"].read_text().splitlines())
        return Run(exit_code, status, log, log, left, trace.programs(self.home / "trace"), document, outputs)

    def left(self) -> list[Path]:
        folders = (self.project, Path(self.environment["TMPDIR"]))
        return [path for folder in folders for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]

    def run(self, step: Step, **options) -> Run:
        return self.finish(self.begin(step, **options))
