"""What each folder may include of the others, as cmake/folders.cmake says it to the build, and what it includes."""
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:tuf|hsm|agent)[\w/]*)/[\w.]+"', re.MULTILINE)

SET = re.compile(r"^set\((\w+) ([^)]*)\)", re.MULTILINE)
ROW = re.compile(r"^countersign_folder\(([\w/]+)(?:\s+USES ([^)]*?))?(?:\s+LINKS [^)]*)?\)", re.MULTILINE)


def rows() -> dict[str, tuple[str, ...]]:
    """As the build has them."""
    text = (ROOT / "cmake" / "folders.cmake").read_text()
    for variable, value in SET.findall(text):
        text = text.replace(f"${{{variable}}}", value)
    return {folder: tuple(used.split()) for folder, used in ROW.findall(text)} | {"agent": ("agent/cli",)}


MAY_INCLUDE = rows()


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
