"""Fixtures: one signer for all tests of a file, on servers of their own."""
import pytest

from support.refusals import Bench
from support.registry import RegistryServer
from support.secrets import Secrets
from support.stores import NotaryServer
from support.tls import Authority
from support.world import World


@pytest.fixture(scope="module")
def bench(tmp_path_factory, binary):
    folder = tmp_path_factory.mktemp("bench")
    notary = NotaryServer(folder, with_signer=False, authority=Authority(folder))
    registry = RegistryServer(folder / "registry", notary.authority)
    (folder / "world").mkdir()
    yield Bench(World(folder / "world", notary, Secrets(), lambda: binary), registry)
    registry.stop()
    notary.stop()
