"""What is asked of every CI system, and what it answers."""
from dataclasses import dataclass, field
from pathlib import Path

from ci.systems.trace import Program
from support.secrets import Secrets


@dataclass
class Step:
    """One use of our step. `inputs` and `secrets` are named as in the GitHub action; the other systems have the same by
    their own names."""
    command: str
    inputs: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    unwritable: bool = False  # the file for its results


@dataclass
class StepResult:
    status: int | None  # exit status
    document: dict | None = None  # countersign's JSON, as the system hands it on
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """One job with one or more of our steps. With more than one, those that fail do not stop the others."""
    exit_code: int
    steps: list[StepResult]
    log: str  # what a user of the CI system sees
    raw: str  # before the CI system masks anything
    left: list[Path]  # every file that is left in workspace and temporary folders
    programs: list[Program]
    report: dict = field(default_factory=dict)  # what else the system tells

    def __str__(self):
        return f"[job {self.exit_code}, steps {[step.status for step in self.steps]}]\n{self.log}"

    @property
    def step(self) -> StepResult:
        (one,) = self.steps
        return one


# What a CI system itself starts, with its secrets in the environment.
OWN = {"github": {"node"}, "gitlab": {"node", "bash", "git", "sh", "rsync", "awk", "mkdir", "id", "ssh"}, "jenkins": {"script.sh", "java", "jspawnhelper"}, "shell": {"sh", "bash"}}
# What we start.
OURS = {"countersign", "jq", "mktemp", "rm", "tr", "base64", "cat"}


def check_no_secret(system: str, run: Run, secrets: Secrets):
    """No log, file or argument list holds a secret in any form; nor does the environment of any program that we start."""
    for name, text in (("log", run.log), ("unmasked log", run.raw), ("report", str(run.report))):
        assert not secrets.found_in(text), f"a secret stands in the {name}\n{text}"
    for path in run.left:
        assert not secrets.found_in(path.read_bytes().decode(errors="surrogateescape")), f"a secret stands in {path}"
    assert run.programs
    for program in run.programs:
        assert program.name in OURS | OWN[system], f"who has started {program.name}?"
        assert not secrets.found_in("\0".join(program.arguments)), f"a secret stands in the arguments of {program.name}"
        if program.name in OURS:
            assert not secrets.found_in("\0".join(program.environment)), f"a secret stands in the environment of {program.name}"
