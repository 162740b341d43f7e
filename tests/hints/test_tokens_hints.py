"""Hints about tokens, the keys on them and their PINs: each cause, what is printed for it, and the same command again when
that was done. The tokens are SoftHSM's, or, for the faults that it does not show, those of the scripted module. No
server is asked."""
import fcntl
import os
import shutil

import pytest

from support.hints import Hint
from support.keys import canonical_key_id
from support.process import clean_environment, run
from support.softhsm import MODULE, SoftHsm

FAKE_PIN = "1234"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def store():
    return None


class Bench:
    """A user with a token. What is done with a key is to make a certificate for it, which has to be signed."""

    def __init__(self, world, binary):
        self.world = world
        self.fake = binary.parents[1] / "tests" / "libfake_pkcs11.so"
        self.folder = world.folder("token files")
        self.user = world.client(server=None, ca=False)

    def softhsm(self, *keys):
        """A token with these keys, whose IDs are 01, 02 and so on."""
        token = SoftHsm(self.world.folder("hsm") / "a token", self.world.secrets)
        for number, name in enumerate(keys, 1):
            token.generate(name, f"{number:02}")
        self.user.env |= token.env
        return token

    def scripted(self, script, **env):
        self.user.env |= {"COUNTERSIGN_PKCS11_MODULE": str(self.fake), "COUNTERSIGN_PIN": FAKE_PIN,
                          "FAKE_PKCS11": script} | env
        return certificate("pkcs11:token=fake;object=key")

    def mendable(self, script):
        """The script counts until somebody has mended the token."""
        return self.scripted(f"{script};mended={self.folder / 'mended'}")

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o600)
        return path

    def shown(self):
        """The URIs of the keys that `token list` shows."""
        return [key["uri"] for token in self.user.ok("token", "list").document["tokens"] for key in token["keys"]]


def certificate(uri):
    return "key", "cert", uri, "--cn", "alice"


def another_key(b, hint):
    hint.follow(b.user, filled={"NAME": "another"})
    (uri,) = [uri for uri in b.shown() if "object=another" in uri]
    return certificate(uri)


# Each yields a command, is given the hint with which it is refused, mends the cause and yields the command again.
# --- modules


def module_missing(b):
    token = b.softhsm("alice")
    b.user.env["COUNTERSIGN_PKCS11_MODULE"] = "/nowhere/libnothing.so"
    yield certificate(token.uri("alice"))
    b.user.env["COUNTERSIGN_PKCS11_MODULE"] = str(MODULE)
    yield certificate(token.uri("alice"))


def module_is_none(b):
    token = b.softhsm("alice")
    b.user.env["COUNTERSIGN_PKCS11_MODULE"] = str(b.file("module.so", "?"))
    yield certificate(token.uri("alice"))
    yield certificate(f"{token.uri('alice')}?module-path={MODULE}")


def copied_module(b):
    command = b.scripted("")
    path = b.folder / "module.so"
    shutil.copy2(b.fake, path)
    b.user.env["COUNTERSIGN_PKCS11_MODULE"] = str(path)
    return command, path


def module_of_another_user(b):
    command, path = copied_module(b)
    shutil.chown(path, 12345)
    hint = yield command
    hint.follow(b.user)
    yield command


def module_that_everybody_can_write(b):
    command, path = copied_module(b)
    path.chmod(0o777)
    hint = yield command
    hint.follow(b.user)
    yield command


def folder_of_the_module_that_everybody_can_write(b):
    command, path = copied_module(b)
    path.parent.chmod(0o777)
    hint = yield command
    hint.follow(b.user)
    yield command


def settings_of_the_module(b):
    token = b.softhsm("alice")
    settings = b.user.env["SOFTHSM2_CONF"]
    b.user.env["SOFTHSM2_CONF"] = "/nowhere/softhsm2.conf"
    yield certificate(token.uri("alice"))
    b.user.env["SOFTHSM2_CONF"] = settings
    yield certificate(token.uri("alice"))


