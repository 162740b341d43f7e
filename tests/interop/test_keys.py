"""Keys in the trust directory: copies to keep, new passphrases, removal. The official clients open what is left."""
import pytest
from cryptography.hazmat.primitives import serialization

from support.hints import Hint
from support.identities import NAME
from support.keys import canonical_key_id, strip_headers

PASSPHRASE = "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"
NEW_PASSPHRASE = "COUNTERSIGN_NEW_PASSPHRASE"


@pytest.fixture
def store(notary_local):
    return notary_local


class Signer:
    """A CI system whose key countersign made, in its trust directory, and that signs a repository with it."""

    def __init__(self, world):
        self.world = world
        self.machine = world.client(env={PASSPHRASE: world.secrets.new()})
        self.key_id = self.machine.ok("key", "generate", NAME).document["key"]["canonical_id"]
        self.public = self.machine.work / f"{NAME}.pub"
        self.file = self.machine.trust_dir / "private" / f"{self.key_id}.key"
        self.admin = world.admin()
        self.gun = world.store.gun()
        self.admin.init(self.gun)
        self.admin.ok("signer", "add", NAME, self.gun, "--key", self.public)
        self.machine.pin = self.admin.pin
        self.image = world.image()
        self.machine.sign(self.gun, "1.0", self.image)

    def notary_with(self, file, passphrase):
        """A user of notary who has that file."""
        notary = self.world.notary(passphrase=passphrase)
        notary.import_key(file, NAME)
        return notary


@pytest.fixture
def signer(world):
    return Signer(world)


def test_a_copy_of_a_key_is_imported_and_used_by_notary_and_by_countersign(signer, world):
    copy = world.folder("copy") / "copy.pem"
    # By the beginning of its ID, as everywhere.
    signer.machine.ok("key", "export", "--private", signer.key_id[:8], "--out", copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert "ENCRYPTED PRIVATE KEY" in copy.read_text() and f"path: {signer.key_id}" in copy.read_text()

    notary = signer.notary_with(copy, signer.machine.env[PASSPHRASE])
    assert signer.key_id in notary.key_roles()
    notary.addhash(signer.gun, "2.0", signer.image, "targets/releases")
    other = world.client(env=signer.machine.env, pin=signer.admin.pin)
    assert other.ok("key", "import", copy).document["keys"][0]["canonical_id"] == signer.key_id
    other.sign(signer.gun, "3.0", signer.image)
    assert set(world.notary().list(signer.gun)) == {"1.0", "2.0", "3.0"}
    # The copy stays as it is.
    assert str(copy) in signer.machine.refused(11, "key", "export", "--private", signer.key_id, "--out", copy).error[1]


def test_a_copy_needs_the_passphrase_and_is_never_unencrypted(signer, world):
    out = world.folder("out") / "copy.pem"
    for exit_code, name, env in ((10, "WRONG_PASSPHRASE", {PASSPHRASE: world.secrets.new()}),):
        error = signer.machine.refused(exit_code, "key", "export", "--private", signer.key_id, "--out", out, env=env)
        assert error.error[0] == name and not out.exists()
    # As an older program has stored it, or a person.
    plain = world.client(env={PASSPHRASE: world.secrets.new()})
    key_id = plain.ok("key", "generate", NAME).document["key"]["canonical_id"]
    file = plain.trust_dir / "private" / f"{key_id}.key"
    key = serialization.load_pem_private_key(strip_headers(file), plain.env.pop(PASSPHRASE).encode())
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()).replace(b"-----\n", f"-----\nrole: {NAME}\n\n".encode(), 1))
    assert plain.refused(3, "key", "export", "--private", key_id, "--out", out).error[0] == "SECRET_MISSING"
    assert not out.exists()
    # With a passphrase of its own it can be copied.
    plain.ok("key", "passwd", key_id, env={NEW_PASSPHRASE: signer.machine.env[PASSPHRASE]})
    plain.ok("key", "export", "--private", key_id, "--out", out, env=signer.machine.env)
    assert signer.notary_with(out, signer.machine.env[PASSPHRASE]).key_roles().keys() == {key_id}


@pytest.mark.parametrize("kind", ["token-p256", "token-rsa2048", "openssl-ec-pem"])
def test_the_public_half_of_any_key_makes_a_signer(world, kind):
    identity = world.identity(kind)
    machine = world.client(env=identity.env)
    out = world.folder("out") / "ci.pub"
    machine.ok("key", "export", identity.key_args[1], "--out", out)
    assert canonical_key_id(out) == identity.key_id
    gun, notary = world.store.gun(), world.notary()
    notary.init(gun)
    for role in ("targets/releases", f"targets/{NAME}"):
        notary.add_delegation(gun, role, out)
    world.ci(identity, pin=world.pin(gun)).sign(gun, "1.0", world.image(), *identity.key_args)
    assert set(world.notary().list(gun)) == {"1.0"}


def test_the_public_half_on_stdout_is_the_file_that_key_generate_wrote(signer):
    shown = signer.machine.ok("key", "export", signer.key_id, output="text").stdout
    assert shown == signer.public.read_text()


def test_a_token_does_not_give_its_private_half_away(world):
    identity = world.identity("token-p256")
    assert world.client(env=identity.env).refused(2, "key", "export", "--private", identity.key_args[1]).error[0] == "USAGE"


