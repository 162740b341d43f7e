"""What the code cites of the specification stands in docs/notary-protocol.md, under that number."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CITED = re.compile(r"\b[Ss]ections? (\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*)")
NUMBER = re.compile(r"\d+(?:\.\d+)*")
ELSEWHERE = re.compile(r"\bRFC \d+(?:, | \()?\s*$")  # "(RFC 7235, section 4.1)"


def cited():
    for folder in ("tuf", "hsm", "agent", "tests", "docs", "ci-integrations"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (".h", ".cpp", ".py", ".md") or path.name == "notary-protocol.md":
                continue
            text = re.sub(r"\n\s*(?://+|#)?\s*", " ", path.read_text())
            for found in CITED.finditer(text):
                if not ELSEWHERE.search(text[:found.start()]):
                    yield from ((path.relative_to(ROOT), number) for number in NUMBER.findall(found[1]))


def test_every_cited_section_is_there():
    headings = re.findall(r"^##+ (\d+(?:\.\d+)?)\.? ", (ROOT / "docs/notary-protocol.md").read_text(), re.MULTILINE)
    citations = list(cited())
    assert len(citations) > 120 and len(headings) == len(set(headings)) > 50
    wrong = [f"{path}: section {number}" for path, number in citations if number not in headings]
    assert not wrong, "\n".join(wrong)