def limit_of_file_size(b):
    token = b.softhsm("alice")
    b.user.wrapper = "/bin/sh", "-c", 'ulimit -S -f 100; exec "$@"', "sh"
    hint = yield certificate(token.uri("alice"))
    b.user.wrapper = "/bin/sh", "-c", f'ulimit -S -f 100; {hint.command}; exec "$@"', "sh"
    yield certificate(token.uri("alice"))


def module_is_being_started(b):
    token = b.softhsm("alice")
    runtime = b.world.folder("runtime")
    b.user.env["XDG_RUNTIME_DIR"] = str(runtime)
    b.user.ok(*certificate(token.uri("alice")))
    (lock,) = (runtime / "countersign").glob("token-*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        hint = yield *certificate(token.uri("alice")), "--timeout", "1s"
        hint.follow(b.user)
        assert str(os.getpid()) in hint.shown
    yield certificate(token.uri("alice"))


# --- tokens


def other_label(b):
    token = b.softhsm("alice")
    hint = yield certificate("pkcs11:token=other;object=alice")
    hint.follow(b.user)
    assert f"token={token.label}" in hint.shown
    yield certificate(token.uri("alice"))


def other_label_in_any_module(b):
    token = b.softhsm("alice")
    del b.user.env["COUNTERSIGN_PKCS11_MODULE"]
    hint = yield certificate("pkcs11:token=other;object=alice")
    hint.follow(b.user)
    assert f"token={token.label}" in hint.shown
    yield certificate(token.uri("alice"))


def two_tokens_of_one_name(b):
    token = b.softhsm("alice")
    token.add_token(token.label)
    yield certificate(token.uri("alice"))
    (uri,) = [uri for uri in b.shown() if "object=alice" in uri]
    serial = uri.partition("serial=")[2].partition(";")[0]
    yield certificate(f"{token.uri('alice')};serial={serial}")


def broken_device(b):
    command = b.scripted("fail=C_Sign@*:0x30")
    hint = yield command
    hint.follow(b.user)
    assert "object=key" in hint.shown
    b.user.env["FAKE_PKCS11"] = ""
    yield command


def pulled_out(b):
    command = b.scripted("fail=C_Sign@*:0x32")
    yield command
    b.user.env["FAKE_PKCS11"] = ""
    yield command


def no_session_left(b):
    command = b.scripted("max-sessions=0")
    yield command
    b.user.env["FAKE_PKCS11"] = ""
    yield command


def not_to_be_written_to(b):
    b.scripted("fail=C_GenerateKeyPair@*:0xe2")
    yield "key", "generate", "alice", "--token", "pkcs11:token=fake"
    yield "key", "export", "pkcs11:token=fake;object=key", "--out", "alice.pub"


def keys_that_can_be_read_out(b):
    b.scripted("extractable")
    yield "key", "generate", "alice", "--token", "pkcs11:token=fake"
    b.user.env["FAKE_PKCS11"] = ""
    yield "key", "generate", "alice", "--token", "pkcs11:token=fake"


def no_rsa(b):
    b.scripted("")
    hint = yield "key", "generate", "alice", "--token", "pkcs11:token=fake", "--type", "rsa2048"
    hint.follow(b.user)
    assert "EC P-256" in hint.shown
    yield "key", "cert", "pkcs11:token=fake;object=key", "--cn", "alice"


def no_p384(b):
    b.scripted("")
    hint = yield "key", "generate", "alice", "--token", "pkcs11:token=fake", "--type", "p384"
    hint.follow(b.user)
    assert "EC P-256" in hint.shown
    yield "key", "cert", "pkcs11:token=fake;object=key", "--cn", "alice"


def name_taken(b):
    token = b.softhsm()
    generate = "key", "generate", "alice", "--token", f"pkcs11:token={token.label}"
    b.user.ok(*generate, "--out", b.folder)
    hint = yield generate
    hint.follow(b.user)
    assert canonical_key_id(b.user.work / "alice.pub") == canonical_key_id(b.folder / "alice.pub")
    yield "key", "generate", "bob", "--token", f"pkcs11:token={token.label}"


def name_taken_by_a_public_key(b):
    token = b.softhsm("alice")
    token.tool("--delete-object", "--type", "privkey", "--id", "01")
    yield "key", "generate", "alice", "--token", f"pkcs11:token={token.label}"
    yield "key", "generate", "bob", "--token", f"pkcs11:token={token.label}"


def public_half_of_another_key(b):
    token = b.softhsm("alice", "bob")

    def replace(name):
        token.tool("--delete-object", "--type", "pubkey", "--id", "01")
        token.tool("--write-object", token.folder / f"{name}.der", "--type", "pubkey", "--id", "01", "--label", "alice")

    replace("bob")
    yield certificate(f"pkcs11:token={token.label};id=%01")
    replace("alice")
    yield certificate(f"pkcs11:token={token.label};id=%01")


def flipped_signature(b):
    command = b.scripted("signature=flip")
    yield command
    b.user.env["FAKE_PKCS11"] = ""
    yield command


# --- keys on tokens


def other_name(b):
    token = b.softhsm("alice")
    hint = yield certificate(token.uri("bob"))
    hint.follow(b.user)
    assert "object=alice" in hint.shown
    yield certificate(token.uri("alice"))


def other_id(b):
    token = b.softhsm("alice")
    hint = yield certificate(f"{token.uri('alice')};id=%02")
    hint.follow(b.user)
    assert "id=%01" in hint.shown
    yield certificate(f"{token.uri('alice')};id=%01")


def name_of_another_id(b):
    token = b.softhsm("alice")
    hint = yield certificate(f"{token.uri('bob')};id=%01")
    hint.follow(b.user)
    yield certificate(f"{token.uri('alice')};id=%01")


def id_in_hex(b):
    token = b.softhsm("alice")
    hint = yield certificate(f"pkcs11:token={token.label};id=01")
    yield certificate(f"pkcs11:token={token.label};id={hint.values['id']}")


def two_keys(b):
    token = b.softhsm("alice", "bob")
    hint = yield certificate(f"pkcs11:token={token.label}")
    hint.follow(b.user)
    (uri,) = [uri for uri in b.shown() if "object=bob" in uri]
    assert uri in hint.shown
    yield certificate(uri)


def empty_token(b):
    token = b.softhsm()
    hint = yield certificate(f"pkcs11:token={token.label}")
    yield another_key(b, hint)


def weak_rsa(b):
    token = b.softhsm()
    token.tool("--keypairgen", "--key-type", "rsa:1024", "--label", "weak", "--id", "01", "--usage-sign")
    hint = yield certificate(token.uri("weak"))
    yield another_key(b, hint)


def foreign_curve(b):
    token = b.softhsm()
    token.tool("--keypairgen", "--key-type", "EC:secp256k1", "--label", "odd", "--id", "01", "--usage-sign")
    hint = yield certificate(token.uri("odd"))
    yield another_key(b, hint)


def ed25519(b):
    token = b.softhsm()
    token.tool("--keypairgen", "--key-type", "EC:edwards25519", "--label", "odd", "--id", "01", "--usage-sign")
    hint = yield certificate(token.uri("odd"))
    yield another_key(b, hint)


def two_public_halves(b):
    token = b.softhsm("alice", "bob")
    token.tool("--write-object", token.folder / "bob.der", "--type", "pubkey", "--id", "01", "--label", "alice")
    hint = yield certificate(token.uri("alice"))
    yield another_key(b, hint)


def without_the_right_to_sign(b):
    token = b.softhsm()
    run(["/usr/bin/p11tool", "--provider", MODULE, "--login", "--generate-privkey=ecdsa", "--curve=secp256r1",
         "--label=decrypts", "--no-mark-sign", "--mark-decrypt", "--outfile=public.pem", f"pkcs11:token={token.label}"],
        env=clean_environment(b.folder) | token.env | {"GNUTLS_PIN": token.pin}, cwd=b.folder)
    hint = yield certificate(token.uri("decrypts"))
    yield another_key(b, hint)


def without_public_half(b):
    token = b.softhsm("alice")
    token.tool("--delete-object", "--type", "pubkey", "--id", "01")
    hint = yield certificate(token.uri("alice"))
    hint.follow(b.user, typed=[token.pin], filled={"FILE.der": token.folder / "alice.der"})
    yield certificate(token.uri("alice"))


def without_public_half_and_id(b):
    token = b.softhsm()
    token.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "the key", "--usage-sign")
    token.tool("--read-object", "--type", "pubkey", "--label", "the key", "--output-file", b.folder / "public.der")
    token.tool("--delete-object", "--type", "pubkey", "--label", "the key")
    command = certificate(f"pkcs11:token={token.label};object=the%20key")
    hint = yield command
    hint.follow(b.user, typed=[token.pin], filled={"FILE.der": b.folder / "public.der"})
    yield command


