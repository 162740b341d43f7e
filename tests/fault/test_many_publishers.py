"""Two thousand publications of one repository by many jobs at a time: every one that ends well is there in the end.
With a database notary-server dies now and then (notary #1613); somebody starts it again, and jobs that failed are
repeated, as in any CI system."""
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.postgres import Postgres
from support.stores import NotaryServer

MACHINES = 16
PUBLICATIONS = 2000
UNAVAILABLE = (8, 12)  # the server is gone, with or without what was sent
FAILURES = 400  # that are put up with, all in all


@pytest.fixture(params=["memory", "postgresql"])
def store(request, tmp_path):
    postgres = Postgres(tmp_path / "postgres") if request.param == "postgresql" else None
    # Its keys must outlive the server.
    notary = NotaryServer(tmp_path / "notary", with_signer=bool(postgres), storage=postgres and postgres.storage)
    yield notary
    notary.stop()
    if postgres:
        postgres.stop()


def read_once_it_is_up(store, gun):
    """What jobs no longer do, since they are done, the test does: it waits for the server to be started again."""
    for _ in range(20):
        store.revive()
        try:
            return store.read(gun)
        except OSError:
            time.sleep(0.2)
    return store.read(gun)


@pytest.mark.slow
def test_two_thousand_publications_lose_nothing(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.repository(identity)
    machines = [world.ci(identity, pin=admin.pin) for _ in range(MACHINES)]

    supervisor = threading.Lock()
    failures = threading.Semaphore(FAILURES)

    def publish(machine: int):
        for n in range(machine, PUBLICATIONS, MACHINES):
            command = ("sign", f"{gun}:build-{n}@sha256:{n:064x}", "--size", n + 1, "--no-provenance", *identity.key_args)
            while (outcome := machines[machine].run(*command)).exit_code in UNAVAILABLE and failures.acquire(False):
                with supervisor:
                    world.store.revive()
            assert outcome.exit_code == 0, str(outcome)
            assert outcome.repository["targets"][0]["status"] in ("signed", "unchanged")

    with ThreadPoolExecutor(MACHINES) as pool:
        list(pool.map(publish, range(MACHINES)))
    data = read_once_it_is_up(world.store, gun)
    expected = {f"build-{n}": (f"sha256:{n:064x}", n + 1) for n in range(PUBLICATIONS)}
    assert data.targets("targets/releases") == data.targets("targets/jenkins") == expected
    assert {name: (digest, size) for name, (digest, size, _) in world.notary().list(gun).items()} == expected
    # What has lost a race is no version.
    assert data.signed("targets/jenkins")["version"] <= PUBLICATIONS + 1