def test_a_new_passphrase_opens_the_key_and_the_old_one_does_not(signer, world):
    old, new = signer.machine.env[PASSPHRASE], world.secrets.new()
    before = signer.file.read_bytes()
    assert signer.machine.refused(3, "key", "passwd", signer.key_id).error[0] == "SECRET_MISSING"
    assert signer.machine.refused(3, "key", "passwd", signer.key_id, env={NEW_PASSPHRASE: ""}).error[0] == "SECRET_MISSING"
    wrong = {NEW_PASSPHRASE: new, PASSPHRASE: world.secrets.new()}
    assert signer.machine.refused(10, "key", "passwd", signer.key_id, env=wrong).error[0] == "WRONG_PASSPHRASE"
    signer.machine.ok("key", "passwd", signer.key_id, "--dry-run", env={NEW_PASSPHRASE: new})
    assert signer.file.read_bytes() == before

    secret = world.folder("secret") / "new"
    secret.write_text(new + "\n")
    signer.machine.ok("key", "passwd", signer.key_id, env={f"{NEW_PASSPHRASE}_FILE": str(secret)})
    assert signer.machine.refused(10, "sign", f"{signer.gun}:2.0", "--oci-layout", signer.image.layout).error[0] == "WRONG_PASSPHRASE"
    signer.machine.ok("sign", f"{signer.gun}:2.0", "--oci-layout", signer.image.layout, env={PASSPHRASE: new})
    notary = world.notary(trust_dir=signer.machine.trust_dir, passphrase=new)
    notary.addhash(signer.gun, "3.0", signer.image, "targets/releases")
    assert old != new and set(world.notary().list(signer.gun)) == {"1.0", "2.0", "3.0"}


def test_a_key_is_removed_only_on_purpose_and_what_it_was_for_is_said(signer):
    outcome = signer.machine.refused(2, "key", "remove", signer.key_id, output="text")
    assert f"targets/releases, targets/{NAME} of {signer.gun}" in outcome.stdout and "--yes" in outcome.stderr
    signer.machine.ok("key", "remove", signer.key_id, "--dry-run")
    assert signer.file.exists()
    signer.machine.ok("key", "remove", signer.key_id, "--yes")
    assert not signer.file.exists() and signer.machine.ok("key", "list").document["keys"] == []
    assert signer.machine.refused(10, "key", "remove", signer.key_id, "--yes").error[0] == "KEY_NOT_FOUND"


def test_keys_in_folders_of_old_versions_are_read_and_never_changed(signer, world):
    old = signer.machine.trust_dir / "private" / "tuf_keys" / signer.gun / f"{signer.key_id}_{NAME}.key"
    old.parent.mkdir(parents=True)
    signer.file.rename(old)
    before = old.read_bytes()
    signer.machine.sign(signer.gun, "2.0", signer.image)
    for command in (("remove", signer.key_id, "--yes"), ("passwd", signer.key_id)):
        outcome = signer.machine.refused(11, "key", *command, env={NEW_PASSPHRASE: world.secrets.new()})
        assert str(old) in outcome.error[1]
    assert old.read_bytes() == before


def test_the_list_says_what_each_key_is_and_may_sign(signer, world):
    (key,) = signer.machine.ok("key", "list").document["keys"]
    assert key["type"] == "EC P-256"  # of an encrypted file: told by the repository
    assert key["may_sign"] == [{"gun": signer.gun, "roles": ["targets/releases", f"targets/{NAME}"]}]
    administrators = signer.admin.ok("key", "list").document["keys"]
    assert {k["label"]: [r for u in k["may_sign"] for r in u["roles"]] for k in administrators} == {
        "root": ["root"], "targets": ["targets"]}
    fresh = world.client(env={PASSPHRASE: world.secrets.new()})
    fresh.ok("key", "generate", "alice")
    (key,) = fresh.ok("key", "list").document["keys"]
    assert key["type"] == "encrypted" and key["may_sign"] == []


def test_a_rehearsal_makes_and_imports_no_key(signer, world):
    machine = world.client(env=signer.machine.env)
    machine.ok("key", "generate", "alice", "--dry-run")
    machine.ok("key", "import", signer.file, "--dry-run")
    assert machine.ok("key", "list").document["keys"] == [] and not list(machine.work.iterdir())


EMPTY = {
    "an empty variable": {PASSPHRASE: ""},
    "an empty variable of docker's before one of notary's that is missing": {PASSPHRASE: "", "NOTARY_DELEGATION_PASSPHRASE": ""},
    "an empty path": {f"{PASSPHRASE}_FILE": ""},
}


@pytest.mark.parametrize("how", EMPTY)
def test_what_is_empty_is_no_passphrase_and_no_key_is_stored_as_it_is(how, world):
    machine = world.client(env=EMPTY[how])
    refused = machine.refused(3, "key", "generate", NAME)
    assert refused.error[0] == "SECRET_MISSING"
    machine.env["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE"] = ""
    machine.refused(3, "repo", "init", world.store.gun())
    assert not list(machine.trust_dir.glob("private/*"))


def test_behind_an_empty_variable_the_next_one_speaks(world):
    machine = world.client(env={PASSPHRASE: "", "NOTARY_DELEGATION_PASSPHRASE": world.secrets.new()})
    machine.ok("key", "generate", NAME)
    (key,) = machine.trust_dir.glob("private/*.key")
    assert "ENCRYPTED PRIVATE KEY" in key.read_text()


def test_a_file_that_begins_with_an_empty_line_holds_no_passphrase(world):
    secret = world.folder("secrets") / "passphrase"
    secret.write_text("\n")
    machine = world.client(env={f"{PASSPHRASE}_FILE": str(secret)})
    hint = Hint.of(machine.refused(3, "key", "generate", NAME), "passphrase-empty")
    assert not hint.commands and not list(machine.trust_dir.glob("private/*"))
    secret.write_text(world.secrets.new() + "\n")
    machine.ok("key", "generate", NAME)
