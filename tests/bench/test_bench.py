"""That scripts/bench runs; what it measures no test looks at."""
import json
import subprocess
from pathlib import Path

import pytest

from support.process import clean_environment

ROOT = Path(__file__).resolve().parents[2]


def bench(binary, folder, *args):
    return subprocess.run([ROOT / "scripts/bench", *args], env=clean_environment(folder) | {"COUNTERSIGN": str(binary)},
                          cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_benchmark_runs_and_a_missed_bar_is_no_failure(binary, tmp_path):
    done = bench(binary, tmp_path, "--quick", "--only", "G1,G9", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert {row["goal"] for row in report["rows"]} == {"G1", "G9"}
    for row in report["rows"]:
        assert min(row["ours"]) > 0 and row["what"] in done.stdout


def test_a_goal_that_is_not_there_is_refused(binary, tmp_path):
    done = bench(binary, tmp_path, "--only", "G1,G99")
    assert done.returncode == 2 and "G99" in done.stderr
