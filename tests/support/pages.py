"""The pages that users read, as blocks that can be run. What stands behind the language of a fenced block says what is done:

    ```console NAME         `$ command` lines, typed by that person; what stands below each is what it prints
    ```sh NAME              commands that must all end with exit code 0; what they print is not looked at
    ```json file=policy.json   (any language) that file, written before the next block
    ```sh not run: REASON   commands that no test can run, and why
    ```json, ```text …      something to look at

and `<!-- prepare NAME` … `-->` is a script that readers do not see: what the page takes for granted.

In what is printed, `…` stands for anything, a line of `…` for any lines, a date for any date. `3c85bce8…` is a value of 64
digits: any at first, and the same one wherever it stands again, also in commands; so is a short ID such as `9deed25`."""
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = "countersign|docker|notary|export|cmake|scripts/|apt|sudo|skopeo|helm|pkcs11-tool"
COMMAND = re.compile(rf"^(?:\$ |(?:[A-Z_]+=\S+ )*(?:{PROGRAMS})\b)")
FENCE = re.compile(r"^( *)```(.*)$")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@dataclass(frozen=True)
class Block:
    line: int
    kind: str  # console, sh, prepare, file, shown, not run
    who: str  # a person, or the file's name, or the reason
    text: str


def _block(line: int, info: str, text: str) -> Block:
    language, _, more = info.strip().partition(" ")
    if more.startswith("not run:"):
        return Block(line, "not run", more.removeprefix("not run:").strip(), text)
    if more.startswith("file="):
        return Block(line, "file", more.removeprefix("file="), text)
    if language in ("console", "sh"):
        return Block(line, language, more or "", text)
    return Block(line, "shown", language, text)


def blocks(page: Path) -> list[Block]:
    """In the order in which they stand. An indented block, too, which can only be shown."""
    found, lines = [], page.read_text().split("\n")
    number = 0
    after_blank, in_list = True, False
    while number < len(lines):
        line = lines[number]
        start = number + 1
        if fence := FENCE.match(line):
            indent, text = len(fence[1]), []
            number += 1
            while not FENCE.match(lines[number]):
                text.append(lines[number][indent:])
                number += 1
            found.append(_block(start, fence[2], "\n".join(text) + "\n"))
        elif line.startswith("<!-- prepare "):
            text = []
            number += 1
            while lines[number] != "-->":
                text.append(lines[number])
                number += 1
            found.append(Block(start, "prepare", line.removeprefix("<!-- prepare ").strip(), "\n".join(text) + "\n"))
        elif line.startswith("    ") and after_blank and not in_list:
            text = []
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
                text.append(lines[number][4:])
                number += 1
            number -= 1
            found.append(Block(start, "indented", "", "\n".join(text) + "\n"))
        if line and not line.startswith(" "):
            in_list = bool(re.match(r"(?:[-*]|\d+\.) ", line))
        after_blank = not line.strip()
        number += 1
    return found


def prose(page: Path) -> str:
    """All that is no block."""
    text = re.sub(r"(?ms)^( *)```.*?^ *```$", "", page.read_text())
    text = re.sub(r"(?s)<!--.*?-->", "", text)
    return re.sub(r"(?m)^    .*$", "", text)


@dataclass(frozen=True)
class Typed:
    """A command of a console block, and what it prints."""
    line: int
    command: str
    printed: list[str]


def typed(block: Block) -> list[Typed]:
    commands: list[Typed] = []
    going_on = False
    for number, line in enumerate(block.text.rstrip("\n").split("\n"), block.line + 1):
        if going_on:
            commands[-1] = Typed(commands[-1].line, commands[-1].command + "\n" + line, [])
        elif line.startswith("$ "):
            commands.append(Typed(number, line[2:], []))
        else:
            assert commands, f"line {number}: something is printed before any command"
            commands[-1].printed.append(line)
            continue
        going_on = line.endswith("\\")
    return commands


# --- what is printed ---------------------------------------------------------------------------------------------------

VALUE = re.compile(r"(?<![\w/.-])(sha256:)?(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])([0-9a-f]{7,64})(…?)(?!\w)")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")


class Values:
    """What the page's shortened values stand for, as far as the walk has come."""

    def __init__(self):
        self._known: dict[str, str] = {}

    def put_in(self, command: str) -> str:
        def value(found):
            written = found[2] + found[3]
            if written not in self._known:
                assert not found[3], f"{written} was not printed before"
                return found[0]
            return (found[1] or "") + self._known[written]
        return VALUE.sub(value, command)

    def difference(self, expected: list[str], printed: str) -> str | None:
        """None if this is what was to be printed; new values are taken over."""
        names: dict[str, str] = {}
        pattern = ""
        for line in expected:
            if line.strip() == "…":
                pattern += r"(?:.*\n)*?"
                continue
            pattern += self._line(line.rstrip(), names) + r" *\n"
        text = printed if printed.endswith("\n") or not printed else printed + "\n"
        found = re.fullmatch(pattern, text)
        if not found:
            return "expected:\n" + "\n".join(expected) + "\nprinted:\n" + printed
        new = {written: found[name] for written, name in names.items()}
        called = {value: written for written, value in self._known.items()}
        for written, value in new.items():
            if value in called:
                return f"{written} is what the page has called {called[value]}"
        self._known |= new
        return None

    def _line(self, line: str, names: dict[str, str]) -> str:
        pattern, position = "", 0
        for found in VALUE.finditer(line):
            pattern += _plain(line[position:found.start()]) + (found[1] or "")
            written = found[2] + found[3]
            if written in self._known:
                pattern += re.escape(self._known[written])
            elif written in names:
                pattern += f"(?P={names[written]})"
            else:
                names[written] = f"v{len(names)}"
                pattern += f"(?P<{names[written]}>[0-9a-f]{{{64 if found[3] else len(found[2])}}})"
            position = found.end()
        return pattern + _plain(line[position:])


def _plain(text: str) -> str:
    """A pattern for text in which columns may have another width, dates are any dates, and `…` is anything."""
    parts, position = [], 0
    for found in DATE.finditer(text):
        time = r"T\d\d:\d\d:\d\d(?:\.\d+)?Z" if found[1] else ""
        parts += [_spaced(text[position:found.start()]), r"20\d\d-\d\d-\d\d" + time]
        position = found.end()
    return "".join(parts) + _spaced(text[position:])


def _spaced(text: str) -> str:
    return r".*?".join(re.sub(r"(?:\\ )+", " +", re.escape(part)) for part in text.split("…"))
