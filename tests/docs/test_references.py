"""What pages point at is there: links, commands, options."""
import re
from functools import cache

import pytest

from support.pages import ROOT, name_of, pages, prose
from support.process import clean_environment, run

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
MENTIONED = re.compile(r"`(countersign [^`]+)`")
WIDE = {"architecture", "command-line", "doctor", "images", "notary-protocol", "performance", "policy", "proof", "security"}


@cache
def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", text), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(file.read_text()), target


@cache
def help_of(binary, words: tuple[str, ...]) -> str | None:
    done = run([binary, "help", *words], env=clean_environment(binary.parent), cwd=binary.parent, check=False)
    return done.stdout if done.returncode == 0 else None


def command_of(binary, words: list[str]) -> tuple[str, ...]:
    """`repo` is a group of commands, `repo init` one of them, and `list REPO` is the command `list`."""
    for count in (2, 1):
        named = tuple(words[:count])
        if len(named) == count and all(re.fullmatch("[a-z]+", word) for word in named) and help_of(binary, named):
            return named
    return ()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_command_and_option_that_is_mentioned_exists(page, binary):
    for mention in MENTIONED.findall(prose(page)):
        words = mention.replace("|", " ").split()[1:]
        words = [word for word in words if not word.startswith("…")]
        operands = [word for word in words if not word.startswith("-")]
        command = command_of(binary, operands)
        assert command or not operands or operands[0].isupper(), mention
        known = help_of(binary, ("options",)) + (help_of(binary, command) or "")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", mention):
            assert re.search(rf"{option}\b(?!-)", known) or option == "--help", f"{option} in: {mention}"


@pytest.mark.parametrize("page", [page for page in pages() if page.stem not in WIDE], ids=name_of)
def test_no_line_is_wider_than_120_columns(page):
    wide = [line for line in page.read_text().splitlines() if len(line) > 120 and not line.startswith("|")]
    assert not wide
