"""One more tag in a small repository, next to the server and far from it."""
import statistics

from bench import floor
from bench.case import Case
from bench.clients import Countersign, Official
from bench.costs import Runs
from bench.rows import RATIO, VALUE, Row
from bench.setting import Setting, rounds

US, THEM = Countersign.name, Official.name
COLD, KEPT = "sign, cold", "sign, kept directory"
BARS = [("wall", "ms", 0.60), ("cpu", "ms", 0.55), ("memory", "MiB", 0.80)]


def sign_twice(case: Case, runs: Runs, kind, label="", rtt_ms=None):
    """On a new machine, and then another tag with what that machine has kept."""
    client = case.client(kind, rtt_ms=rtt_ms)
    for job in (COLD, KEPT):
        runs.add(job + label, client.name, case.cost_of_signing(client))


def compared(goal: str, runs: Runs, jobs, bars):
    for job in jobs:
        for attribute, unit, bar in bars:
            yield Row(goal, f"{job}: {attribute}", unit, RATIO, runs.values(job, US, attribute),
                      runs.values(job, THEM, attribute), bar)


def kept_by_cold(goal: str, runs: Runs, label: str):
    for attribute in ("wall", "cpu"):
        yield Row(goal, f"kept, never slower than cold{label}: {attribute}", "ms", RATIO,
                  runs.values(KEPT + label, US, attribute), runs.values(COLD + label, US, attribute), 1.0, "cold")


def near(setting: Setting):
    runs = Runs()
    program = floor.built(setting)
    with Case(setting, "near") as case:
        floors = [floor.contender(case, program)] if program else []
        for kind in rounds(setting.of(15, 3), [Official, Countersign, *floors]):
            if kind in floors:
                runs.add(COLD, kind.name, case.cost_of_signing(case.client(kind)))
            else:
                sign_twice(case, runs, kind)
    yield from compared("G1", runs, (COLD, KEPT), BARS)
    yield from kept_by_cold("G1", runs, "")
    for kind in floors:
        for attribute, unit, _ in BARS:
            yield Row("G1", f"above the floor: {attribute}", unit, RATIO, runs.values(COLD, US, attribute),
                      runs.values(COLD, kind.name, attribute), None, "floor.cpp")
    yield from compared("G8", runs, (COLD, KEPT), [("server_cpu", "ms", 0.60)])
    yield runs


def far(setting: Setting):
    """How many round trips come one after another no single distance tells: it is what distance adds to wall."""
    runs, rtt = Runs(), 50
    with Case(setting, "far") as case:
        contenders = [(ms, kind) for ms in (0, rtt) for kind in (Official, Countersign)]
        for rtt_ms, kind in rounds(setting.of(7, 2), contenders):
            sign_twice(case, runs, kind, f", {rtt_ms} ms away", rtt_ms)
    for job in (COLD, KEPT):
        here, there = f"{job}, 0 ms away", f"{job}, {rtt} ms away"
        trips = {client: (statistics.median(runs.values(there, client, "wall"))
                          - statistics.median(runs.values(here, client, "wall"))) * 1000 / rtt for client in (US, THEM)}
        yield Row("G2", f"{job}: round trips in sequence", "RTT", VALUE, [trips[US]], [trips[THEM]], 6.2)
        yield from compared("G2", runs, [there], [("wall", "ms", 0.28)])
        yield Row("G2", f"{here}: connections", "", VALUE, runs.values(here, US, "connections"),
                  runs.values(here, THEM, "connections"), 3)
    yield from kept_by_cold("G2", runs, f", {rtt} ms away")
    yield runs


def many_roles(setting: Setting):
    """A hundred roles, two of which are the CI system's."""
    runs = Runs()
    with Case(setting, "2-roles") as few, Case(setting, "100-roles", other_roles=98) as many:
        cases = {"sign, cold, 2 roles": few, "sign, cold, 100 roles": many}
        for job, kind in rounds(setting.of(7, 2), [(job, kind) for job in cases for kind in (Official, Countersign)]):
            runs.add(job, kind.name, cases[job].cost_of_signing(cases[job].client(kind)))
    few, many = cases
    yield from compared("G13", runs, [many], [("wall", "ms", 0.15)])
    yield Row("G13", "100 roles instead of 2: wall", "ms", RATIO, runs.values(many, US, "wall"),
              runs.values(few, US, "wall"), 2.0, "2 roles")
    yield runs
