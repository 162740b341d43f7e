"""Many images at once: a release file, and what does the same with the official client."""
from bench.case import Case
from bench.clients import Countersign, Official
from bench.costs import Runs
from bench.setting import Setting, rounds
from bench.signing import compared


def many_tags(setting: Setting):
    """The official client: an addhash for each, and one publish."""
    count, runs = setting.of(1000, 200), Runs()
    job = f"{count} new tags in one repository"
    with Case(setting, "many-tags") as case:
        # One round of the official client takes as long as all of the others.
        for kind in [Countersign, Official, Countersign, Countersign]:
            signed = {case.site.gun: [case.new_tag() for _ in range(count)]}
            client = case.client(kind)
            runs.add(job, client.name, case.cost(client, client.sign_all(signed)))
            case.check(signed)
    # What is saved grows with the number of tags: a bar holds for one of them.
    yield from compared("G5", runs, [job], [("wall", "ms", None if setting.quick else 0.008), ("cpu", "ms", None)])
    yield runs


def many_repositories(setting: Setting):
    """The official client: an addhash and a publish for each."""
    count, runs = setting.of(100, 20), Runs()
    job = f"a tag in each of {count} repositories"
    with Case(setting, "many-repositories", repositories=count) as case:
        for kind in rounds(setting.of(3, 1), [Official, Countersign]):
            tag = case.new_tag()
            signed = {one.gun: [tag] for one in case.site.repositories}
            client = case.client(kind)
            runs.add(job, client.name, case.cost(client, client.sign_all(signed)))
            case.check(signed)
    yield from compared("G6", runs, [job], [("wall", "ms", 0.20), ("cpu", "ms", 0.15)])
    yield runs