# --- URIs


def written(wrong, right):
    """The URI of a token with the key `alice`; {token} and {module} stand for theirs."""
    def cause(b):
        token = b.softhsm("alice")
        values = {"token": token.label, "module": MODULE, "pin": b.file("pin", token.pin)}
        values["pin"] = str(values["pin"]).replace(" ", "%20")
        if "{pin}" in right:
            del b.user.env["COUNTERSIGN_PIN"]
        hint = yield certificate(wrong.format(**values))
        for which in range(len(hint.commands)):
            hint.follow(b.user, which=which)
        yield certificate(right.format(**values) if right else b.shown()[0])
    cause.__name__ = wrong
    return cause


def name_for_a_new_key(b):
    token = b.softhsm()
    yield "key", "generate", "alice", "--token", token.uri("alice")
    yield "key", "generate", "alice", "--token", f"pkcs11:token={token.label}"


GOOD = "pkcs11:token={token};object=alice"
URIS = [
    ("uri-malformed", written("pkcs11:token={token};token={token}", "")),
    ("uri-malformed", written("pkcs11:token={token};object=", "")),
    ("uri-malformed", written("pkcs11:token={token};;object=alice", "")),
    ("uri-malformed", written("pkcs11:token={token};alice", "")),
    ("uri-malformed", written("pkcs11:token={token}?object=alice", "")),
    ("uri-malformed", written("pkcs11:token={token};module-path={module}", "")),
    ("uri-malformed", written("pkcs11:token=%20;object=alice", "")),
    ("uri-malformed", written("pkcs11:token={token};object=a%00", "")),
    ("uri-malformed", written("pkcs11:token={token};object=" + 9000 * "a", "")),
    ("uri-with-blanks", written("pkcs11: token={token}", GOOD)),
    ("uri-by-slot", written("pkcs11:slot-id=0;object=alice", "")),
    ("uri-with-module-name", written(GOOD + "?module-name=softhsm2", GOOD + "?module-path={module}")),
    ("uri-with-pinfile", written(GOOD + "?pinfile={pin}", GOOD + "?pin-source={pin}")),
    ("uri-attribute-unknown", written("pkcs11:label={token};object=alice", GOOD)),
    ("uri-separator-misplaced", written(GOOD + "?module-path={module};pin-source={pin}",
                                        GOOD + "?module-path={module}&pin-source={pin}")),
    ("uri-of-another-type", written(GOOD + ";type=cert", GOOD + ";type=private")),
    ("uri-percent-unfinished", written("pkcs11:token={token};id=%1", "pkcs11:token={token};id=%01")),
    ("uri-value-too-long", written("pkcs11:token=" + 33 * "a", GOOD)),
    ("uri-module-path-relative", written(GOOD + "?module-path=libsofthsm2.so", GOOD + "?module-path={module}")),
    ("uri-pin-program", written(GOOD + "?pin-source=|cat", GOOD + "?pin-source={pin}")),
    ("uri-pin-source-relative", written(GOOD + "?pin-source=pin", GOOD + "?pin-source={pin}")),
    ("uri-of-a-key-for-a-new-one", name_for_a_new_key),
]

