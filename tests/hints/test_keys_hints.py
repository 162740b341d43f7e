"""Hints about keys in files, and about their secrets: each cause, what is printed for it, and the same command again when
that was done. No server is asked."""
import base64
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from support.forged_keys import ec_key
from support.hints import Hint
from support.process import clean_environment, run
from support.softhsm import SoftHsm

REPOSITORY, ROOT, DELEGATION = (f"{name}_PASSPHRASE" for name in (
    "DOCKER_CONTENT_TRUST_REPOSITORY", "DOCKER_CONTENT_TRUST_ROOT", "NOTARY_DELEGATION"))
NEW = "COUNTERSIGN_NEW_PASSPHRASE"
GUN = "registry.example.com/app"


@pytest.fixture
def store():
    return None


class Bench:
    """A user with a passphrase and, in a folder with a blank in its name, key files that openssl has made."""

    def __init__(self, world):
        self.world = world
        self.secret = world.secrets.new()
        self.user = world.client(env={REPOSITORY: self.secret}, server=None, ca=False)
        self.folder = world.folder("key files")
        self.private = self.user.trust_dir / "private"

    def openssl(self, name, *args):
        path = self.folder / name
        run(["/usr/bin/openssl", *args, "-out", path], env=clean_environment(self.folder) | {"SECRET": self.secret},
            cwd=self.folder)
        path.chmod(0o600)
        return path

    def plain(self, name="plain.pem"):
        return self.openssl(name, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")

    def encrypted(self):
        return self.openssl("encrypted.pem", "pkcs8", "-topk8", "-in", self.plain(), "-passout", "env:SECRET")

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o600)
        return path

    def imported(self, *options, **env):
        (key,) = self.user.ok("key", "import", self.plain(), *options, env=env).document["keys"]
        return SimpleNamespace(id=key["canonical_id"], path=self.private / f"{key['canonical_id']}.key")

    def of_old_version(self, role, folder):
        """A key of which only folder and name say what it is for."""
        key = self.imported()
        old = self.private / folder / (f"{key.id}_{role}.key" if role else f"{key.id}.key")
        old.parent.mkdir(parents=True)
        old.write_text(re.sub(r"^role: .*\n\n", "", key.path.read_text(), flags=re.MULTILINE))
        old.chmod(0o600)
        key.path.unlink()
        key.old = old
        return key


# Each yields a command, is given the hint with which it is refused, mends the cause and yields the command again.


def readable_key(b):
    path = b.plain()
    path.chmod(0o644)
    hint = yield "key", "import", path
    hint.follow(b.user)
    yield "key", "import", path


def writable_key(b):
    path = b.encrypted()
    path.chmod(0o660)
    hint = yield "key", "import", path
    hint.follow(b.user)
    yield "key", "import", path


def foreign_key(b):
    path = b.plain()
    shutil.chown(path, 12345)
    hint = yield "key", "import", path
    hint.follow(b.user)
    yield "key", "import", path


def foreign_secret(b):
    path = b.file("it's secret", b.user.env.pop(REPOSITORY))
    shutil.chown(path, 12345)
    b.user.env[f"{REPOSITORY}_FILE"] = str(path)
    hint = yield "key", "generate", "alice"
    hint.follow(b.user)
    yield "key", "generate", "alice"


def copy_there(b):
    key = b.imported()
    path = b.file("copy", "")
    yield "key", "export", key.id, "--out", path
    path.unlink()
    yield "key", "export", key.id, "--out", path


def certificate_there(b):
    key = b.imported()
    path = b.file("certificate", "")
    yield "key", "cert", key.id, "--cn", "alice", "--out", path
    yield "key", "cert", key.id, "--cn", "alice", "--out", b.folder / "another"


def without_passphrase(b):
    del b.user.env[REPOSITORY]
    hint = yield "key", "generate", "alice"
    b.user.env[hint.values["variable"]] = b.secret
    yield "key", "generate", "alice"


def without_passphrase_file(b):
    del b.user.env[REPOSITORY]
    hint = yield "key", "import", b.plain(), "--role", "root"
    assert hint.values["variable"] == ROOT
    b.user.env[f"{hint.values['variable']}_FILE"] = str(b.file("passphrase", b.secret))
    yield "key", "import", b.plain(), "--role", "root"


def without_new_passphrase(b):
    key = b.imported()
    hint = yield "key", "passwd", key.id
    b.user.env[hint.values["variable"]] = b.world.secrets.new()
    yield "key", "passwd", key.id


