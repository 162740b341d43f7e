"""What the doctor says of keys at hand: that there is none, or that one lies where it is not found."""
import shutil

import pytest

from support.hints import Hint
from support.identities import NAME


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture
def signer(world):
    """A repository, the signer's key, and a CI system without it."""
    identity = world.identity()
    gun, admin = world.repository(identity)
    machine = world.client(pin=admin.pin, env={"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": world.secrets.new()})
    return gun, identity, machine, admin


def test_a_key_that_was_copied_by_hand_is_put_in_its_place(signer):
    gun, identity, machine, _ = signer
    path = machine.trust_dir / "private" / "jen kins.key"
    path.parent.mkdir(parents=True, mode=0o700)
    shutil.copy2(identity.key_args[1], path)
    outcome = machine.refused(10, "doctor", gun)
    assert outcome.document["diagnosis"] == "key-misnamed"
    Hint.of(outcome, "key-out-of-its-place").follow(machine)
    assert not path.exists()
    machine.ok("doctor", gun)


def test_a_key_is_made_where_there_is_none(signer):
    gun, _, machine, admin = signer
    outcome = machine.refused(10, "doctor", gun)
    assert outcome.document["diagnosis"] == "no-key"
    Hint.of(outcome, "no-key-at-hand").follow(machine, filled={"NAME": NAME})
    # The next cause: nobody has enrolled it yet.
    assert machine.refused(10, "doctor", gun).document["diagnosis"] == "key-not-in-role"
    admin.ok("signer", "rotate", NAME, gun, "--add", machine.work / f"{NAME}.pub")
    machine.ok("doctor", gun)
