"""Measures countersign beside the official client, on real notary-servers, and holds what comes out against the bars of
docs/performance.md. A miss is no failure; it fails only if something does not run."""
import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import callgrind, large, parallel, releases, report, signing, startup, surcharges
from bench.launch import Failure
from bench.rows import HEADINGS, Row, line
from bench.setting import Setting

# Which goals each measures.
MEASUREMENTS = [
    (("G1", "G8"), signing.near),
    (("G2",), signing.far),
    (("G3", "G4"), large.measure),
    (("G5",), releases.many_tags),
    (("G6",), releases.many_repositories),
    (("G7",), parallel.measure),
    (("G9",), startup.measure),
    (("G10",), surcharges.authorities),
    (("G11",), surcharges.token),
    (("G13",), signing.many_roles),
    ((callgrind.GOAL,), callgrind.measure),
]
GOALS = [goal for goals, _ in MEASUREMENTS for goal in goals]


def machine(binary: Path) -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "processors": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0],
            "countersign": subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()}


def goals(text: str) -> list[str]:
    named = text.split(",")
    if unknown := set(named) - set(GOALS):
        raise argparse.ArgumentTypeError(f"no such goal: {', '.join(sorted(unknown))}; there are {', '.join(GOALS)}")
    return named


def measure(setting: Setting, wanted: list[str]) -> tuple[list[Row], list[dict], list[str]]:
    """Rows, the costs of all runs, and the goals that did not run to their end."""
    rows, runs, not_run = [], [], []
    print(line(HEADINGS))
    for measured, function in MEASUREMENTS:
        if not set(measured) & set(wanted):
            continue
        try:
            for found in function(setting):
                if not isinstance(found, Row):
                    runs += found.as_json()
                    print(found.table(), flush=True)
                elif found.goal in wanted:
                    rows.append(found)
                    print(line(found.cells()), flush=True)
        except (Failure, AssertionError, subprocess.TimeoutExpired) as failure:
            not_run += [goal for goal in measured if goal in wanted]
            print(f"{', '.join(measured)} did not run: {failure}", file=sys.stderr, flush=True)
    return rows, runs, not_run


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--only", type=goals, default=GOALS, metavar="GOAL,...", help=f"of {', '.join(GOALS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds of fewer jobs, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every run's numbers there")
    parser.add_argument("--write", action="store_true", help="also write docs/performance.md")
    options = parser.parse_args()
    if options.write and options.only != GOALS:
        parser.error("the page holds all goals: --write goes without --only")
    binary = Path(os.environ["COUNTERSIGN"]).resolve()
    here = machine(binary) | {"quick": options.quick}
    print(", ".join(f"{name}: {value}" for name, value in here.items()))
    folder = Path(tempfile.mkdtemp(prefix="countersign-bench."))
    try:
        rows, runs, not_run = measure(Setting(binary, folder, options.quick), options.only)
    finally:
        shutil.rmtree(folder)
    here["load_after"] = os.getloadavg()[0]
    missed = [row for row in rows if row.met is False]
    print(f"{sum(row.met is True for row in rows)} bars met, {len(missed)} missed")
    if options.json:
        document = {"schema": "countersign-bench/v2", "machine": here, "not_run": not_run, "runs": runs,
                    "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    if options.write:
        report.write(here, rows, not_run)
    return 1 if not_run else 0


if __name__ == "__main__":
    sys.exit(main())
