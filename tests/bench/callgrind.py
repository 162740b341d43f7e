"""Instructions of the main jobs, which the load of the machine does not change. The server is far away: a program that
goes by the time that answers take then goes the same way each time."""
import re
import shutil
from pathlib import Path

from bench.case import Case
from bench.clients import Countersign
from bench.large import TAGS
from bench.launch import Failure, cost_of
from bench.rows import VALUE, Row
from bench.setting import Setting
from support.process import clean_environment

GOAL = "instructions"
RTT_MS = 200
COLLECTED = re.compile(r"Collected : (\d+)")


def _instructions(command: list[str], env: dict[str, str], folder: Path) -> int:
    log = folder / "callgrind.log"
    valgrind = ["/usr/bin/valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}"]
    cost_of([*valgrind, *command], env, folder)
    found = COLLECTED.search(log.read_text())
    if not found:
        raise Failure(f"callgrind counted nothing:\n{log.read_text()[-2000:]}")
    return int(found[1])


def measure(setting: Setting):
    if not shutil.which("valgrind", path="/usr/bin"):
        return
    folder = setting.place("callgrind")
    count = _instructions([str(setting.binary), "--version"], clean_environment(folder), folder)
    yield Row(GOAL, "--version", "M instructions", VALUE, [count])
    for tags, times in [(10, 3)] if setting.quick else [(10, 5), (TAGS, 1)]:
        counts = {}
        with Case(setting, f"callgrind-{tags}", tags=tags) as case:
            for _ in range(times):
                signer, reader = (case.client(Countersign, rtt_ms=RTT_MS) for _ in range(2))
                cold, kept = case.new_tag(), case.new_tag()
                for job, client, (command,) in (("sign, cold", signer, signer.sign(cold)),
                                                ("sign, kept directory", signer, signer.sign(kept)),
                                                ("verify, cold", reader, reader.look_up(cold))):
                    counts.setdefault(job, []).append(_instructions(command, client.env, folder))
                case.check({case.site.gun: [cold, kept]})
        for job, numbers in counts.items():
            yield Row(GOAL, f"{job}, {tags} tags", "M instructions", VALUE, numbers)
