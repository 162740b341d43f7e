"""A job of a CI system while it runs: a child process below strace."""
import os
import signal
import subprocess
from pathlib import Path

from ci.systems import trace


def descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


class Job:
    def __init__(self, command: list[str], *, env: dict[str, str], cwd: Path, home: Path):
        self._trace = home / "trace"
        self._process = subprocess.Popen(
            [*trace.wrapper(self._trace), *command], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", errors="surrogateescape", start_new_session=True)

    @property
    def main(self) -> int:
        """strace passes no signal on: this is what it started."""
        return descendants(self._process.pid)[0]

    def signal(self, number: signal.Signals, *, without_main=False):
        """To what was started or, without it, to everything below it."""
        for pid in descendants(self.main) if without_main else [self.main]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def finish(self) -> tuple[int, str, list[trace.Program]]:
        """Exit status, output, every program that ran."""
        output, _ = self._process.communicate(timeout=300)
        return self._process.returncode, output, trace.programs(self._trace)
