"""Bad input and unusable parts: each ends in its exit code, one error line, one hint, and nothing else happens."""
import re
import shutil
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from support.hints import HINT_LINE
from support.identities import Identity
from support.process import free_port
from support.softhsm import calls
from support.stores import Proxied

SIGN = "sign {gun}:2.0 --oci-layout {layout} --key {key}"


@dataclass
class Fault:
    about: str
    exit_code: int
    errors: str  # the names that the error may have, separated by |
    command: str = SIGN  # words; {…} is filled in, spaces in a value stay
    key: str = "pem"  # pem, encrypted, token: the identity that the repository lists
    situation: str = ""  # a function of this module that changes the client
    env: dict = field(default_factory=dict)
    without: tuple = ()


PASSPHRASE = "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"
PIN = "COUNTERSIGN_PIN"

FAULTS = [
    # keys in files
    Fault("wrong passphrase", 10, "WRONG_PASSPHRASE", key="encrypted", env={PASSPHRASE: "{wrong}"}),
    Fault("missing passphrase", 3, "SECRET_MISSING", key="encrypted", without=(PASSPHRASE,)),
    Fault("key that no role lists", 10, "KEY_NOT_IN_ROLE", SIGN.replace("{key}", "{stranger}")),
    Fault("key file that is no key", 10, "KEY_MALFORMED", SIGN.replace("{key}", "{garbage}")),
    Fault("key file that others can read", 3, "INSECURE_FILE", SIGN.replace("{key}", "{loose}")),
    # keys in tokens
    Fault("wrong PIN", 10, "WRONG_PIN", key="token", env={PIN: "{wrong}"}),
    Fault("missing PIN", 3, "SECRET_MISSING", key="token", without=(PIN,)),
    Fault("no such token", 10, "TOKEN_NOT_FOUND", SIGN.replace("{key}", "pkcs11:token=nowhere;object=jenkins"),
          key="token"),
    Fault("no such key in the token", 10, "KEY_NOT_FOUND", SIGN.replace("{key}", "pkcs11:token=ci;object=nobody"),
          key="token"),
    Fault("two keys of that name, neither listed", 10, "KEY_AMBIGUOUS|KEY_NOT_IN_ROLE",
          SIGN.replace("{key}", "pkcs11:token=ci;object=twin"), key="token"),
    Fault("module that is not there", 10, "MODULE_FAILED", key="token",
          env={"COUNTERSIGN_PKCS11_MODULE": "/nonexistent/module.so"}),
    Fault("token URI that is none", 2, "INVALID_KEY_REF", SIGN.replace("{key}", "pkcs11:token=%zz")),
    # what is not there
    Fault("unknown repository", 6, "NO_TRUST_DATA", SIGN.replace("{gun}", "{unknown}")),
    Fault("list of an unknown repository", 6, "NO_TRUST_DATA", "list {unknown}"),
    Fault("verify of a tag that is not signed", 6, "NOT_SIGNED", "verify {gun}:9.9"),
    Fault("unknown role", 6, "ROLE_NOT_FOUND", SIGN + " --role targets/nobody"),
    # servers
    Fault("server down", 8, "SERVER_UNREACHABLE", situation="server_down"),
    Fault("TLS not trusted", 8, "TLS_FAILED", situation="ca_untrusted"),
    Fault("401 without credentials", 7, "UNAUTHORIZED", situation="server_wants_password"),
    Fault("401 with wrong credentials", 7, "UNAUTHORIZED", situation="server_wants_password",
          env={"NOTARY_AUTH": "{basic}"}),
    Fault("403 when publishing", 7, "FORBIDDEN", situation="server_is_read_only"),
    # trust
    Fault("unpinned root", 4, "UNPINNED_ROOT", situation="never_seen_and_unpinned"),
    Fault("list with an unpinned root", 4, "UNPINNED_ROOT", "list {gun}", situation="never_seen_and_unpinned"),
    Fault("pin of another root", 4, "PIN_MISMATCH", situation="never_seen_and_wrongly_pinned"),
    # guards
    Fault("tag that would move", 5, "TAG_MOVED", SIGN.replace(":2.0", ":1.0")),
    # references
    *(Fault(f"malformed reference {n}", 2, "INVALID_REFERENCE|INVALID_TAG|INVALID_DIGEST",
            f"sign {reference} --oci-layout {{layout}} --key {{key}}")
      for n, reference in enumerate([
          "{gun}:", ":2.0", "{gun}/UPPER:2.0", "{gun}//x:2.0", "{gun}:2.0:3", "{gun}:.hidden", "{gun}:2.0@sha256:12",
          "https://{gun}:2.0", "{gun}:" + "x" * 129, "{gun}:2.0@{digest}extra", "{gun}:ü"])),
    *(Fault(f"tag with control character {ord(c)}", 2, "INVALID_REFERENCE|INVALID_TAG",
            f"sign {{gun}}:2{c}0 --oci-layout {{layout}} --key {{key}}") for c in "\n\r\t\x1b\x7f\u0085"),
    *(Fault(f"repository that leaves its folder {n}", 2, "INVALID_REFERENCE",
            f"sign {reference} --oci-layout {{layout}} --key {{key}}")
      for n, reference in enumerate([
          "../../etc/app:2.0", "registry.example.com/../../etc:2.0", "registry.example.com/a/../b:2.0",
          "/etc/app:2.0", "registry.example.com/./a:2.0"])),
    *(Fault(f"init of a repository that leaves its folder {n}", 2, "INVALID_REFERENCE", f"repo init {gun}")
      for n, gun in enumerate(["../../etc", "registry.example.com/../../../etc"])),
    *(Fault(f"role that leaves its folder {n}", 2, "INVALID_ROLE", SIGN + f" --role {role}")
      for n, role in enumerate([
          "targets/../../x", "../x", "targets/../root", "targets//x", "targets/Upper", "/targets/x", "targets/x\n"])),
    *(Fault(f"signer name that leaves its folder {n}", 2, "INVALID_ROLE|USAGE",
            f"signer add {name} {{gun}} --key {{public}}")
      for n, name in enumerate(["../x", "a/../b", ".."])),
    # digests and sizes
    Fault("size that is not that of the image", 2, "SOURCES_DISAGREE",
          "sign {gun}:2.0@{digest} --size 7 --oci-layout {layout} --key {key}"),
    Fault("digest that is not in the layout", 2, "SOURCES_DISAGREE",
          "sign {gun}:2.0@sha256:" + "0" * 64 + " --oci-layout {layout} --key {key}"),
    Fault("size that is no number", 2, "USAGE", "sign {gun}:2.0@{digest} --size many --key {key}"),
    Fault("layout that is not there", 3, "FILE_UNREADABLE|CONFIG",
          "sign {gun}:2.0 --oci-layout /nonexistent --key {key}"),
    # command line
    Fault("option that is not there", 2, "USAGE", SIGN + " --no-such-option"),
    Fault("image forgotten", 2, "USAGE", "sign --key {key}"),
]