# --- PINs


def no_pin(b):
    token = b.softhsm("alice")
    pin = b.user.env.pop("COUNTERSIGN_PIN")
    yield certificate(token.uri("alice"))
    b.user.env["COUNTERSIGN_PIN_FILE"] = str(b.file("pin", pin))
    yield certificate(token.uri("alice"))


def empty_variable(b):
    command = b.scripted("", COUNTERSIGN_PIN="")
    yield command
    b.user.env["COUNTERSIGN_PIN"] = FAKE_PIN
    yield command


def empty_pin(b):
    _, _, uri, *more = b.scripted("pin-length=0", COUNTERSIGN_PIN="")
    yield "key", "cert", uri, *more
    yield "key", "cert", f"{uri}?pin-value=", *more


def zero_byte_in_the_file(b):
    command = b.scripted("")
    del b.user.env["COUNTERSIGN_PIN"]
    path = b.file("pin", b"12\0" b"34\n")
    b.user.env["COUNTERSIGN_PIN_FILE"] = str(path)
    yield command
    path.write_text(FAKE_PIN)
    yield command


def key_that_wants_it_every_time(b):
    command = b.scripted("unprotected;always-authenticate")
    del b.user.env["COUNTERSIGN_PIN"]
    yield command
    b.user.env["COUNTERSIGN_PIN_FILE"] = str(b.file("pin", FAKE_PIN))
    yield command


