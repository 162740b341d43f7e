"""The table of hints has every hint that the sources make, and every row of it is provoked by a test."""
import re

import pytest

from hints.sources import ROOT, words_of_hints
from support.hints import table

# Words that stand for what only the reader knows.
CAPITALS = re.compile(r"(?<![\w$%/.-])(?!(?:AWS|CERTIFICATE|ENVIRON|DER|JSON|UTF)\b)[A-Z][A-Z]+(?![\w%=])(?!.TRUST)")
NO_HINT = re.compile(r"[\W_]*|\w+\W*|.{0,6}")  # too little to be found again by it
FILLED = re.compile(r"\bFILE\b(?:\.\w*)?|\b(?:LABEL|TOKEN|REPO|ROLE|IMAGE|TAG|NAME|KEY|HOST:PORT|HOST|PATH|REGISTRY|URI)\b|~/\.docker")


def fixed(says: str) -> str:
    return re.sub(r"\{\w+\}", "\0", says)


def test_there_is_something_to_look_at():
    assert len(table()) > 200 and len(words_of_hints()) > 300


def test_every_hint_of_the_sources_has_a_row():
    rows = [fixed(row.words) for row in table().values()]
    wanted = [(files, words) for words, files in words_of_hints().items() if not NO_HINT.fullmatch(words)]
    missing = []
    for files, words in wanted:
        # The program puts values in the place of such words where it knows them; that of FILE.pem may be {then}.
        pattern = re.compile("".join(f"(?:\0(?:{re.escape(part.removeprefix('FILE'))})?|{re.escape(part)})"
                                     if FILLED.fullmatch(part) else re.escape(part)
                                     for part in re.split(f"({FILLED.pattern})", words)))
        if not any(pattern.search(row) for row in rows):
            missing.append(f"{' '.join(sorted(files))}: {words}")
    assert not missing, "\n".join(missing)


def test_every_row_is_provoked_by_a_test():
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    units = "\n".join(re.sub(r'"\s*\n\s*"', "", path.read_text()) for path in (ROOT / "tests/unit").rglob("*.cpp"))
    unused = [row.id for row in table().values()
              if (row.unit not in units if row.unit else f'"{row.id}"' not in tests)]
    assert not unused, "\n".join(unused)


@pytest.mark.parametrize("row", table().values(), ids=lambda row: row.id)
def test_a_placeholder_stands_only_where_no_value_is_known(row):
    placeholders = [word for command in row.commands for word in CAPITALS.findall(command)]
    assert bool(placeholders) == bool(row.fill), f"{row.commands}: {placeholders}, fill: {row.fill!r}"
