"""Every program that ran below a command: its arguments and its environment, as strace saw them."""
import re
from dataclasses import dataclass
from pathlib import Path

EXEC = re.compile(rb'execve\("((?:[^"\\]|\\.)*)", \[(.*?)\], \[(.*)\]\) += 0$', re.MULTILINE | re.DOTALL)
STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b'"': b'"', b"\\": b"\\"}


@dataclass(frozen=True)
class Program:
    name: str
    arguments: list[str]
    environment: list[str]


def wrapper(log: Path) -> list[str]:
    """Nothing is cut: strings up to 1 MiB, all of the environment."""
    return ["/usr/bin/strace", "-f", "-q", "--seccomp-bpf", "-e", "trace=execve", "-e", "signal=none", "-v", "-s", "1048576", "-o",
            str(log)]


def _unescape(text: bytes) -> str:
    def one(match):
        code = match[1]
        return bytes([int(code, 8)]) if code.isdigit() else ESCAPES[code]
    return re.sub(rb"\\([0-7]{1,3}|.)", one, text, flags=re.DOTALL).decode(errors="surrogateescape")


def _strings(text: bytes) -> list[str]:
    found = STRING.findall(text)
    assert not any(cut for _, cut in found), "strace cut a string"
    return [_unescape(string) for string, _ in found]


def programs(log: Path) -> list[Program]:
    found = []
    for line in log.read_bytes().splitlines():
        match = EXEC.search(line)
        if match:
            path, arguments, environment = match.groups()
            found.append(Program(Path(_unescape(path)).name, _strings(arguments), _strings(environment)))
    return found
