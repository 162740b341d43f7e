"""Many builds end at the same moment: every job's tag must be there, whoever published first."""
from concurrent.futures import ThreadPoolExecutor

import pytest

JOBS = 6


def sign_in_parallel(world, gun, identity, clients):
    images = {f"build-{n}": world.image(str(n), f"build-{n}") for n in range(JOBS)}
    with ThreadPoolExecutor(JOBS) as pool:
        jobs = [pool.submit(client.sign, gun, tag, image, *identity.key_args)
                for client, (tag, image) in zip(clients, images.items())]
        for job in jobs:
            (target,) = job.result().repository["targets"]
            assert target["status"] == "signed"
    expected = {tag: (image.digest, image.size) for tag, image in images.items()}
    data = world.store.read(gun)
    assert data.targets("targets/releases") == data.targets("targets/jenkins") == expected
    assert {name: (digest, size) for name, (digest, size, _) in world.notary().list(gun).items()} == expected
    assert {tag: digest for tag, (digest, _) in world.docker().signed_tags(gun).items()} == {
        tag: digest for tag, (digest, _) in expected.items()}


@pytest.mark.parametrize("kind", ["openssl-ec-pem", "token-p256"])
def test_jobs_on_machines_of_their_own_all_succeed(world, kind):
    identity = world.identity(kind)
    gun, admin = world.repository(identity)
    sign_in_parallel(world, gun, identity, [world.ci(identity, pin=admin.pin) for _ in range(JOBS)])


def test_jobs_that_share_a_trust_directory_all_succeed(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.repository(identity)
    first = world.ci(identity, pin=admin.pin)
    others = [world.client(env=identity.env, pin=admin.pin, trust_dir=first.trust_dir) for _ in range(JOBS - 1)]
    sign_in_parallel(world, gun, identity, [first, *others])


def test_thirty_two_readers_and_writers_on_one_trust_directory_get_no_wrong_answer(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.repository(identity)
    first = world.ci(identity, pin=admin.pin)
    images = {tag: world.image(tag, tag) for tag in ["base", *(f"build-{n}" for n in range(8))]}
    first.sign(gun, "base", images["base"], *identity.key_args)
    done = {"base"}  # signed for sure; grows while the others look

    def sign(tag):
        client = world.client(env=identity.env, pin=admin.pin, trust_dir=first.trust_dir)
        outcome = client.sign(gun, tag, images[tag], *identity.key_args)
        done.add(tag)
        return outcome

    def look(_):
        client = world.client(pin=admin.pin, trust_dir=first.trust_dir)
        outcomes = []
        for _ in range(3):
            expected = set(done)
            outcome = client.ok("list", gun)
            listed = {t["name"]: t["digest"] for t in outcome.repository["targets"]}
            assert expected <= set(listed)
            assert all(images[tag].digest == digest for tag, digest in listed.items())
            outcomes += [outcome, client.ok("verify", f"{gun}:base@{images['base'].digest}")]
        return outcomes

    with ThreadPoolExecutor(32) as pool:
        writers = [pool.submit(sign, tag) for tag in images if tag != "base"]
        readers = [pool.submit(look, n) for n in range(24)]
        outcomes = [job.result() for job in writers] + [o for job in readers for o in job.result()]
    warnings = [w for outcome in outcomes for w in outcome.document["warnings"]]
    assert not [w for w in warnings if w["code"] == "CACHE_UNUSABLE"], warnings
    offline = first.ok("list", gun, "--offline")
    assert {t["name"]: t["digest"] for t in offline.repository["targets"]} == {
        tag: image.digest for tag, image in images.items()}
    assert [w["code"] for w in offline.document["warnings"]] == ["OFFLINE"]
