"""What each folder may include of the others: one row per folder, lowest first. tests/arrows holds the code to
it, and `scripts/arrows` draws docs/architecture.md's picture of what the code really includes."""
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:tuf|hsm|agent)[\w/]*)/[\w.]+"', re.MULTILINE)

TUF = ("tuf/base", "tuf/json", "tuf/keys", "tuf/names", "tuf/metadata", "tuf/trust", "tuf/edit", "tuf/view")
HSM = ("hsm/os", "hsm", "hsm/file", "hsm/pkcs11", "hsm/certificate")

BELOW_WORK = ("agent/names", "agent/http", "agent/image", "agent/policy", "agent/store", "agent/config",
              "agent/evidence")

MAY_INCLUDE = {
    "tuf/base": (),
    "tuf/json": ("tuf/base",),
    "tuf/keys": ("tuf/base", "tuf/json"),
    "tuf/names": ("tuf/base", "tuf/json"),
    "tuf/metadata": TUF[:4],
    "tuf/trust": TUF[:5],
    "tuf/edit": TUF[:6],
    "tuf/view": TUF[:7],
    "hsm/os": ("tuf/base",),
    "hsm": ("tuf/base", "tuf/keys", "hsm/os"),
    "hsm/file": ("tuf/base", "tuf/keys", "hsm/os", "hsm"),
    "hsm/pkcs11": ("tuf/base", "tuf/keys", "hsm/os", "hsm"),
    "hsm/certificate": ("tuf/base", "tuf/keys", "tuf/names"),
    "agent/names": ("tuf/base", "tuf/names"),
    "agent/http": ("tuf/base", "tuf/json", "tuf/keys", "tuf/names", "hsm/os", "hsm", "hsm/file", "agent/names"),
    "agent/image": ("tuf/base", "tuf/json", "tuf/names", "tuf/metadata", "hsm/os", "agent/names", "agent/http"),
    "agent/image/listed": ("tuf/base", "tuf/json", "hsm/os", "agent/names", "agent/image"),
    # Pure: it never sees http, a store or a file.
    "agent/policy": (*TUF, "hsm/file", "agent/names"),
    "agent/store": (*TUF, "hsm/os", "hsm", "hsm/file", "agent/http"),
    "agent/config": (*TUF, "hsm/os", "hsm", "hsm/file", "agent/names", "agent/http"),
    # What is signed must not change with what is printed.
    "agent/evidence": (*TUF, *HSM, "agent/names"),
    # The use cases: no argument list, no text.
    "agent/work": (*TUF, *HSM, *BELOW_WORK, "agent/image/listed"),
    "agent/report": (*TUF, "hsm", *BELOW_WORK, "agent/work"),
    "agent/doctor": (*TUF, *HSM, *BELOW_WORK, "agent/work", "agent/report"),
    "agent/cli": (*TUF, *HSM, *BELOW_WORK, "agent/image/listed", "agent/work", "agent/report", "agent/doctor"),
    "agent": ("agent/cli",),
}


def sources(folders=("tuf", "hsm", "agent")):
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".h", ".cpp")]


def included() -> dict[str, set[str]]:
    """Which other folders each folder's files include."""
    arrows = defaultdict(set)
    for path in sources():
        folder = str(path.parent.relative_to(ROOT))
        arrows[folder] |= set(INCLUDE.findall(path.read_text())) - {folder}
    return dict(arrows)


def cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of folders that include each other, by whatever way."""
    def reached(start):
        seen, left = set(), [start]
        while left:
            for other in arrows.get(left.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    left.append(other)
        return seen
    reach = {folder: reached(folder) for folder in arrows}
    groups = {frozenset(other for other in reach[folder] if folder in reach.get(other, ())) for folder in arrows
              if folder in reach[folder]}
    return sorted(sorted(group) for group in groups)


def picture() -> str:
    """As mermaid: an arrow that follows from others is left out."""
    arrows = included()

    def through(folder, seen):
        for other in arrows.get(folder, ()):
            if other not in seen:
                seen.add(other)
                through(other, seen)
        return seen
    lines = ["graph TD"]
    for folder in sorted(arrows):
        for other in sorted(arrows[folder]):
            if not any(other in through(between, set()) for between in arrows[folder] - {other}):
                lines.append(f"  {name(folder)} --> {name(other)}")
    return "\n".join(lines)


def name(folder: str) -> str:
    return folder.replace("/", "_") + f'["{folder}"]'


if __name__ == "__main__":
    print(picture())
