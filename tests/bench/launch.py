"""Runs one command and tells what it has cost."""
import subprocess
from pathlib import Path

from bench.costs import Cost

MEASURE = Path(__file__).parents[1] / "support" / "measure.py"
TIMEOUT = 1800


class Failure(Exception):
    """Something did not run; there is nothing to measure."""


def cost_of(command: list[str], env: dict[str, str], folder: Path) -> Cost:
    result, output = folder / "result", folder / "output"
    result.unlink(missing_ok=True)
    done = subprocess.run(["/usr/bin/python3", "-I", "-S", str(MEASURE), str(result), str(output), *command], env=env,
                          cwd=folder, timeout=TIMEOUT)
    if done.returncode != 0:
        text = output.read_text(errors="replace")[-4000:] if output.exists() else ""
        # measure.py has no other way to tell of a signal.
        ended = f"exit {done.returncode}" if done.returncode < 192 else f"signal {256 - done.returncode}"
        raise Failure(f"$ {' '.join(command)}\n[{ended}]\n{text}")
    wall, cpu, memory = result.read_text().split()
    return Cost(wall=float(wall), cpu=float(cpu), memory=int(memory))
