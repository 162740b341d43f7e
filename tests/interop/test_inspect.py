"""inspect --output docker and --pretty print what docker trust inspect prints, whatever the repository looks like."""
import json

import pytest


@pytest.fixture
def store(notary_local):
    return notary_local


# Numbers of every kind, and what comes before and after them.
TAGS = ["1.10", "1.9", "1.2", "1.02", "1.2-rc1", "v1.10", "v1.9", "latest", "Latest", "_x", "10", "9", "010", "a1b",
        "a01b", "a1", "20261122", "3.0.0", "3.0"]


@pytest.fixture
def varied(world):
    """Tags of two signers, of one, of the administrator, of nobody who releases; a signer without tags, one with
    two keys, one for some tags only."""
    jenkins, alice, zoe = world.identity(), world.identity("openssl-rsa-pem"), world.identity()
    gun, admin = world.repository(jenkins)
    admin.ok("signer", "add", "alice", gun, "--key", alice.public_form("pub"), "--key", zoe.public_form("certificate"))
    for name in ["zoe", "s9", "s10"]:
        admin.ok("signer", "add", name, gun, "--key", zoe.public_form("pub"))
    admin.ok("delegation", "add", gun, "targets/qa", "--key", alice.public_form("pub"), "--path", "qa-")
    one, other = world.image("one"), world.image("other")
    ci, alices = (world.ci(identity, pin=admin.pin) for identity in (jenkins, alice))

    def sign(client, identity, tags, image, *roles):
        args = [a for role in roles for a in ("--role", role)]
        for tag in tags:
            client.ok("sign", f"{gun}:{tag}", "--oci-layout", f"{image.layout}:1.0", *identity.key_args, *args)

    sign(ci, jenkins, TAGS, one)
    sign(alices, alice, ["1.9", "latest"], one, "targets/alice")
    sign(alices, alice, ["1.10", "only-alice"], other, "targets/alice")
    sign(alices, alice, ["released-by-nobody"], other, "targets/releases")
    sign(alices, alice, ["qa-1"], other, "targets/qa")
    admin.ok("sign", f"{gun}:by-admin", "--oci-layout", f"{other.layout}:1.0", "--role", "targets")
    return gun, admin.pin


def test_json_and_text_are_those_of_docker(world, varied):
    gun, pin = varied
    ours, docker = world.client(pin=pin), world.docker()
    for tag in ["", ":1.9", ":1.10", ":by-admin"]:
        printed = ours.ok("inspect", gun + tag, output="docker").stdout
        expected = json.loads(docker.trust("inspect", gun + tag).stdout)
        assert json.loads(printed) == expected
        assert expected[0]["SignedTags"], "the comparison would say nothing"
        pretty = ours.ok("inspect", gun + tag, "--pretty", output="text").stdout
        assert pretty == docker.trust("inspect", "--pretty", gun + tag).stdout


def test_a_repository_without_tags_and_signers_is_shown_as_docker_shows_it(world):
    gun = world.store.gun()
    admin = world.admin()
    admin.init(gun)
    docker = world.docker()
    printed = admin.ok("inspect", gun, output="docker").stdout
    assert json.loads(printed) == json.loads(docker.trust("inspect", gun).stdout)
    assert admin.ok("inspect", gun, "--pretty", output="text").stdout == docker.trust("inspect", "--pretty", gun).stdout


def test_a_tag_that_targets_and_releases_hold_with_two_digests_is_shown_twice(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", world.image("one"), *identity.key_args)
    admin.sign(gun, "1.0", world.image("other"), "--role", "targets")
    (printed,) = json.loads(admin.ok("inspect", gun, output="docker").stdout)
    expected = world.docker().inspect(gun)
    assert len(expected["SignedTags"]) == 2
    # Docker's own order of the two changes from run to run.
    for answer in (printed, expected):
        answer["SignedTags"].sort(key=lambda row: row["Digest"])
    assert printed == expected
