"""What every command prints, as text and as JSON, with what receipts and the audit log hold, is what was recorded.

    GOLDEN=write …   records anew; the difference is then looked at, and named in the commit"""
import os
from pathlib import Path

import pytest

from golden.transcript import Stage, play
from support.grammar import commands

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_what_is_printed_is_what_was_recorded(scenario, output, tmp_path, binary):
    recorded = HERE / "recorded" / f"{scenario.stem}.{output}"
    played = play(scenario.read_text(), Stage(tmp_path, binary), output)
    if os.environ.get("GOLDEN") == "write":
        recorded.write_text(played)
    assert played == recorded.read_text()


def test_every_command_is_played(binary):
    played = "\n".join(path.read_text() for path in SCENARIOS)
    missing = [command for command in commands(binary) if f"$ countersign {command} " not in played + " "
               and f"$ countersign {command}\n" not in played]
    assert not missing