def secret_in_the_place_of_its_path(b):
    b.user.env[f"{REPOSITORY}_FILE"] = b.user.env.pop(REPOSITORY)
    hint = yield "key", "generate", "alice"
    b.user.env[hint.values["variable"]] = b.user.env.pop(f"{REPOSITORY}_FILE")
    yield "key", "generate", "alice"


def secret_file_missing(b):
    b.user.env[f"{REPOSITORY}_FILE"] = "passphrase"
    del b.user.env[REPOSITORY]
    yield "key", "generate", "alice"
    b.user.env[f"{REPOSITORY}_FILE"] = str(b.file("passphrase", b.secret))
    yield "key", "generate", "alice"


def secret_of_powershell(b):
    path = b.file("pass phrase", f"{b.user.env.pop(REPOSITORY)}\r\n".encode("utf-16"))
    b.user.env[f"{REPOSITORY}_FILE"] = str(path)
    hint = yield "key", "import", b.encrypted()
    hint.follow(b.user)
    yield "key", "import", b.folder / "encrypted.pem"
    assert path.stat().st_mode & 0o077 == 0


def passphrase_of_another_key(b):
    """Of two variables the first that is set counts: it is no use to set the second."""
    path = b.encrypted()
    b.user.env |= {REPOSITORY: b.world.secrets.new(), DELEGATION: b.secret}
    hint = yield "key", "import", path
    b.user.env[hint.values["variable"]] = b.secret
    yield "key", "import", path


def passphrase_of_the_second_variable(b):
    path = b.encrypted()
    del b.user.env[REPOSITORY]
    b.user.env[f"{DELEGATION}_FILE"] = str(b.file("passphrase", b.world.secrets.new()))
    hint = yield "key", "import", path
    assert hint.values["variable"] == f"{DELEGATION}_FILE"
    b.file("passphrase", b.secret)
    yield "key", "import", path


def name_of_no_key(b):
    b.imported()
    hint = yield "key", "export", "jenkins"
    b.user.env |= SoftHsm(b.world.folder("hsm") / "token", b.world.secrets).env
    hint.follow(b.user, which=0)
    hint.follow(b.user, which=1)
    (key_id,) = re.findall(r"^([0-9a-f]{64}) ", b.user.ok("key", "list", output="text").stdout, re.MULTILINE)
    yield "key", "export", key_id[:4]


def beginning_of_no_key(b):
    key = b.imported()
    hint = yield "key", "export", "0000" if not key.id.startswith("0000") else "1111"
    hint.follow(b.user)
    assert key.id in hint.shown
    yield "key", "export", key.id


def beginning_of_two_keys(b):
    seen = {}
    for number in range(1000):
        key = ec_key(f"alike {number}")
        if (other := seen.setdefault(key.id[:4], key)) is not key:
            break
    b.private.mkdir(parents=True, mode=0o700)
    for each in (key, other):
        each.write(b.private / f"{each.id}.key")
    yield "key", "export", key.id[:4]
    yield "key", "export", key.id[:12]


def key_file_to_be_removed(b):
    key = b.imported()
    hint = yield "key", "remove", b.folder / "plain.pem", "--yes"
    hint.follow(b.user)
    assert key.id in hint.shown
    yield "key", "remove", key.id, "--yes"


def no_key_file(b):
    key = b.imported()
    hint = yield "key", "export", b.folder / "nothing.pem"
    hint.follow(b.user)
    assert key.id in hint.shown
    yield "key", "export", key.id


def letter_for_a_key(b):
    path = b.plain()
    yield "key", "import", b.file("letter", "Dear administrator,\n")
    yield "key", "import", path


def empty_key_file(b):
    good = b.plain().read_bytes()
    path = b.file("key.pem", "")
    yield "key", "import", path
    b.file("key.pem", good)
    yield "key", "import", path


def cut_key(b):
    """What is left is base64, but no whole DER."""
    path = b.plain()
    good = path.read_bytes()
    lines = good.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[-1:]))
    yield "key", "import", path
    path.write_bytes(good)
    yield "key", "import", path


def cut_encrypted_key(b):
    path = b.encrypted()
    good = path.read_bytes()
    der = b.openssl("encrypted.der", "pkcs8", "-topk8", "-in", b.folder / "plain.pem", "-passout", "env:SECRET", "-outform",
                    "DER").read_bytes()
    path.write_bytes(der[:2] + bytes([der[2] - 1]) + der[3:-1] if der[1] == 0x81 else der[:-1])
    yield "key", "import", path
    path.write_bytes(good)
    yield "key", "import", path


