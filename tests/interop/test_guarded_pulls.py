"""What a cluster gets that pulls with content trust: before and after every action of the guards, a real engine,
`docker trust inspect` and `notary list` agree on what is released, tag by tag and digest by digest."""
from dataclasses import dataclass

import pytest

from support.countersign import Countersign
from support.identities import Identity
from support.policies import released, write_policy


@dataclass
class Guarded:
    shop: object
    repository: str  # in the registry
    gun: str
    jenkins: Identity
    ci: Countersign
    mallory: object  # with the official client

    def image(self, tag: str, greeting: str | None = None):
        """Pushed under the tag, as a build does before it signs."""
        image = self.shop.world.image(greeting or tag)
        self.shop.registry.push(self.repository, tag, image)
        return image

    def sign(self, exit_code: int, tag: str, image, *args):
        return self.ci.refused(exit_code, "sign", f"{self.gun}:{tag}", "--oci-layout", image.layout, *args,
                               *self.jenkins.key_args)

    def assert_released(self, expected: dict, *not_released: str):
        """expected: tag -> image. Whoever pulls gets these, whatever the registry has under the tag, and nothing
        else."""
        digests = {tag: image.digest for tag, image in expected.items()}
        assert released(self.shop.world, self.gun) == digests
        puller = self.shop.world.docker()  # with no memory of its own
        for tag, digest in digests.items():
            pulled = puller.pull(f"{self.gun}:{tag}", self.shop.engine).stdout
            assert f"{self.gun}:{tag}@{digest}" in pulled and f"Digest: {digest}" in pulled
            assert digest in self.shop.engine.digests(self.gun)
        for tag in not_released:
            refused = puller.pull(f"{self.gun}:{tag}", self.shop.engine, check=False)
            assert refused.returncode == 1 and f"trust data for {tag}\n" in refused.stderr, str(refused)


@pytest.fixture
def guarded(shop):
    world = shop.world
    jenkins, mallory = world.identity(), world.identity()
    repository = shop.registry.repository()
    gun, admin = world.repository(jenkins, gun=f"{shop.registry.host}/{repository}")
    admin.ok("signer", "add", "mallory", gun, "--key", mallory.public)
    official = world.notary()
    official.import_key(mallory.key_args[1])
    return Guarded(shop, repository, gun, jenkins, world.ci(jenkins, pin=admin.pin), official)


def test_the_guard_of_releases_before_and_after_each_of_its_answers(guarded):
    policy = write_policy(guarded.shop.world, {"jenkins": guarded.jenkins}, [{"images": ["**"], "teams": ["ci"]}],
                          {"ci": ["jenkins"]})
    held = {"1.0": guarded.image("1.0")}
    evil, next_one = guarded.image("evil"), guarded.image("1.1")
    guarded.sign(0, "1.0", held["1.0"], "--policy", policy)
    guarded.assert_released(held, "evil", "1.1")

    guarded.mallory.addhash(guarded.gun, "evil", evil, "targets/releases", "targets/mallory")
    held["evil"] = evil
    guarded.assert_released(held, "1.1")

    # Stopped: nothing has changed for anybody who pulls.
    assert guarded.sign(5, "1.1", next_one, "--policy", policy).error[0] == "FOREIGN_ENTRY"
    guarded.assert_released(held, "1.1")

    # Told not to look: both are released.
    guarded.sign(0, "1.1", next_one, "--policy", policy, "--no-resign-guard")
    held["1.1"] = next_one
    guarded.assert_released(held, "1.2")

    # Dropped: nobody gets it any more, though the registry still has it.
    held["1.2"] = guarded.image("1.2")
    guarded.sign(0, "1.2", held["1.2"], "--policy", policy, "--quarantine")
    del held["evil"]
    assert guarded.shop.registry.manifest(guarded.repository, "evil")
    guarded.assert_released(held, "evil")


def test_the_guard_of_tags_before_and_after_each_of_its_answers(guarded):
    policy = write_policy(guarded.shop.world, {"jenkins": guarded.jenkins}, [
        {"images": ["**"], "immutable_tags": ["v*"]}, {"images": [f"{guarded.gun}:latest"], "movers": ["ci"]}],
        {"ci": ["jenkins"]})
    held = {tag: guarded.image(tag) for tag in ("v1", "stable", "latest")}
    for tag, image in held.items():
        guarded.sign(0, tag, image, "--policy", policy)
    guarded.assert_released(held)

    # Another build has pushed over every tag: pulled is what was signed, until it is signed anew.
    new = {tag: guarded.image(tag, f"another {tag}") for tag in held}
    guarded.assert_released(held)
    for tag, args, error in [("v1", [], "TAG_IMMUTABLE"), ("v1", ["--allow-move"], "TAG_IMMUTABLE"),
                             ("stable", [], "TAG_MOVED"), ("stable", ["--allow-move"], None), ("latest", [], None)]:
        outcome = guarded.sign(5 if error else 0, tag, new[tag], "--policy", policy, *args)
        if error:
            assert outcome.error[0] == error
        else:
            held[tag] = new[tag]
        guarded.assert_released(held)
