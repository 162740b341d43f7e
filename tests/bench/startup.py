"""What a run costs that has nothing to do."""
from bench.clients import Countersign, Official
from bench.costs import Runs
from bench.launch import cost_of
from bench.setting import Setting, rounds
from bench.signing import compared
from support.process import clean_environment

JOBS = {"--version": {Countersign.name: ["--version"], Official.name: ["version"]},
        "sign --help": {Countersign.name: ["sign", "--help"], Official.name: ["help"]}}


def measure(setting: Setting):
    runs, folder = Runs(), setting.place("startup")
    programs = {Countersign.name: str(setting.binary), Official.name: "/usr/bin/notary"}
    env = clean_environment(folder)
    for client in rounds(setting.of(31, 5), programs):
        for job, arguments in JOBS.items():
            runs.add(job, client, cost_of([programs[client], *arguments[client]], env, folder))
            assert (folder / "output").stat().st_size > 0
    yield from compared("G9", runs, JOBS, [("cpu", "ms", 0.50), ("memory", "MiB", 0.80)])
    yield runs
