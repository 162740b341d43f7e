"""The way back: what the official clients made is read and extended by countersign, and what countersign made is
extended by the official clients. Static repositories are left out: the official clients cannot write them."""
import json

import pytest

from support.official import Docker, Notary


@pytest.fixture
def store(notary_server):
    return notary_server


def read_with_countersign(world, gun) -> dict[str, tuple[str, int]]:
    listed = world.client(pin=world.pin(gun)).ok("list", gun).repository["targets"]
    return {t["name"]: (t["digest"], t["length"]) for t in listed}


def read_with_notary(world, gun) -> dict[str, tuple[str, int]]:
    return {name: (digest, size) for name, (digest, size, _) in world.notary().list(gun).items()}


def assert_same_view(world, gun, expected):
    """countersign, notary and docker, each cold, see the same tags."""
    images = {tag: (image.digest, image.size) for tag, image in expected.items()}
    assert read_with_countersign(world, gun) == images
    assert read_with_notary(world, gun) == images
    assert {tag: digest for tag, (digest, _) in world.docker().signed_tags(gun).items()} == {
        tag: digest for tag, (digest, _) in images.items()}
    docker = world.docker().trust("inspect", gun).stdout
    countersign = world.client(pin=world.pin(gun)).ok("inspect", gun, output="docker").stdout
    assert json.loads(countersign) == json.loads(docker)


@pytest.mark.parametrize("form", ["certificate", "pub"])
@pytest.mark.parametrize("kind", ["openssl-ec-pem", "openssl-rsa-pem", "token-p256", "docker-key-file"])
def test_a_repository_of_notary_is_extended(world, kind, form):
    identity = world.identity(kind)
    gun, admin = world.official_repository(identity, form)
    image = world.image()
    world.ci(identity, pin=world.pin(gun)).sign(gun, "1.0", image, *identity.key_args)
    assert_same_view(world, gun, {"1.0": image})
    assert world.docker().signed_tags(gun)["1.0"] == (image.digest, ["jenkins"])


def test_notary_and_countersign_take_turns(world):
    identity = world.identity("openssl-ec-pem")
    key_file = identity.key_args[1]
    gun, _ = world.official_repository(identity)
    delegate = world.notary()
    delegate.import_key(key_file)
    images = {tag: world.image(tag, tag) for tag in ("1.0", "2.0", "3.0", "4.0")}
    ci = world.ci(identity, pin=world.pin(gun))

    delegate.addhash(gun, "1.0", images["1.0"], "targets/releases", "targets/jenkins")
    assert_same_view(world, gun, {"1.0": images["1.0"]})
    ci.sign(gun, "2.0", images["2.0"], *identity.key_args)
    delegate.addhash(gun, "3.0", images["3.0"], "targets/releases", "targets/jenkins")
    ci.sign(gun, "4.0", images["4.0"], *identity.key_args)

    assert_same_view(world, gun, images)
    assert world.store.read(gun).versions["targets/releases"] == 4


def test_a_tag_signed_by_notary_is_unchanged_for_countersign(world):
    identity = world.identity("openssl-ec-pem")
    gun, _ = world.official_repository(identity)
    delegate = world.notary()
    delegate.import_key(identity.key_args[1])
    image = world.image()
    delegate.addhash(gun, "1.0", image, "targets/releases", "targets/jenkins")
    before = world.store.state(gun)
    again = world.ci(identity, pin=world.pin(gun)).sign(gun, "1.0", image, *identity.key_args)
    assert again.target("1.0")["status"] == "unchanged"
    assert world.store.state(gun) == before


def test_tags_of_the_repository_administrator_alone_are_verified_as_docker_does(world):
    gun, admin = world.store.gun(), world.notary()
    admin.init(gun)
    image = world.image()
    admin.addhash(gun, "1.0", image)
    verified = world.client(pin=world.pin(gun)).ok("verify", f"{gun}:1.0").target("1.0")
    assert verified["digest"] == image.digest
    assert_same_view(world, gun, {"1.0": image})


