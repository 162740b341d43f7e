"""What the doctor says where there is no key at hand."""
import pytest

from support.hints import Hint
from support.identities import NAME


@pytest.fixture
def store(notary_local):
    return notary_local


def test_a_key_is_made_where_there_is_none(world):
    gun, admin = world.repository(world.identity())
    machine = world.client(pin=admin.pin, env={"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": world.secrets.new()})
    outcome = machine.refused(10, "doctor", gun)
    assert outcome.document["diagnosis"] == "no-key"
    Hint.of(outcome, "no-key-at-hand").follow(machine, filled={"NAME": NAME})
    # The next cause: nobody has enrolled it yet.
    assert machine.refused(10, "doctor", gun).document["diagnosis"] == "key-not-in-role"
    admin.ok("signer", "rotate", NAME, gun, "--add", machine.work / f"{NAME}.pub")
    machine.ok("doctor", gun)
