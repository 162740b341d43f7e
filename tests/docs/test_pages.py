"""Every command of README, docs/ and examples/ is run, or marked with why not; what is printed is compared."""
import pytest

from support.pages import COMMAND, blocks, name_of, pages
from support.walk import walk

RUN = ("console", "sh", "prepare", "file")
WALKED = [page for page in pages() if any(block.kind in RUN for block in blocks(page))]


@pytest.mark.parametrize("page", WALKED, ids=name_of)
def test_a_page_does_what_it_says(page, tmp_path, binary):
    walk(page, tmp_path / "walk", binary)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_block_of_commands_is_run_or_says_why_not(page):
    shown = [block for block in blocks(page) if block.kind in ("indented", "shown")]
    commands = [f"line {block.line}: {line}" for block in shown for line in block.text.splitlines() if COMMAND.match(line)]
    assert not commands
    assert all(block.who for block in blocks(page) if block.kind == "not run")
