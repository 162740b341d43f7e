"""The table of docs/doctor.md: which link can be broken by what."""
import re
from functools import cache
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"
ANY_CODE = "its code"
# A PIN or passphrase may be needed to list keys already.
ALSO_OF_KEYS = "secrets"


@cache
def diagnoses() -> dict[str, dict[str, str]]:
    """By link and name the codes, as the table writes them; ANY_CODE for what is named after its code."""
    rows = GUIDE.read_text().partition("## Links and diagnoses")[2].partition("## Warnings")[0]
    links, link = {}, ""
    for _, first, names, code, *_ in (row.split("|") for row in rows.splitlines() if row.startswith("| ")):
        link = first.strip(" `") or link
        for name in re.findall("`([a-z-]+)`", names) or [names.strip()]:
            links.setdefault(link, {})[name] = code.strip()
    links["keys"] |= links[ALSO_OF_KEYS]
    del links["link"]
    return links


def is_told(link: str, diagnosis: str, code: str) -> bool:
    named_after = code.lower().replace("_", "-")
    known = diagnoses()[link]
    if diagnosis in known:
        told = known[diagnosis]
        return code in told or (told == ANY_CODE and diagnosis == named_after) or "and others" in told
    return ANY_CODE in known and diagnosis == named_after