def short_rsa_key(b):
    hint = yield "key", "import", b.openssl("rsa.pem", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    hint.follow(b.user, filled={"NAME": "alice"})
    yield "key", "list"


def key_on_another_curve(b):
    hint = yield "key", "import", b.openssl("koblitz.pem", "genpkey", "-algorithm", "EC", "-pkeyopt",
                                            "ec_paramgen_curve:secp256k1")
    hint.follow(b.user, filled={"NAME": "alice"})
    yield "key", "list"


def certificate_of_ed25519(b):
    path = b.openssl("ed25519.pem", "genpkey", "-algorithm", "ED25519")
    hint = yield "key", "cert", path, "--cn", "alice"
    hint.follow(b.user, filled={"NAME": "alice"})
    (key,) = b.user.ok("key", "list").document["keys"]
    yield "key", "cert", key["canonical_id"], "--cn", "alice"


def key_under_another_id(b):
    key = b.imported()
    key.path.rename(b.private / f"{'ab' * 32}.key")
    hint = yield "key", "export", "abab"
    hint.follow(b.user)
    yield "key", "export", key.id


def key_of_a_second_role(b):
    b.user.env[ROOT] = b.secret
    b.imported()
    hint = yield "key", "import", b.folder / "plain.pem", "--role", "root"
    hint.follow(b.user)
    yield "key", "import", b.folder / "plain.pem", "--role", "root"


def copy_of_a_plain_key(b):
    key = b.imported()
    key.path.write_bytes((b.folder / "plain.pem").read_bytes())  # as a person may have put it there
    hint = yield "key", "export", "--private", key.id, "--out", "copy"
    hint.follow(b.user, env={NEW: b.secret})
    yield "key", "export", "--private", key.id, "--out", "copy"


def old_root_key(b):
    b.user.env[ROOT] = b.secret
    key = b.of_old_version("root", "root_keys")
    hint = yield "key", "remove", key.id, "--yes"
    hint.follow(b.user)
    assert (key.path.exists(), key.old.exists()) == (True, False) and "role: root" in key.path.read_text()
    yield "key", "remove", key.id, "--yes"


def old_key_of_a_repository(b):
    b.user.env[NEW] = b.world.secrets.new()
    key = b.of_old_version("targets", f"tuf_keys/{GUN}")
    hint = yield "key", "passwd", key.id
    hint.follow(b.user)
    text = key.path.read_text()
    assert "role: targets" in text and f"gun: {GUN}" in text and not key.old.exists()
    yield "key", "passwd", key.id


def old_key_of_a_signer(b):
    """Its folder names a repository, which is no concern of a key of a delegation."""
    key = b.of_old_version("jenkins", f"tuf_keys/{GUN}")
    hint = yield "key", "remove", key.id, "--yes"
    hint.follow(b.user)
    assert (key.path.exists(), key.old.exists()) == (True, False) and "role: jenkins" in key.path.read_text()
    yield "key", "remove", key.id, "--yes"


def old_key_of_nobody(b):
    key = b.of_old_version("", f"tuf_keys/{GUN}")
    hint = yield "key", "remove", key.id, "--yes"
    hint.follow(b.user)
    assert (key.path.exists(), key.old.exists()) == (True, False)
    yield "key", "remove", key.id, "--yes"


def removal_without_yes(b):
    key = b.imported()
    hint = yield "key", "remove", key.id
    hint.follow(b.user, filled={"FILE": "copy"})
    yield "key", "remove", key.id, "--yes"
    assert b.user.ok("key", "import", "copy").document["keys"][0]["canonical_id"] == key.id


def name_taken(b):
    b.user.ok("key", "generate", "alice")
    yield "key", "generate", "alice"
    yield "key", "generate", "bob"


def file_for_a_folder(b):
    yield "key", "generate", "alice", "--out", b.file("out", "")
    yield "key", "generate", "alice", "--out", b.folder


def folder_missing(b):
    command = "key", "generate", "alice", "--out", b.folder / "new keys"
    hint = yield command
    hint.follow(b.user)
    yield command


def type_of_key(b):
    yield "key", "generate", "alice", "--type", "ed25519"
    yield "key", "generate", "alice", "--type", "p384"


def targets_key_of_nothing(b):
    yield "key", "import", b.plain(), "--role", "targets"
    yield "key", "import", b.folder / "plain.pem", "--role", "targets", "--gun", GUN


def label_with_control_character(b):
    yield "key", "import", b.plain(), "--role", "a\x01b"
    yield "key", "import", b.folder / "plain.pem", "--role", "ab"


CAUSES = [
    ("open-to-others", readable_key),
    ("open-to-others", writable_key),
    ("file-of-another-user", foreign_key),
    ("file-of-another-user", foreign_secret),
    ("output-exists", copy_there),
    ("output-exists", certificate_there),
    ("secret-missing", without_passphrase),
    ("secret-missing", without_passphrase_file),
    ("secret-missing", without_new_passphrase),
    ("secret-for-its-path", secret_in_the_place_of_its_path),
    ("secret-for-its-path", secret_file_missing),
    ("secret-in-utf16", secret_of_powershell),
    ("wrong-passphrase", passphrase_of_another_key),
    ("wrong-passphrase", passphrase_of_the_second_variable),
    ("key-reference", name_of_no_key),
    ("key-not-found", beginning_of_no_key),
    ("key-id-too-short", beginning_of_two_keys),
    ("key-not-of-the-trust-directory", key_file_to_be_removed),
    ("no-such-key-file", no_key_file),
    ("no-such-key-file", letter_for_a_key),
    ("file-damaged", empty_key_file),
    ("file-damaged", cut_key),
    ("file-damaged", cut_encrypted_key),
    ("key-unsupported", short_rsa_key),
    ("key-unsupported", key_on_another_curve),
    ("key-unsupported", certificate_of_ed25519),
    ("key-file-with-another-id", key_under_another_id),
    ("key-with-another-label", key_of_a_second_role),
    ("key-copy-unencrypted", copy_of_a_plain_key),
    ("key-of-an-old-version", old_root_key),
    ("key-of-an-old-version", old_key_of_a_signer),
    ("key-out-of-its-place", old_key_of_nobody),
    ("key-of-an-old-version-for-one-repository", old_key_of_a_repository),
    ("key-would-be-lost", removal_without_yes),
    ("key-name-taken", name_taken),
    ("key-folder-is-a-file", file_for_a_folder),
    ("key-folder-missing", folder_missing),
    ("key-type", type_of_key),
    ("key-of-which-repository", targets_key_of_nothing),
    ("key-label-unprintable", label_with_control_character),
]


@pytest.mark.parametrize("encoded", [False, True], ids=["PEM", "base64"])
def test_a_key_that_a_variable_holds_is_not_shown_and_is_named_after_it_was_written_to_a_file(world, encoded):
    bench = Bench(world)
    key = bench.plain().read_bytes()
    value = (base64.b64encode(key) if encoded else key).decode()
    secret = value if encoded else value.splitlines()[1]
    for args, env in ((["sign", "r.example/a:1@sha256:" + 64 * "0", "--size", "1", "--key", value], {}),
                      (["sign", "r.example/a:1@sha256:" + 64 * "0", "--size", "1"], {"COUNTERSIGN_KEY": value}),
                      (["signer", "add", "x", "r.example/a", "--key", value], {})):
        refused = bench.user.run(*args, "--server", "https://127.0.0.1:9", env=env)
        assert refused.exit_code not in (0, 1)
        assert secret[:24] not in refused.stderr + refused.stdout and secret[-24:] not in refused.stderr + refused.stdout
    hint = Hint.of(bench.user.refused(2, "key", "csr", value, "--cn", "x"), "key-itself-given")
    hint.follow(bench.user, env={"COUNTERSIGN_KEY": value}, which=int(encoded))
    assert (bench.user.work / "KEY.pem").stat().st_mode & 0o777 == 0o600
    bench.user.ok("key", "csr", "KEY.pem", "--cn", "x")


@pytest.mark.parametrize("row, cause", CAUSES, ids=lambda value: getattr(value, "__name__", value))
def test_what_the_hint_says_mends_the_cause(row, cause, world):
    bench = Bench(world)
    steps = cause(bench)
    outcome = bench.user.run(*next(steps))
    assert outcome.exit_code not in (0, 1), str(outcome)
    bench.user.ok(*steps.send(Hint.of(outcome, row)))
    assert next(steps, None) is None


@pytest.mark.parametrize("name", ["red\x1b[31m.pem", "two\nlines.pem", "right\u202eleft.pem", os.fsdecode(b"latin-\xe9.pem"),
                                  "it's\ta 'tab'.pem", "back\\slash\x7f.pem"])
def test_a_command_names_the_file_also_where_a_terminal_must_not_get_its_name(world, name):
    bench = Bench(world)
    key = bench.plain(name)
    key.chmod(0o644)
    listing = ["key", "list", "--signing-key", key]
    hint = Hint.of(bench.user.refused(3, *listing), "open-to-others")
    assert hint.command.isprintable() and hint.command.isascii() and hint.command.endswith("'")
    subprocess.run(["/bin/bash", "-c", hint.command], check=True, cwd=bench.user.work)
    bench.user.ok(*listing)
