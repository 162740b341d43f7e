import itertools

import pytest

from support.attack import Scene, run

_numbers = itertools.count(1)


@pytest.fixture
def new_gun() -> str:
    """A name that no other test uses."""
    return f"registry.example.com/n{next(_numbers)}/app"


@pytest.fixture
def scene(tmp_path, binary, hostile_server, new_gun) -> Scene:
    """A repository that nobody has attacked yet."""
    return Scene(binary, tmp_path, hostile_server, new_gun)


@pytest.fixture
def play(scene):
    return lambda attack: run(scene, attack)
