"""docs/performance.md."""
import datetime
from pathlib import Path

from bench.rows import HEADINGS, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
REASONS = Path(__file__).with_name("reasons.md")
TEXT = """\
# Performance

What one run of `scripts/bench` has measured, beside the official client (notary 0.7.0) in the same run: on one machine, with
one notary-server, both with the same key file, in rounds that change in who goes first. Written by `scripts/bench --write`.

{machine}

{table}

Median [lowest-highest] of the rounds. "Comes to" is the ratio of the medians where the bar has no unit; an extra is the median
of the differences of a round. The bar is the most that we allow ourselves; a miss fails no build. Times are only as good as the
machine was quiet; the instructions (callgrind, with a server that is 200 ms away) hardly depend on that.

What is measured:

- *sign*: one more tag into `targets/releases` and `targets/jenkins`, which hold 10 tags each where no other number stands. The
  official client needs two commands for it, `addhash` and `publish`, ours one. Without another word the server is next to the
  client, and every command is verified to have done its job.
- *cold*: a machine that knows the pin and has the key. *kept directory*: another tag, with the trust directory of the sign before.
- *cpu* is user and system time of the client, *server_cpu* that of notary-server, *memory* the peak.
- *round trips in sequence*: what 50 ms instead of 0 ms on a delaying relay add to the time, in units of 50 ms.
- *floor.cpp* (`tests/bench`) fetches, checks, signs and posts over one connection, and does nothing else: the least that a
  program with libcurl and libcrypto needs for it.
- *verify* is held against `notary lookup`, a release file against a script of `addhash` and `publish`, parallel jobs against
  jobs that `publish` again until the server takes it.

To repeat it: `scripts/bench` builds what a release is (libcurl, libnghttp2, the C++ library, spdlog, fmt and libyaml inside, by
`scripts/curl`; OpenSSL and PKCS#11 stay the system's) and takes about ten minutes; `--only G1,G3` measures these goals,
`--quick` little of each, `--json FILE` writes the numbers of every run. `COUNTERSIGN=BINARY` names a program that is built.
"""


def write(machine: dict, rows: list[Row], not_run: list[str]):
    numbers = {row.goal: int(row.goal[1:]) if row.goal[1:].isdigit() else 10 ** 6 for row in rows}
    ordered = sorted(rows, key=lambda row: numbers[row.goal])
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells() for row in ordered)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    if not_run:
        table += f"\n\nDid not run to the end: {', '.join(not_run)}."
    today = datetime.date.today().isoformat()
    thoroughness = " With `--quick`: few rounds of fewer jobs." if machine["quick"] else ""
    described = f"{today}, {machine['cpu']}, {machine['processors']} processors, Linux {machine['kernel']}, load " \
                f"{machine['load']:.1f} before and {machine['load_after']:.1f} after the run, {machine['countersign']}.{thoroughness}"
    PAGE.write_text(TEXT.format(machine=described, table=table) + "\n" + REASONS.read_text())
