import itertools

import pytest

from support.attack import Scene, run
from support.hostile_server import HostileServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def hostile_server(tmp_path_factory):
    server = HostileServer(tmp_path_factory.mktemp("hostile-server"))
    yield server
    server.stop()


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
