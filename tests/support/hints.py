"""Hints are commands: a test runs what the program printed, as printed, and then does again what was refused."""
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.countersign import HINT_LINE, Countersign, Outcome

COMMAND = re.compile(r": (?P<command>\S.*?)(?:; then name (?:the .*, (?:such as )?)?(?P<name>.*))?$")


@dataclass
class Hint:
    command: str
    name: str | None  # the file that the command makes, to be named in the place of the one that was refused

    @classmethod
    def of(cls, outcome: Outcome) -> "Hint":
        (line,) = HINT_LINE.findall(outcome.stderr)
        found = COMMAND.search(line)
        assert found, f"no command in the hint: {line}"
        name = found["name"]
        return cls(found["command"], shlex.split(name)[0] if name else None)

    def follow(self, client: Countersign, answers=(), env=None) -> str | None:
        """Runs it as that user would, in their folder; `answers` is what they type where they are asked."""
        programs = client.home / "programs"
        if not programs.exists():
            programs.mkdir()
            (programs / "countersign").symlink_to(client.binary)
        environment = client.environment() | (env or {})
        environment["PATH"] = f"{programs}:{environment['PATH']}"
        # Without a terminal openssl and ssh-keygen ask on standard input.
        done = subprocess.run(["/bin/sh", "-c", self.command], env=environment, cwd=client.work, timeout=60,
                              input="".join(f"{a}\n" for a in answers), capture_output=True, text=True,
                              start_new_session=True)
        assert done.returncode == 0, f"{self.command}\n{done.stdout}{done.stderr}"
        return self.name