def wrong_in_the_variable(b):
    token = b.softhsm("alice")
    b.user.env["COUNTERSIGN_PIN"] = b.world.secrets.new()
    hint = yield certificate(token.uri("alice"))
    assert hint.values["place"] == "COUNTERSIGN_PIN"
    b.user.env["COUNTERSIGN_PIN"] = token.pin
    yield certificate(token.uri("alice"))


def wrong_in_the_variables_file(b):
    token = b.softhsm("alice")
    del b.user.env["COUNTERSIGN_PIN"]
    path = b.file("pin", b.world.secrets.new())
    b.user.env["COUNTERSIGN_PIN_FILE"] = str(path)
    hint = yield certificate(token.uri("alice"))
    assert hint.values["place"] == "COUNTERSIGN_PIN_FILE"
    path.write_text(token.pin)
    yield certificate(token.uri("alice"))


def wrong_in_pin_source(b):
    token = b.softhsm("alice")
    path = b.file("pin", b.world.secrets.new())
    uri = f"{token.uri('alice')}?pin-source={str(path).replace(' ', '%20')}"
    hint = yield certificate(uri)
    assert hint.values["place"] == f"pin-source {path}"
    path.write_text(token.pin)
    yield certificate(uri)


def locked(b):
    command = b.mendable("flags=0x40000")
    hint = yield command
    hint.follow(b.user, typed=[FAKE_PIN] * 3)
    yield command


def locked_by_this_try(b):
    command = b.mendable("fail=C_Login@1:0xa4")
    hint = yield command
    b.user.env["FAKE_PKCS11"] = b.user.env["FAKE_PKCS11"].replace("C_Login@1:0xa4", "none@1:0")
    hint.follow(b.user, typed=[FAKE_PIN] * 3)
    yield command


def last_try(b):
    command = b.mendable("flags=0x20000")
    hint = yield command
    hint.follow(b.user, typed=[FAKE_PIN])
    yield command


def nobody_has_set_a_pin(b):
    token = b.softhsm()
    token.add_token("fresh")
    pin = b.user.env.pop("COUNTERSIGN_PIN")
    generate = "key", "generate", "alice", "--token", "pkcs11:token=fresh"
    hint = yield generate
    hint.follow(b.user, typed=[token._so_pin, pin, pin])
    b.user.env["COUNTERSIGN_PIN"] = pin
    yield generate


