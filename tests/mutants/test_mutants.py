"""The list of mutants keeps up with the code, also where nobody runs scripts/mutants."""
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text())["mutant"]


def test_every_mutant_can_still_be_made():
    for mutant in MUTANTS:
        assert (ROOT / mutant["file"]).read_text().count(mutant["find"]) == 1, mutant
        assert mutant["find"] != mutant["replace"]


def test_no_mutant_is_listed_twice():
    twice = [m for m, count in Counter((m["file"], m["find"], m["replace"]) for m in MUTANTS).items() if count > 1]
    assert not twice
    assert len(MUTANTS) >= 60
