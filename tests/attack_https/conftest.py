import pytest

from support.attack import Scene, run

@pytest.fixture
def scene(tmp_path, binary, hostile_server) -> Scene:
    """A repository that nobody has attacked yet."""
    return Scene(binary, tmp_path, hostile_server)


@pytest.fixture
def play(scene):
    return lambda attack: run(scene, attack)
