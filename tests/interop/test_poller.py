"""Somebody looks at the repository all the time while signers and keys change: it is never empty or broken, and no
released tag is missing for a moment."""
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def store(notary_signer):
    return notary_signer


class Changes:
    """An administrator who lets signers come and go and replaces keys, and the signers."""

    def __init__(self, world):
        self.world = world
        self.jenkins = world.identity()
        self.gun, self.admin = world.repository(self.jenkins)
        self.images = {"1.0": world.image("one", "1.0"), "2.0": world.image("two", "2.0")}
        for tag, image in self.images.items():
            self.sign(self.jenkins, tag, image)

    def sign(self, identity, tag, image):
        self.world.ci(identity, pin=self.admin.pin).sign(self.gun, tag, image, *identity.key_args)

    def administer(self, *args, key=None):
        self.admin.ok(*args, *(["--signing-key", key.key_args[1]] if key else []))

    def key_gets_replaced(self):
        """As the guide says: add, let the new key sign, remove."""
        new, old = self.world.identity(), self.jenkins
        self.administer("signer", "rotate", "jenkins", self.gun, "--add", new.public)
        self.sign(new, "2.0", self.images["2.0"])
        self.administer("signer", "rotate", "jenkins", self.gun, "--remove", old.key_id, key=new)
        self.jenkins = new

    def key_gets_replaced_in_one_step(self):
        new, old = self.world.identity(), self.jenkins
        self.administer("signer", "rotate", "jenkins", self.gun, "--add", new.public, "--remove", old.key_id, key=new)
        self.jenkins = new

    def signer_comes_and_goes(self):
        """bob is the last who signs the releases, and the releases stay."""
        bob = self.world.identity()
        self.administer("signer", "add", "bob", self.gun, "--key", bob.public)
        self.world.ci(bob, pin=self.admin.pin).ok("witness", self.gun, "targets/releases", *bob.key_args)
        self.administer("signer", "remove", "bob", self.gun, key=self.jenkins)

    def root_key_gets_replaced(self):
        self.administer("repo", "rotate", self.gun, "root")

    def other_keys_get_replaced(self):
        self.administer("repo", "rotate", self.gun, "targets")
        self.administer("repo", "rotate", self.gun, "timestamp")
        self.administer("repo", "rotate", self.gun, "snapshot", "--server-managed")

    def round(self):
        for change in (self.key_gets_replaced, self.key_gets_replaced_in_one_step, self.signer_comes_and_goes,
                       self.root_key_gets_replaced, self.other_keys_get_replaced):
            change()


def watched(changes, rounds) -> list[int]:
    """How often each watcher looked."""
    world, gun = changes.world, changes.gun
    expected = {tag: (image.digest, image.size) for tag, image in changes.images.items()}
    over = threading.Event()

    def notary(client, *, cold):
        if cold:
            shutil.rmtree(client.trust_dir, ignore_errors=True)
        result = client.run("list", gun)
        assert not result.stderr, str(result)
        rows = [line.split() for line in result.stdout.splitlines()]
        assert {row[0]: ("sha256:" + row[1], int(row[2])) for row in rows if row[3:] == ["targets/releases"]} == expected

    def countersign(client, *, cold):
        if cold:
            shutil.rmtree(client.trust_dir, ignore_errors=True)
        outcome = client.ok("list", gun)
        assert not outcome.document["warnings"], str(outcome)
        released = {t["name"]: (t["digest"], t["length"]) for t in outcome.repository["targets"] if t["released"]}
        assert released == expected

    def watch(look, client, cold):
        looks = 0
        while not over.is_set():
            look(client, cold=cold)
            looks += 1
        look(client, cold=cold)
        return looks

    watchers = [(notary, world.notary(), True), (notary, world.notary(), False),
                (countersign, world.client(pin=changes.admin.pin), True),
                (countersign, world.client(pin=changes.admin.pin), False)]
    with ThreadPoolExecutor(len(watchers)) as pool:
        looking = [pool.submit(watch, *watcher) for watcher in watchers]
        try:
            for _ in range(rounds):
                changes.round()
        finally:
            over.set()
        return [job.result() for job in looking]


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_who_looks_all_the_time_never_sees_a_released_tag_missing(world, rounds, record_property):
    looks = watched(Changes(world), rounds)
    record_property("looks", looks)
    assert min(looks) >= 5 * rounds
