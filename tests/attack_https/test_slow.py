"""Servers that take their time: an idle connection is given up after ten seconds, a whole answer after a minute
(promises 8). Left out of scripts/test, since it waits."""
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.attack import files_below
from support.forged_keys import ec_key
from support.hostile_server import Answer

NAMES = ("timestamp.json", "root.json")


def silent():
    """The first bytes, and then nothing."""
    yield b'{"signed":'
    time.sleep(600)


def dripping():
    """A byte now and then, so that the connection is never idle."""
    for _ in itertools.count():
        yield b" "
        time.sleep(0.5)


def delegate_deeply(repo, levels: int):
    role = "targets"
    for _ in range(levels):
        repo.edit(role)
        repo.delegate(role + "/a", ec_key("alice"))
        repo.publish(role, role + "/a")
        role += "/a"


def run_all(scene) -> list:
    """At once: each of them waits."""
    commands = [scene.verify, scene.sign, lambda: scene.list(scene.client("newcomer"))]
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda command: command(), commands))


@pytest.mark.slow
@pytest.mark.parametrize("pace", [silent, dripping])
@pytest.mark.parametrize("name", NAMES)
def test_slow_retrieval_ends_by_itself(scene, name, pace):
    scene.look()
    scene.repo.shelf.answers[name] = Answer(pace, length=100_000)
    before = files_below(scene.reader.trust_dir)

    for outcome in run_all(scene):
        assert (outcome.exit_code, outcome.error[0]) == (8, "TIMEOUT"), str(outcome)
    assert not scene.posts
    assert files_below(scene.reader.trust_dir) == before


@pytest.mark.slow
def test_many_answers_that_are_each_in_time_do_not_add_up(scene):
    """Forty delegations below each other are forty round trips; two seconds each are more than a minute."""
    delegate_deeply(scene.repo, 40)
    for name in [name for name in scene.repo.shelf.files if name.startswith("targets/a")]:
        scene.repo.shelf.answers[name] = Answer(scene.repo.shelf.files[name], delay=2)

    for outcome in run_all(scene):
        assert (outcome.exit_code, outcome.error and outcome.error[0]) == (8, "TIMEOUT"), str(outcome)
    assert not scene.posts
