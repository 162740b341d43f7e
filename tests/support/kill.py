"""Kills a command at a chosen moment of its life: strace ends it instead of letting it make one of its system calls.
Everything before that call has happened, nothing after it."""
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.countersign import Countersign
from support.process import Result, run

# What others can see: files, folders, and what is sent.
CHANGING = ("write", "writev", "pwrite64", "sendto", "sendmsg", "rename", "renameat", "renameat2", "link", "linkat",
            "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "fsync", "ftruncate")
SENDING = "sendto"
WAITING = "poll"  # after a send: it has left, and no answer has come
LINE = re.compile(r"^(\d+) +(\w+)\((.*) = (-?\d+)", re.MULTILINE)
KILLED = -9


@dataclass(frozen=True)
class Moment:
    """Before the n-th call of that name, counting from 1."""
    call: str
    number: int


@dataclass(frozen=True)
class Life:
    """What a command did that was left alone."""
    moments: list[Moment]  # every change, and every wait that follows a send
    publishing: list[Moment]  # around its largest send: before it, sent, answered

    def some(self, count: int) -> list[Moment]:
        """The moments around publishing and, evenly spread, others of all."""
        step = max(1, len(self.moments) // max(1, count - len(self.publishing)))
        return list(dict.fromkeys([*self.publishing, *self.moments[step // 2::step]]))[:count]


def _strace(client: Countersign, args, *options) -> Result:
    calls = ",".join((*CHANGING, WAITING))
    log = client.home / "strace.log"
    return run(["/usr/bin/strace", "-f", "-qq", "-o", log, "-e", f"trace={calls}", "-e", "signal=none",
                *options, "--", *client.argv(*args)], env=client.environment(), cwd=client.work, check=False)


def watch(client: Countersign, args, *, but_for: Path | None = None) -> Life:
    """Runs the command to its end. What it does to files below `but_for` is left out."""
    result = _strace(client, args, "-y")
    assert result.returncode == 0, str(result)
    found = LINE.findall((client.home / "strace.log").read_text())
    main = found[0][0]  # counting is by thread
    numbers, moments, sends = Counter(), [], []
    previous = None
    for thread, call, operands, answer in found:
        if thread != main:
            continue
        numbers[call] += 1
        if but_for and f"{but_for}/" in operands:
            continue
        if call == WAITING and previous != SENDING:
            previous = call
            continue
        previous = call
        moments.append(Moment(call, numbers[call]))
        sends.append(int(answer) if call == SENDING else 0)
    publishing = []
    if any(sends):
        largest = sends.index(max(sends))
        publishing = moments[largest:largest + 3]
    return Life(moments, publishing)


def kill_at(client: Countersign, moment: Moment, args) -> bool:
    """Whether it was killed; false if it ended by itself before, as it should."""
    result = _strace(client, args, "-e", f"inject={moment.call}:signal=KILL:when={moment.number}")
    assert result.returncode in (0, KILLED), str(result)
    for path in client.tmp.iterdir():
        path.unlink()
    return result.returncode == KILLED
