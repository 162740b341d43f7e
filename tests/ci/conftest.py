import pytest

from ci.systems.place import NastySecrets, Place, Servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    servers = Servers(tmp_path_factory.mktemp("servers"))
    yield servers
    servers.stop()


@pytest.fixture
def place(tmp_path, servers, binary) -> Place:
    return Place(tmp_path, servers, NastySecrets(), lambda: binary)