def expired(b):
    command = b.mendable("fail=C_Login@*:0xa3")
    hint = yield command
    hint.follow(b.user, typed=[FAKE_PIN] * 3)
    yield command


def keypad_refuses(b):
    command = b.scripted("flags=0x100;without-pin=0xa0")
    yield command
    b.user.env["FAKE_PKCS11"] = "flags=0x100;without-pin=0"
    yield command


def keypad_that_is_none(b):
    command = b.scripted("flags=0x100;without-pin=0x54")
    del b.user.env["COUNTERSIGN_PIN"]
    yield command
    b.user.env["COUNTERSIGN_PIN_FILE"] = str(b.file("pin", FAKE_PIN))
    yield command


CAUSES = [
    ("module-not-found", module_missing),
    ("module-not-found", module_is_none),
    pytest.param("module-of-another-user", module_of_another_user, marks=only_root),
    ("module-open-to-others", module_that_everybody_can_write),
    ("module-open-to-others", folder_of_the_module_that_everybody_can_write),
    ("module-does-not-start", settings_of_the_module),
    ("no-room-for-files", limit_of_file_size),
    ("module-busy", module_is_being_started),
    ("token-not-found", other_label),
    ("token-not-found-in-any-module", other_label_in_any_module),
    ("token-ambiguous", two_tokens_of_one_name),
    ("token-failed", broken_device),
    ("token-gone", pulled_out),
    ("token-full-of-sessions", no_session_left),
    ("token-write-protected", not_to_be_written_to),
    ("token-gives-keys-away", keys_that_can_be_read_out),
    ("token-without-such-keys", no_rsa),
    ("token-without-such-keys", no_p384),
    ("token-already-has-that-key", name_taken),
    ("token-already-has-that-public-key", name_taken_by_a_public_key),
    ("bad-token-signature", public_half_of_another_key),
    ("bad-token-signature", flipped_signature),
    ("token-key-not-found", other_name),
    ("token-key-not-found", other_id),
    ("token-key-not-found", name_of_another_id),
    ("token-key-id-in-hex", id_in_hex),
    ("token-key-ambiguous", two_keys),
    ("token-key-unusable", empty_token),
    ("token-key-unusable", weak_rsa),
    ("token-key-unusable", foreign_curve),
    ("token-key-unusable", ed25519),
    ("token-key-unusable", two_public_halves),
    ("token-key-may-not-sign", without_the_right_to_sign),
    ("token-key-without-public-half", without_public_half),
    ("token-key-without-public-half-and-id", without_public_half_and_id),
    *URIS,
    ("pin-missing", no_pin),
    ("pin-empty", empty_variable),
    ("pin-empty", empty_pin),
    ("pin-with-zero-byte", zero_byte_in_the_file),
    ("pin-for-every-signature", key_that_wants_it_every_time),
    ("wrong-pin", wrong_in_the_variable),
    ("wrong-pin", wrong_in_the_variables_file),
    ("wrong-pin", wrong_in_pin_source),
    ("pin-locked", locked),
    ("pin-locked", locked_by_this_try),
    ("pin-final-try", last_try),
    ("pin-not-set", nobody_has_set_a_pin),
    ("pin-expired", expired),
    ("own-way-to-log-in-fails", keypad_refuses),
    ("own-way-to-log-in-missing", keypad_that_is_none),
]


@pytest.mark.parametrize("row, cause", CAUSES, ids=lambda value: getattr(value, "__name__", value)[:60])
def test_what_the_hint_says_mends_the_cause(row, cause, world, binary):
    bench = Bench(world, binary)
    steps = cause(bench)
    outcome = bench.user.run(*next(steps))
    assert outcome.exit_code not in (0, 1), str(outcome)
    bench.user.ok(*steps.send(Hint.of(outcome, row)))
    assert next(steps, None) is None
