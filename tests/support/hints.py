"""Hints are commands: a test runs what the program printed, as printed, and then does again what was refused.

Every hint is a row of a table (tests/hints/*.toml)."""
import os
import pty
import re
import select
import shlex
import subprocess
import termios
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "hints"
HINT_LINE = re.compile(r"^hint: (\S.*)$", re.MULTILINE)
# What the user gave by option goes along in a command that is printed (agent/report/carried_options.h).
CARRIED = re.compile(r"(?<=\bcountersign )(?:--(?:(?:server|trust-dir|config|signing-key|tlscacert|tlscert|tlskey|insecure-registry|"
                     r"token-service) (?:'[^']*'|[^\s'])+|allow-http) )+")
BARE = re.compile(r"\bcountersign (?=(?:list|verify|inspect|expiry|receipt|audit|sign|revoke|doctor|repo|signer|delegation|witness) )"
                  r"(?![\w ]*--help)")
GO_BY_POLICY = [f"{word} {what}" for word, whats in (("repo", "refresh repair rotate"), ("delegation", "add remove purge"),
                                                     ("signer", "add remove rotate")) for what in whats.split()]
GO_BY_POLICY += ["sign", "revoke", "witness", "doctor"]
PART = re.compile(r"`(?P<command>[^`]*)`|\{(?P<value>\w+)\}|(?P<text>[^`{]+|\{)")


@dataclass(frozen=True)
class Row:
    id: str
    says: str  # {name} stands for a value, a command stands between backquotes
    cause: str
    fill: str = ""  # why a word in capitals stands in the command in the place of a value
    unit: str = ""  # the unit test that provokes it where no end-to-end test can
    table: str = field(default="", compare=False)

    @property
    def commands(self) -> list[str]:
        return re.findall(r"`([^`]*)`", self.says)

    @property
    def words(self) -> str:
        """What is printed, without commands being marked."""
        return self.says.replace("`", "")

    def match(self, line: str):
        return _pattern(self.says).fullmatch(line)


def without_carried(text: str) -> str:
    """As it is printed where no option says which server and which folders."""
    return CARRIED.sub("", text)


@cache
def _pattern(says: str) -> re.Pattern:
    seen, commands = set(), 0

    def of(part) -> str:
        nonlocal commands
        if part["command"] is not None:
            commands += 1
            return f"(?P<command_{commands}>{PART.sub(of, part['command'])})"
        if part["value"]:
            name = part["value"]
            if name in seen:
                return f"(?P={name})"
            seen.add(name)
            return f"(?P<{name}>.+?)"
        return re.escape(part["text"])

    program = rf"countersign\ (?:{CARRIED.pattern})?"
    pattern = PART.sub(of, says).replace(r"countersign\ ", program)
    # A file that a policy mentions is to be named there, by its path from the policy's folder.
    pattern = re.sub(r"(?<=name\\ )\(\?P=then\)$", r"(?:(?P=then)|(?P<mention>.+?)\\ in\\ (?P<place>line\\ \\d+\\ of\\ .+))", pattern)
    pattern = re.sub(r"\(\?P<then>\.\+\?\)$", r"(?P<then>.+?)(?:\\ in\\ (?P<place>line\\ \\d+\\ of\\ .+))?", pattern)
    if r"\-\-policy" not in pattern:  # a run that goes by one adds it
        for words in GO_BY_POLICY:
            pattern = pattern.replace(program + re.escape(words), program + re.escape(words) + r"(?:\ \-\-policy\ FILE)?")
    return re.compile(pattern.replace(r"\ \-\-policy\ FILE", r"(?:\ \-\-policy\ (?:FILE|'[^']*'|[^\s';]+))?"))


@cache
def table() -> dict[str, Row]:
    rows = [Row(**row, table=path.name) for path in sorted(TABLES.glob("*.toml"))
            for row in tomllib.loads(path.read_text())["hint"]]
    assert len({row.id for row in rows}) == len(rows), "two rows have one id"
    return {row.id: row for row in rows}


def rows_of(line: str) -> list[Row]:
    return [row for row in table().values() if row.match(line)]


@dataclass
class Hint:
    commands: list[str]  # as printed
    values: dict[str, str]  # what is printed in the place of the row's {name}
    shown: str = ""  # what the command that was followed has printed

    @classmethod
    def of(cls, outcome, row: str | None = None) -> "Hint":
        """The one that `outcome` gives: that of the row, or of any."""
        (line,) = HINT_LINE.findall(outcome.stderr)
        return cls.read(line, row)

    @classmethod
    def read(cls, line: str, row: str | None = None) -> "Hint":
        if row is None:
            rows = rows_of(line)
            assert rows, f"stands in no row of tests/hints: {line}"
            row = rows[0].id
        found = table()[row].match(line)
        assert found, f"not as in the table\n  printed: {line}\n  {row}: {table()[row].says}"
        groups = found.groupdict()
        commands = [groups.pop(name) for name in sorted(name for name in groups if name.startswith("command_"))]
        return cls(commands, {name: shlex.split(value)[0] if _is_word(value) else value
                              for name, value in groups.items() if value is not None})

    @property
    def command(self) -> str:
        assert self.commands, "a hint without a command"
        return self.commands[0]

    @property
    def words(self) -> list[str]:
        """Of a command of ours, without its name and what the client gives by itself: what a test gives to that."""
        name, *words = shlex.split(without_carried(self.command))
        assert name == "countersign", self.command
        return words

    def follow(self, client, answers=(), env=None, filled=None, which=0, typed=()) -> str | None:
        """Runs a command of it as that user would, in their folder. `answers` is what they type where they are asked,
        `typed` the same of a program that asks on a terminal only, `filled` what they put in the place of words in
        capitals. Returns the file that is to be named then (the row's {then}), if there is one."""
        command = self.commands[which]
        for word, value in (filled or {}).items():
            command, times = re.subn(rf"(?<![\w]){re.escape(word)}(?![\w])", shlex.quote(str(value)), command)
            is_carried = word == "FILE" and " --policy " in command
            assert times or is_carried, f"{word} is not in: {command}"
        programs = client.home / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "countersign").unlink(missing_ok=True)
        (programs / "countersign").symlink_to(client.binary)
        environment = client.environment() | client.settings() | (env or {})
        environment["PATH"] = f"{programs}:{environment['PATH']}"
        # Without a terminal openssl and ssh-keygen ask on standard input.
        if typed:
            done = on_terminal(["/bin/sh", "-c", command], typed, env=environment, cwd=client.work)
        else:
            done = subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=client.work, timeout=60,
                                  input="".join(f"{a}\n" for a in answers), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, start_new_session=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        self.shown = done.stdout
        return self.values.get("then")


def on_terminal(argv, answers, **options):
    """Runs a program on a terminal. It is answered when it has asked for a PIN and shows what is typed no more."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, **options) as process:
        os.close(theirs)
        shown, left = b"", list(answers)
        try:
            while process.poll() is None or select.select([ours], [], [], 0)[0]:
                if select.select([ours], [], [], 0.01)[0]:
                    shown += os.read(ours, 4096)
                asked = len(re.findall(rb"PIN[^:\n]*: ", shown))
                if left and asked > len(answers) - len(left) and not termios.tcgetattr(ours)[3] & termios.ECHO:
                    os.write(ours, f"{left.pop(0)}\n".encode())
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(ours)
    return subprocess.CompletedProcess(argv, process.wait(), shown.decode(errors="replace"), "")


def _is_word(value: str) -> bool:
    try:
        return len(shlex.split(value)) == 1
    except ValueError:
        return False
