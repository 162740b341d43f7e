"""Servers that take their time: an idle connection is given up after ten seconds, a whole answer after a minute
(promises 8). Left out of scripts/test, since it waits."""
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.attack import files_below
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


@pytest.mark.slow
@pytest.mark.parametrize("pace", [silent, dripping])
@pytest.mark.parametrize("name", NAMES)
def test_slow_retrieval_ends_by_itself(scene, name, pace):
    scene.look()
    scene.repo.shelf.answers[name] = Answer(pace, length=100_000)
    before = files_below(scene.reader.trust_dir)
    commands = [lambda: scene.verify(), lambda: scene.sign(), lambda: scene.list(scene.client("newcomer"))]

    with ThreadPoolExecutor(len(commands)) as pool:
        outcomes = list(pool.map(lambda command: command(), commands))

    for outcome in outcomes:
        assert (outcome.exit_code, outcome.error[0]) == (8, "TIMEOUT"), str(outcome)
    assert not scene.posts
    assert files_below(scene.reader.trust_dir) == before