def test_a_repository_that_docker_made_is_extended(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.store.gun(), world.docker()
    admin.trust("signer", "add", "--key", identity.public, "jenkins", gun)
    image = world.image()
    world.ci(identity, pin=world.pin(gun)).sign(gun, "1.0", image, *identity.key_args)
    assert_same_view(world, gun, {"1.0": image})


def docker_with_the_keys_of(world, admin) -> Docker:
    """docker as the administrator who made the repository with countersign: same trust directory, same secrets."""
    docker = world.docker(root_passphrase=admin.env["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE"],
                          passphrase=admin.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"])
    docker.trust_dir.symlink_to(admin.trust_dir)
    return docker


def notary_with_the_keys_of(world, admin) -> Notary:
    return world.notary(trust_dir=admin.trust_dir,
                        root_passphrase=admin.env["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE"],
                        passphrase=admin.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"])


def test_docker_adds_a_second_signer_who_signs_the_same_tag(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args)

    bob = world.docker()
    public = bob.generate_key("bob")
    docker_with_the_keys_of(world, admin).trust("signer", "add", "--key", public, "bob", gun)
    bob.trust("sign", f"{gun}:1.0")

    verified = world.client(pin=admin.pin).ok("verify", f"{gun}:1.0").target("1.0")
    assert sorted(verified["signers"]) == ["bob", "jenkins"]
    assert_same_view(world, gun, {"1.0": image})


def test_what_docker_revokes_is_not_signed_any_more(world):
    identity = world.identity("docker-key-file")
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    kept = world.image("kept")
    ci.sign(gun, "1.0", world.image("revoked"), *identity.key_args)
    ci.sign(gun, "2.0", kept, *identity.key_args)

    jenkins = world.docker(passphrase=identity.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"])
    private = jenkins.trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    (private / identity.key_files[0].name).write_bytes(identity.key_files[0].read_bytes())
    jenkins.trust("revoke", f"{gun}:1.0")

    assert_same_view(world, gun, {"2.0": kept})
    assert ci.refused(6, "verify", f"{gun}:1.0").error[0] == "NOT_SIGNED"


def test_the_keys_that_init_made_serve_notary(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", image, *identity.key_args)

    notary = notary_with_the_keys_of(world, admin)
    assert sorted(notary.key_roles().values()) == ["root", "targets"]
    alice = world.identity("openssl-rsa-pem")
    notary.add_delegation(gun, "targets/alice", alice.certificate)
    world.ci(alice, pin=admin.pin).sign(gun, "1.0", image, *alice.key_args, "--role", "targets/alice")

    assert world.docker().signed_tags(gun) == {"1.0": (image.digest, ["alice", "jenkins"])}
    assert_same_view(world, gun, {"1.0": image})


@pytest.mark.parametrize("role", ["snapshot", "timestamp", "targets", "root"])
def test_a_key_rotation_by_notary_is_followed_by_who_knew_the_old_root(world, role):
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    image = world.image()
    ci.sign(gun, "1.0", image, *identity.key_args)

    by_server = ["-r"] if role in ("snapshot", "timestamp") else []
    notary = notary_with_the_keys_of(world, admin)
    before = world.store.read(gun).versions["root"]
    notary.run("key", "rotate", gun, role, *by_server, answer="yes\n")
    assert world.store.read(gun).versions["root"] == before + 1

    ci.pin = None  # what it has seen is enough
    ci.ok("verify", f"{gun}:1.0")
    second = world.image("second")
    ci.sign(gun, "2.0", second, *identity.key_args)
    assert_same_view(world, gun, {"1.0": image, "2.0": second})


def test_notary_witnesses_what_countersign_wrote(world):
    identity = world.identity("openssl-ec-pem")
    gun, admin = world.repository(identity)
    image = world.image()
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", image, *identity.key_args)
    delegate = world.notary()
    delegate.import_key(identity.key_args[1])
    delegate.run("witness", gun, "targets/releases", "-p")
    assert world.store.read(gun).versions["targets/releases"] == 2
    assert_same_view(world, gun, {"1.0": image})


def test_a_snapshot_that_the_client_manages_is_signed_where_its_key_is_at_hand(world):
    identity = world.identity()
    gun, notary = world.official_repository(identity, server_snapshot=False)
    (snapshot_key,) = [key for key, role in notary.key_roles().items() if role == "snapshot"]
    image = world.image()

    without_key = world.ci(identity, pin=world.pin(gun))
    before = world.store.state(gun)
    without_key.refused(10, "sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args)
    assert world.store.state(gun) == before

    identity.key_files.append(notary.trust_dir / "private" / f"{snapshot_key}.key")
    with_key = world.ci(identity, pin=world.pin(gun), env={"NOTARY_SNAPSHOT_PASSPHRASE": notary.passphrase})
    with_key.sign(gun, "1.0", image, *identity.key_args)
    assert_same_view(world, gun, {"1.0": image})
    assert world.store.read(gun).versions["snapshot"] == json.loads(before["snapshot"])["signed"]["version"] + 1