@pytest.fixture
def store(request, notary_local):
    """In memory and with its own keys: the faults are the client's, so one kind of server will do."""
    return notary_local


# --- situations: each changes the client and returns what must be stopped afterwards


def server_down(client, world):
    client.store = SimpleNamespace(option=f"https://127.0.0.1:{free_port()}", ca=world.store.ca)


def ca_untrusted(client, world):
    client.ca = False


def _behind(client, world, locations):
    proxied = Proxied(world.folder("proxy"), world.store, locations)
    client.store = proxied
    return proxied


def server_wants_password(client, world):
    users = world.folder("users") / "htpasswd"
    users.write_text("ci:{PLAIN}" + world.secrets.new() + "\n")
    return _behind(client, world, "location / { auth_basic trust; auth_basic_user_file " + str(users)
                   + "; proxy_pass {upstream}; }")


def server_is_read_only(client, world):
    return _behind(client, world, "location / { limit_except GET { deny all; } proxy_pass {upstream}; }")


def never_seen_and_unpinned(client, world):
    shutil.rmtree(client.trust_dir)
    client.pin = None


def never_seen_and_wrongly_pinned(client, world):
    shutil.rmtree(client.trust_dir)
    client.pin = "0" * 64


# --- the one test


def _identity(world, kind):
    if kind == "token":
        token = world.token()
        identity = Identity(token.generate("jenkins", "01"), None, ["--key", token.uri("jenkins")], token.env)
        for key_id in ("02", "03"):
            token.generate("twin", key_id)
        env, identity.spy_log = token.spied()
        identity.spied_env = env
        return identity
    identity = world.identity({"pem": "openssl-ec-pem", "encrypted": "openssl-rsa-pem"}[kind])
    identity.spied_env, identity.spy_log = {}, None
    return identity


def _words(fault, world, gun, identity, image):
    import base64
    folder = world.folder("keys")
    garbage, loose = folder / "garbage.pem", folder / "loose.pem"
    garbage.write_text("-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n")
    garbage.chmod(0o600)
    stranger = world.identity("openssl-ec-pem")
    shutil.copy(stranger.key_args[1], loose)
    loose.chmod(0o644)
    wrong = world.secrets.new()
    values = {"gun": gun, "unknown": world.store.gun(), "layout": image.layout, "digest": image.digest,
              "key": identity.key_args[1], "public": identity.public, "stranger": stranger.key_args[1],
              "garbage": garbage, "loose": loose, "wrong": wrong,
              "basic": world.secrets.add(base64.b64encode(f"ci:{wrong}".encode()).decode())}
    command = [word.format(**values) for word in fault.command.split(" ")]
    return command, {name: value.format(**values) for name, value in fault.env.items()}


def _tree(folder) -> dict:
    return {path.relative_to(folder): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: re.sub(r"[^\x20-\x7e]", "?", fault.about))
def test_bad_input_ends_in_its_exit_code_and_changes_nothing(world, fault):
    identity = _identity(world, fault.key)
    gun, admin = world.repository(identity)
    client = world.client(env=identity.env, pin=admin.pin)
    client.sign(gun, "1.0", world.image("signed before"), *identity.key_args)  # so that its trust directory is warm
    command, env = _words(fault, world, gun, identity, world.image("to be signed"))
    server = globals()[fault.situation](client, world) if fault.situation else None
    try:
        published, machine = world.store.state(gun), _tree(client.home)
        for output in ("json", "text"):
            if identity.spy_log:
                identity.spy_log.unlink(missing_ok=True)
            outcome = client.run(*command, env=identity.spied_env | env, without=fault.without, output=output)

            assert outcome.exit_code == fault.exit_code, str(outcome)
            assert outcome.error[0] in fault.errors.split("|"), str(outcome)
            hints = HINT_LINE.findall(outcome.stderr)
            assert len(hints) == 1, str(outcome)
            if output == "json":
                assert outcome.document["error"]["hint"] == hints[0], str(outcome)
            elif command[0] != "verify":  # which gives every image its verdict
                assert outcome.stdout == "", str(outcome)
            if "WRONG_PIN" in fault.errors:
                assert calls(identity.spy_log, "C_Login") == 1
            assert world.store.state(gun) == published, f"something was published\n{outcome}"
            assert _tree(client.home) == machine, f"something was left behind\n{outcome}"
    finally:
        if server:
            server.stop()
