"""The harness itself, proven with the official clients alone: what it reads, serves and counts is what they see."""
import base64
import hashlib

import pytest

from support.keys import canonical_key_id, certificate_key_id
from support.process import clean_environment, run
from support.softhsm import calls


@pytest.fixture
def store(notary_server):
    return notary_server


def published(world):
    identity = world.identity("openssl-ec-pem")
    gun, admin = world.official_repository(identity, "certificate")
    admin.import_key(identity.key_args[1])
    image = world.image()
    admin.addhash(gun, "1.0", image, "targets/releases", "targets/jenkins")
    return gun, image, identity


def test_what_notary_published_is_read_by_docker_and_by_the_harness(world):
    gun, image, identity = published(world)
    assert world.notary().list(gun) == {"1.0": (image.digest, image.size, "targets/releases")}
    assert world.notary().lookup(gun, "1.0") == (image.digest, image.size)
    assert world.docker().signed_tags(gun) == {"1.0": (image.digest, ["jenkins"])}

    data = world.store.read(gun)
    assert data.targets("targets/releases") == data.targets("targets/jenkins") == {"1.0": (image.digest, image.size)}
    assert data.versions == {"root": 2, "targets": 4, "snapshot": 6, "timestamp": 5, "targets/releases": 1,
                             "targets/jenkins": 1}
    assert data.delegation("targets/jenkins")["keyids"] == [certificate_key_id(identity.certificate)]
    (administrative,) = [k for k in world.docker().inspect(gun)["AdministrativeKeys"] if k["Name"] == "Root"]
    assert [k["ID"] for k in administrative["Keys"]] == data.root_key_ids


def test_the_state_of_a_repository_changes_with_every_publication_and_only_then(world):
    gun, image, _ = published(world)
    before = world.store.state(gun)
    world.notary().list(gun)
    assert world.store.state(gun) == before
    assert world.store.state(world.store.gun()) is None


def test_a_copy_of_the_files_on_a_web_server_is_read_by_the_official_clients(world, static_repository):
    gun, image, _ = published(world)
    data = world.store.read(gun)
    folder = static_repository.folder / "v2" / gun / "_trust" / "tuf"
    for role, content in data.files.items():
        for name in (role, f"{role}.{hashlib.sha256(content).hexdigest()}"):
            path = folder / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    (static_repository.folder / "v2" / "index.html").write_text("{}")  # what the clients' ping must find
    world.store = static_repository
    assert world.notary().lookup(gun, "1.0") == (image.digest, image.size)
    assert world.docker().signed_tags(gun) == {"1.0": (image.digest, ["jenkins"])}
    assert static_repository.read(gun).files == data.files


@pytest.mark.parametrize("kind", ["docker-key-file", "notary-key-file", "openssl-ec-pem", "openssl-rsa-pem"])
def test_key_files_have_the_id_that_the_official_clients_give_them(world, kind):
    identity = world.identity(kind)
    assert canonical_key_id(identity.public) == canonical_key_id(identity.certificate)
    for path in identity.key_files:
        assert path.stem == identity.key_id
        assert path.stat().st_mode & 0o077 == 0


def test_a_key_of_a_token_can_be_read_back_and_its_calls_are_counted(world):
    token = world.token()
    public = token.generate("spied")
    assert len(canonical_key_id(public)) == 64
    env, log = token.spied()
    assert calls(log, "C_Login") == 0
    run(["/usr/bin/pkcs11-tool", "--module", env["COUNTERSIGN_PKCS11_MODULE"], "--token-label", token.label,
         "--login", "--pin", "env:COUNTERSIGN_PIN", "--list-objects"], env=clean_environment(token.folder) | env,
        cwd=token.folder)
    assert calls(log, "C_Login") == 1


def test_secrets_are_found_plain_and_in_base64(secrets):
    value = secrets.new()
    assert secrets.found_in(f"login with {value}!") == [value]
    assert secrets.found_in(base64.b64encode(value.encode()).decode()) == [value]
    assert secrets.found_in("nothing here") == []
