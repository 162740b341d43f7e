"""docs/errors.md says what the program's own tables say."""
import re

from support.pages import ROOT
from support.process import clean_environment, run

PAGE = (ROOT / "docs/errors.md").read_text()
WARNING = re.compile(r'(?:push_back\(|warn\()\{?\s*"([A-Z]+(?:_[A-Z]+)*)",')
# Reasons of a verdict: docs/policy.md has them.
ELSEWHERE = {"agent/policy/case.cpp", "agent/policy/judge.cpp"}


def test_every_error_stands_there_with_its_exit_code_and_hint(tmp_path):
    run([ROOT / "scripts/errors", "--check"], env=clean_environment(tmp_path), cwd=tmp_path)


def test_every_warning_is_explained():
    warnings = {}
    for folder in ("agent", "tuf", "hsm"):
        for path in (ROOT / folder).rglob("*.cpp"):
            if str(path.relative_to(ROOT)) not in ELSEWHERE:
                warnings |= dict.fromkeys(WARNING.findall(path.read_text()), path)
    assert {"NOT_RELEASED", "ROOT_NOT_PINNED", "ROLE_UNUSABLE"} <= warnings.keys()
    pages = PAGE + (ROOT / "docs/doctor.md").read_text()
    assert not {code: str(path) for code, path in warnings.items() if not re.search(rf"(?:`|\| |, ){code}\b", pages)}
