"""Keys that are lost, and repositories that were created anew: what mends it is typed as it was printed."""
import shlex

import pytest

from support.ailing import lose
from support.hints import Hint, without_carried


def printed_command(outcome, row: str, which=0) -> list[str]:
    return shlex.split(without_carried(Hint.of(outcome, row).commands[which]))[1:]


@pytest.fixture
def signed(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", world.image(), *identity.key_args)
    return gun, admin, ci, identity


def test_a_lost_targets_key_is_replaced_as_the_program_says(world, signed):
    gun, admin, ci, identity = signed
    lose(admin, "targets")
    bob = world.identity()
    sick = admin.run("doctor", gun)
    assert sick.document["diagnosis"] == "targets-key-missing"
    refused = admin.refused(10, "signer", "add", "bob", gun, "--key", bob.public)
    assert (printed_command(sick, "targets-key-lost") == printed_command(refused, "targets-key-lost")
            == ["repo", "rotate", gun, "targets"])
    admin.ok(*printed_command(refused, "targets-key-lost"))
    admin.ok("signer", "add", "bob", gun, "--key", bob.public)
    ci.sign(gun, "2.0", world.image("two"), *identity.key_args)
    assert set(world.docker().signed_tags(gun)) == {"1.0", "2.0"}


def test_whoever_has_no_root_key_either_is_not_sent_to_use_it(world, signed):
    gun, admin, ci, identity = signed
    lose(admin, "targets")
    lose(admin, "root")
    refused = admin.refused(10, "signer", "add", "bob", gun, "--key", world.identity().public)
    Hint.of(refused, "role-key-elsewhere")


def test_a_lost_root_key_is_called_lost_and_signing_goes_on(world, signed):
    gun, admin, ci, identity = signed
    lose(admin, "root")
    refused = admin.refused(10, "repo", "rotate", gun, "targets")
    expires = {r["name"]: r["expires"] for r in admin.ok("inspect", gun).repository["roles"]}["root"]
    assert f"until the root expires at {expires}" in refused.stderr and "only a new repository helps" in refused.stderr
    ci.sign(gun, "2.0", world.image("two"), *identity.key_args)
    admin.ok("signer", "add", "bob", gun, "--key", world.identity().public)
    Hint.of(admin.refused(2, *printed_command(refused, "root-key-lost")), "consent")
    admin.ok(*printed_command(refused, "root-key-lost"), "--yes")
    admin.pin = None
    admin.init(*printed_command(refused, "root-key-lost", 1)[2:])


def test_a_repository_that_was_created_anew_after_its_root_was_changed_is_called_a_step_back(world, signed):
    """Also with the old pin, and by the doctor; a machine that has seen nothing says that the pin does not fit."""
    gun, admin, ci, identity = signed
    old = admin.pin
    for _ in range(2):
        admin.ok("repo", "rotate", gun, "targets")
    ci.ok("list", gun)
    admin.ok("repo", "delete", gun, "--remote", "--yes")
    lose(admin, "root")
    admin.pin = None
    admin.init(gun)
    for pin in (old, None):
        ci.pin = pin
        refused = ci.refused(4, "list", gun)
        assert refused.error[0] == "ROLLBACK" and "root has version 1, but version 3 was seen before" in refused.stderr
        assert ci.refused(4, "doctor", gun, *identity.key_args).document["diagnosis"] == "rollback"
    assert world.client(pin=old).refused(4, "list", gun).error[0] == "PIN_MISMATCH"


def test_a_repository_that_was_created_anew_is_forgotten_only_by_whoever_pins_the_new_one(world, signed):
    gun, admin, ci, identity = signed
    old = admin.pin
    admin.ok("repo", "delete", gun, "--remote", "--yes")
    admin.pin = None
    new = admin.init(gun)
    admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
    image = world.image("new")
    arguments = ("sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args)
    for pin in (old, None):
        ci.pin = pin
        assert "--reset-cache" not in ci.refused(4, *arguments).stderr
    ci.pin = new
    refused = ci.refused(4, *arguments)
    assert refused.error[0] == "ROLLBACK"
    sick = ci.refused(4, "doctor", gun, *identity.key_args)
    command = printed_command(refused, "created-anew")
    assert command == printed_command(sick, "created-anew") == ["repo", "pin", gun, "--trust-root", new, "--reset-cache"]
    ci.pin = None
    ci.ok(*command)
    ci.pin = new
    assert ci.ok(*arguments).target("1.0")["status"] == "signed"
