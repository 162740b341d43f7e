"""Runs one command and writes what it cost into a file: measure.py RESULT OUTPUT COMMAND…

What the command prints goes to the file OUTPUT, or where it would go anyway if that is "-".

A process of its own because Linux counts the memory of the process that forks into the child's peak: this one is
small. It exits as the command does; without RESULT the command was not run."""
import os
import sys
import time


def redirect(output: str):
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)


def main(result: str, output: str, argv: list[str]) -> int:
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            if output != "-":
                redirect(output)
            os.execv(argv[0], argv)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    with open(result, "w") as file:
        file.write(f"{wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}\n")
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
