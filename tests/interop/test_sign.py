"""The main job with every kind of key, on every kind of store: countersign writes, the official clients read."""
import json

import pytest

from support.identities import KINDS
from support.keys import certificate_key_id


def assert_everybody_reads(world, gun, pin, tag, image, signers=("jenkins",)):
    """Each reader is cold: it has never seen the repository."""
    assert world.notary().list(gun)[tag] == (image.digest, image.size, "targets/releases")
    assert world.notary().lookup(gun, tag) == (image.digest, image.size)
    for signer in signers:
        role = f"targets/{signer}"
        assert world.notary().list(gun, role)[tag] == (image.digest, image.size, role)
    assert world.docker().signed_tags(gun)[tag] == (image.digest, sorted(signers))

    verified = world.client(pin=pin).ok("verify", f"{gun}:{tag}").target(tag)
    assert (verified["digest"], verified["length"]) == (image.digest, image.size)
    assert sorted(verified["signers"]) == sorted(signers)


@pytest.mark.parametrize("form", ["certificate", "pub"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_an_identity_signs_is_read_by_everybody(world, kind, form):
    identity = world.identity(kind)
    gun, admin = world.repository(identity, form)
    image = world.image()

    signed = world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args)

    assert signed.repository["gun"] == gun and signed.repository["published"] is True
    assert signed.target("1.0") == signed.target("1.0") | {
        "digest": image.digest, "length": image.size, "status": "signed"}
    assert sorted(signed.target("1.0")["roles"]) == ["targets/jenkins", "targets/releases"]
    assert {(r["name"], r["version"]) for r in signed.repository["roles"]} >= {
        ("targets/releases", 1), ("targets/jenkins", 1)}

    data = world.store.read(gun)
    listed = certificate_key_id(identity.certificate) if form == "certificate" else identity.key_id
    for role in ("targets/releases", "targets/jenkins"):
        assert data.delegation(role)["keyids"] == [listed]
    assert_everybody_reads(world, gun, admin.pin, "1.0", image)
    (signer,) = world.docker().inspect(gun)["Signers"]
    assert signer == {"Name": "jenkins", "Keys": [{"ID": identity.key_id}]}


def test_the_pin_that_init_prints_is_the_root_key_that_docker_shows(world):
    gun, admin = world.repository(world.identity())
    keys = {k["Name"]: [key["ID"] for key in k["Keys"]] for k in world.docker().inspect(gun)["AdministrativeKeys"]}
    assert keys["Root"] == [admin.pin]


def test_a_key_made_in_the_token_by_another_program_signs(world):
    token = world.token()
    gun = world.store.gun()
    admin = world.admin()
    admin.init(gun)
    admin.ok("signer", "add", "jenkins", gun, "--key", token.generate("jenkins"))
    image = world.image()
    world.client(env=token.env, pin=admin.pin).sign(gun, "1.0", image, "--key", token.uri("jenkins"))
    assert_everybody_reads(world, gun, admin.pin, "1.0", image)


def test_the_digest_signed_is_that_of_the_whole_image_and_not_of_one_platform(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    signed = world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args)
    assert signed.target("1.0")["digest"] == image.digest != image.child_digest


def test_signing_the_same_again_publishes_nothing(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", image, *identity.key_args)
    before = world.store.state(gun)

    again = ci.sign(gun, "1.0", image, *identity.key_args)

    assert again.target("1.0")["status"] == "unchanged"
    assert again.repository["published"] is False
    assert world.store.state(gun) == before


def test_a_dry_run_publishes_nothing(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    before = world.store.state(gun)
    dry = world.ci(identity, pin=admin.pin).sign(gun, "1.0", world.image(), *identity.key_args, "--dry-run")
    assert dry.repository["published"] is False
    assert world.store.state(gun) == before


def test_a_signed_tag_moves_only_when_told_to(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", world.image("old"), *identity.key_args)
    before = world.store.state(gun)
    new = world.image("new")

    arguments = ("sign", f"{gun}:1.0", "--oci-layout", new.layout, *identity.key_args)
    assert ci.refused(5, *arguments).error[0] == "TAG_MOVED"
    assert world.store.state(gun) == before

    assert ci.ok(*arguments, "--allow-move").target("1.0")["status"] == "moved"
    assert_everybody_reads(world, gun, admin.pin, "1.0", new)


def test_tags_of_several_runs_stand_side_by_side(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    images = {tag: world.image(tag, tag) for tag in ("1.0", "1.1", "latest")}
    ci = world.ci(identity, pin=admin.pin)
    for tag, image in images.items():
        ci.sign(gun, tag, image, *identity.key_args)
    expected = {tag: (image.digest, image.size, "targets/releases") for tag, image in images.items()}
    assert world.notary().list(gun) == expected
    listed = world.client(pin=admin.pin).ok("list", gun).repository["targets"]
    assert {t["name"]: (t["digest"], t["length"]) for t in listed} == {
        tag: (image.digest, image.size) for tag, image in images.items()}


def test_a_role_that_is_named_is_the_only_one_written(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args, "--role", "targets/jenkins")
    data = world.store.read(gun)
    assert data.targets("targets/jenkins") == {"1.0": (image.digest, image.size)}
    assert "1.0" not in (data.targets("targets/releases") if "targets/releases" in data.files else {})
    reader = world.client(pin=admin.pin)
    assert reader.refused(6, "verify", f"{gun}:1.0").error[0] == "NOT_SIGNED"
    assert reader.refused(6, "verify", f"{gun}:1.0", "--role", "targets/jenkins").error[0] == "NOT_SIGNED"
    (entry,) = reader.ok("list", gun).repository["targets"]
    assert (entry["digest"], entry["roles"], entry["released"]) == (image.digest, ["targets/jenkins"], False)


def test_an_explicit_digest_and_size_need_no_layout(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    world.ci(identity, pin=admin.pin).ok("sign", f"{gun}:1.0@{image.digest}", "--size", image.size,
                                         *identity.key_args)
    assert_everybody_reads(world, gun, admin.pin, "1.0", image)


@pytest.mark.parametrize("length", [65, 125, 200])
def test_repository_names_longer_than_a_common_name(world, length):
    identity = world.identity()
    gun = world.store.gun()
    gun += "/" + "x" * (length - len(gun) - 1)
    assert len(gun) == length
    world.repository(identity, gun=gun)
    image = world.image()
    pin = world.pin(gun)
    world.ci(identity, pin=pin).sign(gun, "1.0", image, *identity.key_args)
    assert_everybody_reads(world, gun, pin, "1.0", image)


def test_inspect_prints_what_docker_prints(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    for tag in ("1.0", "2.0"):
        ci.sign(gun, tag, world.image(tag, tag), *identity.key_args)
    printed = world.client(pin=admin.pin).ok("inspect", gun, output="docker").stdout
    assert json.loads(printed) == json.loads(world.docker().trust("inspect", gun).stdout)


def test_the_line_of_verify_holds_the_whole_digest(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args)
    text = world.client(pin=admin.pin).ok("verify", f"{gun}:1.0", output="text").stdout
    (line,) = [line for line in text.splitlines() if image.digest in line]
    assert f"{gun}:1.0" in line


def test_the_machine_of_the_ci_system_holds_no_private_key_when_it_signs_with_a_token(world):
    identity = world.identity("token-p256")
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", world.image(), *identity.key_args)
    for path in ci.home.rglob("*"):
        assert not (path.is_file() and b"PRIVATE KEY" in path.read_bytes()), path
