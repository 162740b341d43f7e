"""Sums JUnit files: summary.py FOLDER. The last line is `N passed, M failed`; the exit code is 0 only if something
ran and nothing failed."""
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(path: Path) -> tuple[int, int, int]:
    """Passed, failed, skipped. ctest marks a test that could not be started as skipped with status `notrun`: that
    is a failure here."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "notrun":
            failed += 1
            print(f"FAILED {case.get('classname')}: {case.get('name')}")
        elif case.find("skipped") is not None:
            skipped += 1
            print(f"SKIPPED {case.get('classname')}: {case.get('name')}")
        else:
            passed += 1
    return passed, failed, skipped


def main(folder: Path) -> int:
    counts = {path.name: count(path) for path in sorted(folder.glob("*.xml"))}
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *counts.values()))
    notes = folder / "failed-steps"
    for line in notes.read_text().splitlines() if notes.exists() else []:
        result, _, name = line.partition(" ")
        if counts.get(result, (0, 0, 0))[1] == 0:
            failed += 1
            print(f"FAILED step: {name}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
