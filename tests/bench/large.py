"""One tag of a repository with very many."""
from bench.case import Case
from bench.clients import Countersign, Official
from bench.costs import Runs
from bench.rows import VALUE, Row
from bench.setting import Setting, rounds
from bench.signing import COLD, KEPT, THEM, US, compared, sign_twice

TAGS = 50_000  # per role
BARS = [("cpu", "ms", 0.06), ("wall", "ms", 0.42), ("memory", "MiB", 0.35)]


def measure(setting: Setting):
    runs = Runs()
    kinds = (Official, Countersign)
    verify = "verify, {} tags".format
    with Case(setting, "large", tags=TAGS) as large, Case(setting, "small") as small:
        for kind in rounds(setting.of(3, 1), kinds):
            sign_twice(large, runs, kind, f", {TAGS} tags")
            for tags, case in ((10, small), (TAGS, large)):
                client = case.client(kind)
                runs.add(verify(tags), client.name, case.look_up(client, case.site.repositories[0].a_tag))
        relayed = f"{COLD}, {TAGS} tags, counted by the relay"
        for kind in kinds:
            runs.add(relayed, kind.name, large.cost_of_signing(large.client(kind, rtt_ms=0)))
    yield from compared("G3", runs, [f"{job}, {TAGS} tags" for job in (COLD, KEPT)], BARS)
    yield Row("G3", f"{COLD}, {TAGS} tags: bytes read", "MB", VALUE, runs.values(relayed, US, "received"),
              runs.values(relayed, THEM, "received"), 16.3)
    yield from compared("G4", runs, [verify(10)], [("cpu", "ms", 0.50)])
    yield from compared("G4", runs, [verify(TAGS)], [("cpu", "ms", 0.05), ("memory", "MiB", 0.30)])
    yield runs
