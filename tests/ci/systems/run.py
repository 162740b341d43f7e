"""What is asked of every CI system, and what it answers."""
from dataclasses import dataclass, field
from pathlib import Path

from ci.systems.trace import Program
from support.secrets import Secrets


@dataclass
class Step:
    """One use of our step. `inputs` are named as in the GitHub action; the other systems have the same by their own
    names. `secrets` likewise: pin, passphrase, private-key, username, password."""
    command: str
    inputs: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    exit_code: int  # of the CI system's job
    status: int | None  # of our step
    log: str  # what a user of the CI system sees
    raw: str  # before the CI system masks anything
    files: list[Path]  # every file that is left in workspace and temporary folders
    programs: list[Program]
    result: dict | None = None  # countersign's JSON, as the system hands it on
    outputs: dict[str, str] = field(default_factory=dict)

    def __str__(self):
        return f"[job {self.exit_code}, step {self.status}]\n{self.log}"


# Programs that a CI system starts with its secrets in the environment, by its own nature.
OWN = {"github": {"node"}, "gitlab": {"node", "bash", "sh", "git"}, "jenkins": {"script.sh", "java"}, "shell": {"sh", "bash", "dash"}}


def check_no_secret(system: str, run: Run, secrets: Secrets):
    """No log, file or argument list holds a secret in any form; nor does the environment of any program that we start."""
    for name, text in (("log", run.log), ("unmasked log", run.raw)):
        assert not secrets.found_in(text), f"a secret stands in the {name}\n{text}"
    for path in run.files:
        assert not secrets.found_in(path.read_bytes().decode(errors="surrogateescape")), f"a secret stands in {path}"
    assert any(program.name == "countersign" for program in run.programs) or run.status in (1, 2, 3, 11), str(run)
    for program in run.programs:
        assert not secrets.found_in("\0".join(program.arguments)), f"a secret stands in the arguments of {program.name}"
        if program.name not in OWN[system]:
            assert not secrets.found_in("\0".join(program.environment)), f"a secret stands in the environment of {program.name}"
