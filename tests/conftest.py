import os
from pathlib import Path

import pytest

from support.clinic import Clinic
from support.hostile_server import HostileServer
from support.postgres import Postgres
from support.secrets import Secrets
from support.shop import Shop
from support.stores import NotaryServer, StaticRepository
from support.team import Team
from support.world import World

ROOT = Path(__file__).resolve().parent.parent


def _binary() -> Path:
    path = Path(os.environ.get("COUNTERSIGN") or ROOT / "build/dev/agent/countersign")
    assert os.access(path, os.X_OK), f"{path} is not there: build it, or name another with COUNTERSIGN"
    return path.resolve()


@pytest.fixture(scope="session")
def binary() -> Path:
    return _binary()


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture(scope="session")
def notary_local(tmp_path_factory):
    server = NotaryServer(tmp_path_factory.mktemp("notary-local"), with_signer=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def notary_signer(tmp_path_factory):
    """In memory; with NOTARY_STORAGE=postgresql in a database, as teams have it. It behaves differently here and there."""
    folder = tmp_path_factory.mktemp("notary-signer")
    postgres = Postgres(folder / "postgres") if os.environ.get("NOTARY_STORAGE") == "postgresql" else None
    server = NotaryServer(folder / "notary", with_signer=True, storage=postgres and postgres.storage)
    yield server
    server.stop()
    if postgres:
        postgres.stop()


@pytest.fixture(scope="session")
def shop(tmp_path_factory, binary):
    shop = Shop(tmp_path_factory.mktemp("shop"), binary)
    yield shop
    shop.stop()


@pytest.fixture(scope="session")
def hostile_server(tmp_path_factory):
    server = HostileServer(tmp_path_factory.mktemp("hostile-server"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def clinic(tmp_path_factory, binary):
    clinic = Clinic(tmp_path_factory.mktemp("clinic"), binary)
    yield clinic
    clinic.close()


@pytest.fixture
def static_repository(tmp_path):
    repository = StaticRepository(tmp_path)
    yield repository
    repository.stop()


@pytest.fixture(params=["notary_local", "notary_signer"])
def notary_server(request):
    """A place where the official clients publish too."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["notary_local", "notary_signer", "static_repository"])
def store(request):
    """Every place that countersign publishes to. A test that wants one of them only overrides this fixture."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def world(tmp_path, store, secrets) -> World:
    return World(tmp_path, store, secrets, _binary)


@pytest.fixture
def team(world) -> Team:
    return Team(world)
