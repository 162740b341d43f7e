"""Jobs that end at the same moment, each on a machine of its own and with its own tag of one repository."""
import shlex

from bench.case import Case
from bench.clients import Countersign, Official
from bench.costs import Runs
from bench.rows import VALUE, Row
from bench.setting import Setting, rounds
from bench.signing import THEM, US, compared

BARS = {8: 0.40, 16: 0.35, 32: 0.25}  # of wall, by the number of jobs


def _start_together(case: Case, clients, tags):
    """A script that runs them all and ends when the last one has; each job leaves its exit code at home."""
    lines = [f"(HOME={client.home} {shlex.join(client.sign_beside_others(tag))} >{client.home}/printed 2>&1; "
             f"echo $? >{client.home}/exit-code) &" for client, tag in zip(clients, tags)]
    script = clients[0].home / "all"
    script.write_text("\n".join([*lines, "wait", ""]))
    return case.cost(clients[0], [["/bin/sh", str(script)]])


def measure(setting: Setting):
    for jobs, bar in BARS.items():
        if setting.quick and jobs > 8:
            return
        runs, job = Runs(), f"{jobs} jobs at once"
        failed, lost = {US: [], THEM: []}, {US: [], THEM: []}
        with Case(setting, f"{jobs}-jobs") as case:
            for kind in rounds(setting.of(3, 1), [Official, Countersign]):
                clients, tags = [case.client(kind) for _ in range(jobs)], [case.new_tag() for _ in range(jobs)]
                runs.add(job, kind.name, _start_together(case, clients, tags))
                done = {tag for client, tag in zip(clients, tags) if (client.home / "exit-code").read_text() == "0\n"}
                failed[kind.name].append(jobs - len(done))
                lost[kind.name].append(len(case.missing(case.site.gun, done)))
        yield Row("G7", f"{job}: failed", "", VALUE, [max(failed[US])], [max(failed[THEM])], 0)
        yield Row("G7", f"{job}: lost", "", VALUE, [max(lost[US])], [max(lost[THEM])], 0)
        yield from compared("G7", runs, [job], [("wall", "ms", bar)])
        yield runs
