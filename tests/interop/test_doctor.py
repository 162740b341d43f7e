"""`countersign doctor`: each cause by itself, made with real parts, is the answer, with a name and a hint of its own.

A row of the table makes one thing wrong with a user whose every other link is whole; nothing changes on any server."""
import base64
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.countersign import Countersign
from support.forged_keys import DAY, TODAY, ec_key
from support.forger import PAST, ForgedRepository
from support.hostile_server import Answer, HostileServer
from support.process import free_port
from support.secrets import Secrets
from support.stores import Nginx, NotaryServer, StaticRepository, TokenService
from support.tls import Authority
from support.world import World

ACTIONS = {"ci": ["pull", "push"], "reader": ["pull"], "stranger": [], "owner": ["pull", "push", "*"]}
REGISTRY = """
location = /v2/ { add_header Docker-Distribution-Api-Version registry/2.0; return 200 '{}'; }
location / { add_header Docker-Distribution-Api-Version registry/2.0 always; return 404 '404 page not found'; }
"""  # what docker-registry 2.8.2 answers


class Clinic:
    """Servers of many kinds, and repositories in which one or nothing is wrong. What is made is made once."""

    def __init__(self, folder: Path, binary: Path):
        self.folder = folder
        self.binary = binary
        self.secrets = Secrets()
        self._made = {}
        self.passwords = {name: self.secrets.new() for name in ACTIONS}
        self._stack = ExitStack()

    def once(self, name: str, make: Callable):
        if name not in self._made:
            self._made[name] = make(self.folder / name)
            if hasattr(self._made[name], "stop"):
                self._stack.callback(self._made[name].stop)
        return self._made[name]

    def close(self):
        self._stack.close()

    # --- servers ------------------------------------------------------------------------------------------------

    @property
    def authority(self) -> Authority:
        return self.once("authority", Authority)

    @property
    def notary(self) -> NotaryServer:
        return self.once("notary", lambda f: NotaryServer(f, with_signer=False, authority=self.authority))

    @property
    def tokens(self) -> TokenService:
        return self.once("tokens", lambda f: TokenService(f, self.authority, {
            name: {"password": self.passwords[name], "actions": actions} for name, actions in ACTIONS.items()}))

    @property
    def protected(self) -> NotaryServer:
        """Wants tokens, and has its keys in a notary-signer."""
        def make(folder):
            server = NotaryServer(folder, with_signer=True, auth=self.tokens.auth, authority=self.authority)
            server.guarded = True
            return server
        return self.once("protected", make)

    @property
    def hostile(self) -> HostileServer:
        return self.once("hostile", HostileServer)

    def nginx(self, name: str, locations: str) -> Nginx:
        return self.once(name, lambda folder: Nginx(folder, self.authority, locations))

    # --- users and repositories -----------------------------------------------------------------------------------

    def world(self, store=None) -> World:
        store = store or self.notary
        def make(folder):
            folder.mkdir()
            return World(folder, store, self.secrets, lambda: self.binary)
        return self.once("world-" + store.url.rpartition(":")[2], make)

    def auth(self, name: str) -> dict[str, str]:
        value = base64.b64encode(f"{name}:{self.passwords[name]}".encode()).decode()
        return {"NOTARY_AUTH": self.secrets.add(value)}

    def repository(self, name="healthy", kind="openssl-ec-pem", signer=True):
        """On the open server: with the signer jenkins, whose key the user has."""
        def make(_):
            world = self.world()
            identity, gun, admin = world.identity(kind), world.store.gun(name), world.admin()
            admin.init(gun)
            if signer:
                admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
            return SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return self.once(f"repository-{name}-{kind}", make)

    def patient(self, repository=None, *args, key=None, env=None, **options) -> "Patient":
        """A CI system with the repository's key; `args` are added to the command."""
        repository = repository or self.repository()
        options.setdefault("pin", repository.admin.pin)
        environment = repository.identity.env | (env or {})
        client = repository.world.client(env={k: v for k, v in environment.items() if v is not None}, **options)
        return Patient(client, [repository.gun, *(repository.identity.key_args if key is None else key), *args])

    def guarded(self, env: dict[str, str]) -> "Patient":
        """The same on the server that wants tokens."""
        def make(_):
            world = self.world(self.protected)
            identity, gun = world.identity(), self.protected.gun()
            admin = world.admin(env=self.auth("owner"))
            admin.init(gun)
            admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
            return SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return self.patient(self.once("guarded", make), env=env)

    def forged(self, name: str, change: Callable[[ForgedRepository], None], *args) -> "Patient":
        """A repository whose files say what the change makes of them."""
        gun = f"registry.example.com/{name}/app"
        ci = ec_key("ci")
        shelf = self.hostile.shelf(gun)
        repo = ForgedRepository(gun, shelf, ci)
        for role in ("snapshot", "timestamp"):
            shelf.files[f"{role}.key"] = json.dumps(repo.signers[role][0].object).encode()
        world = self.world(self.hostile)
        client = world.client(pin=repo.pin)
        patient = Patient(client, [gun, "--key", ci.write(world.folder("key") / "ci.pem"), *args])
        change(repo)
        return patient

    def elsewhere(self, url: str, **options) -> "Patient":
        """A user who names another server; nothing but the way to it and its nature is of interest."""
        return self.patient(server=url, **options)


@dataclass
class Patient:
    client: Countersign
    args: list

    @property
    def gun(self) -> str | None:
        return self.args[0].partition(":")[0] if self.args and self.args[0].startswith("registry.") else None

    def doctor(self, **options):
        return self.client.run("doctor", *self.args, **options)

    def sign(self):
        image = f"{self.gun}:1.0@sha256:{'00' * 32}"
        return self.client.run("sign", image, "--size", "1", *self.args[1:])

    def stored(self) -> dict[str, bytes] | None:
        """What is published; nothing if only users with tokens may see it."""
        store = self.client.store
        return store.state(self.gun) if self.gun and hasattr(store, "state") and not hasattr(store, "guarded") else None


@pytest.fixture(scope="module")
def clinic(tmp_path_factory, binary):
    clinic = Clinic(tmp_path_factory.mktemp("clinic"), binary)
    yield clinic
    clinic.close()


# --- causes -------------------------------------------------------------------------------------------------------


def bad_config(clinic, text="{", mode=0o600):
    patient = clinic.patient()
    config = patient.client.work / "config.json"
    config.write_text(text)
    config.chmod(mode)
    patient.args += ["--config", str(config)]
    return patient


def trust_dir(clinic, make):
    patient = clinic.patient()
    make(patient.client.trust_dir)
    return patient


def open_to_others(folder: Path):
    (folder / "private").mkdir(parents=True)
    (folder / "private").chmod(0o777)


def no_certificates(clinic):
    path = clinic.world().folder("ca") / "ca.crt"
    path.write_text("?")
    patient = clinic.patient(ca=False)
    patient.args += ["--tlscacert", str(path)]
    return patient


def no_tls(clinic):
    listener = clinic.once("plain", lambda _: PlainServer())
    return clinic.elsewhere(f"https://127.0.0.1:{listener.port}")


class PlainServer:
    """Answers everybody in plain HTTP."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def stop(self):
        self._socket.close()


def lapsed_server(clinic):
    """Its certificate has expired."""
    def make(folder):
        authority = SimpleNamespace(issue=lambda name: clinic.authority.issue(name, lifetime=timedelta(minutes=1)))
        return Nginx(folder, authority, "return 404;")
    return clinic.once("lapsed", make)


def wrong_clock(clinic):
    clinic.hostile.ping = Answer(b"{}", headers=(("Date", formatdate(0, usegmt=True)),))
    try:
        yield clinic.forged("clock", lambda repo: None)
    finally:
        clinic.hostile.ping = Answer(b"{}")


def wants_certificate(clinic):
    return clinic.elsewhere(clinic.nginx(
        "wants-certificate", "ssl_client_certificate {ca}; ssl_verify_client on; return 404;".replace(
            "{ca}", str(clinic.authority.ca))).url)


def token_service_at(clinic, name, url):
    """A notary-server that sends its clients there for tokens."""
    auth = clinic.tokens.auth
    auth = auth | {"options": auth["options"] | {"realm": f"{url}/token"}}
    server = clinic.once(name, lambda f: NotaryServer(f, with_signer=False, auth=auth, authority=clinic.authority))
    return clinic.patient(server=server.url, env=clinic.auth("ci"))


def lost_signer(clinic):
    """A notary-server whose notary-signer has gone."""
    def make(folder):
        server = NotaryServer(folder, with_signer=True, authority=clinic.authority)
        world = clinic.world(server)
        identity = world.identity()
        gun, admin = world.repository(identity)
        server._daemons[0].stop()
        server.prepared = SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return server
    return clinic.patient(clinic.once("lost-signer", make).prepared)


def static(clinic):
    def make(folder):
        store = StaticRepository(folder)
        world = clinic.world(store)
        identity = world.identity()
        gun, admin = world.repository(identity)
        store.prepared = SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return store
    return clinic.once("static", make)


def static_over_https(clinic):
    return clinic.patient(static(clinic).prepared, server=static(clinic).url)


def copied_folder(clinic):
    """Without the keys, which lie beside it."""
    copy = clinic.folder / "copy"
    if not copy.exists():
        shutil.copytree(static(clinic).folder, copy)
    return clinic.patient(static(clinic).prepared, server=f"file:{copy}")


def damaged_memory(clinic):
    """The server has less than it had."""
    def change(repo):
        before = repo.state()
        repo.tag("2.0")
        repo.publish("targets/releases", "targets/jenkins")
        patient_sees.append(before)
    patient_sees = []
    gun = "rollback"
    patient = clinic.forged(gun, change)
    patient.client.ok("list", patient.args[0])
    shelf = clinic.hostile.shelf(patient.args[0])
    for role in ("timestamp", "snapshot"):
        shelf.files[f"{role}.json"] = patient_sees[0].files[role]
    return patient


def expired(role):
    def change(repo):
        repo.edit(role)["expires"] = PAST
        repo.publish(*([role] if role in ("root", "targets") else []))
    return lambda clinic: clinic.forged(f"expired-{role}", change)


def lapsed_root(clinic):
    def change(repo):
        (before,) = repo.signers["root"]
        lapsed = before.certified(repo.gun, start=TODAY - 2 * DAY, end=TODAY - DAY)
        repo.rotate("root", lapsed)
        repo.signers["root"] = [before, lapsed]  # each root is signed by the keys before it too
        repo.publish("root")
    return clinic.forged("lapsed-root", change)


def lost_file(clinic):
    def change(repo):
        for name in [name for name in repo.shelf.files if name.startswith("targets.")]:
            del repo.shelf.files[name]
    return clinic.forged("lost-file", change)


def unsigned_targets(repo):
    repo.edit("targets")
    repo.signers["targets"] = [ec_key("stranger")]
    repo.publish("targets")


def token(clinic, *, object_name="jenkins", label=None, env=None, without=()):
    repository = clinic.repository("token", "token-p256")
    patient = clinic.patient(repository, env=env)
    uri = repository.identity.key_args[1]
    if label or object_name != "jenkins":
        stem = uri.partition(";")[0]
        patient.args = [repository.gun, "--key", f"{'pkcs11:token=' + label if label else stem};object={object_name}"]
    for name in without:
        del patient.client.env[name]
    return patient


def open_pin_file(clinic):
    path = clinic.folder / "open-pin"
    path.write_text(clinic.secrets.new())
    path.chmod(0o666)
    return token(clinic, env={"COUNTERSIGN_PIN_FILE": str(path)}, without=["COUNTERSIGN_PIN"])


def scripted_token(clinic, script: str, **env):
    """The scripted module, and the log of what it was asked. No repository: its key is in none."""
    module = clinic.binary.parents[1] / "tests" / "libfake_pkcs11.so"
    log = clinic.folder / f"fake-{len(list(clinic.folder.glob('fake-*')))}.log"
    patient = clinic.patient(env={"COUNTERSIGN_PKCS11_MODULE": str(module), "COUNTERSIGN_PIN": "1234",
                                  "FAKE_PKCS11": script, "FAKE_PKCS11_LOG": str(log)} | env)
    patient.args = ["--key", "pkcs11:token=fake"]
    patient.log = log
    return patient


def pin_that_is_not_tried(clinic, flag):
    patient = scripted_token(clinic, f"flags={flag}")
    yield patient
    assert "C_GetTokenInfo" in patient.log.read_text() and "C_Login" not in patient.log.read_text()


def encrypted_key(clinic, **env):
    patient = clinic.patient(clinic.repository("encrypted", "docker-key-file"), env=env)
    private = patient.client.trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    for path in clinic.repository("encrypted", "docker-key-file").identity.key_files:
        shutil.copy2(path, private)
    return patient


def key_file(clinic, change):
    repository = clinic.repository()
    path = clinic.world().folder("key") / "ci.pem"
    shutil.copy2(repository.identity.key_args[1], path)
    change(path)
    return clinic.patient(key=["--key", str(path)])


def foreign_key(clinic):
    return clinic.patient(key=clinic.repository("token", "token-p256").identity.key_args,
                          env=clinic.repository("token", "token-p256").identity.env)


def own_role_only(repo):
    repo.edit("targets")
    repo.delegate("targets/releases", ec_key("somebody else"))
    repo.publish("targets", "targets/releases")


def two_signatures(repo):
    repo.edit("targets")
    repo.delegate("targets/releases", repo.ci, ec_key("second"), threshold=2)
    repo.publish("targets", "targets/releases")


def changed_key(repo):
    """The stored file is signed with a key that is no longer the role's."""
    repo.edit("targets")
    repo.delegate("targets/jenkins", repo.ci)
    repo.signers["targets/jenkins"] = [ec_key("who has left")]
    repo.publish("targets", "targets/jenkins")


def paths(*prefixes):
    def change(repo):
        repo.edit("targets")
        repo.delegate("targets/releases", repo.ci, paths=prefixes)
        repo.publish("targets", "targets/releases")
    return change


def other_tag(clinic):
    patient = clinic.forged("paths", paths("qa-"))
    patient.args[0] += ":1.0"
    return patient


def client_snapshot(clinic):
    def make(_):
        world = clinic.world()
        identity = world.identity()
        gun, notary = world.official_repository(identity, server_snapshot=False)
        pin = world.pin(gun)
        owner = world.client(pin=pin, env={"NOTARY_SNAPSHOT_PASSPHRASE": notary.passphrase})
        (owner.trust_dir / "private").mkdir(parents=True, mode=0o700)
        for key_id, role in notary.key_roles().items():
            if role == "snapshot":
                shutil.copy2(notary.trust_dir / "private" / f"{key_id}.key", owner.trust_dir / "private")
        return SimpleNamespace(gun=gun, identity=identity, admin=SimpleNamespace(pin=pin), world=world,
                               owner=Patient(owner, [gun, *identity.key_args]))
    return clinic.patient(clinic.once("client-snapshot", make))


def without_key(clinic):
    return clinic.patient(key=[])


@dataclass(frozen=True)
class Cause:
    diagnosis: str
    code: str
    broken: str  # the link
    hint: str  # stands in it
    make: Callable
    stricter: bool = False  # than `sign`, which goes on where somebody else might have meddled

    def __str__(self):
        return self.diagnosis


CAUSES = [
    # the machine
    Cause("config", "CONFIG", "configuration", "mend the file", bad_config),
    Cause("configuration-not-private", "INSECURE_FILE", "configuration", "chmod go-w",
          lambda c: bad_config(c, "{}", 0o666), stricter=True),
    Cause("trust-directory-unusable", "LOCAL", "trust-directory", "--trust-dir",
          lambda c: trust_dir(c, lambda path: path.write_text(""))),
    Cause("trust-directory-not-private", "INSECURE_FILE", "trust-directory", "chmod -R go-w",
          lambda c: trust_dir(c, open_to_others), stricter=True),
    # the way to the server
    Cause("no-server", "CONFIG", "server", "DOCKER_CONTENT_TRUST_SERVER",
          lambda c: Patient(c.world().client(server=None), ["alpine"])),
    Cause("host-unknown", "SERVER_UNREACHABLE", "reachable", "getent hosts no-such-host.invalid",
          lambda c: c.elsewhere("https://no-such-host.invalid")),
    Cause("server-unreachable", "SERVER_UNREACHABLE", "reachable", "check the address",
          lambda c: c.elsewhere(f"https://127.0.0.1:{free_port()}")),
    Cause("tls-file-unusable", "FILE_UNREADABLE", "reachable", "PEM file", no_certificates),
    Cause("tls-unknown-authority", "TLS_FAILED", "tls", "--tlscacert", lambda c: c.patient(ca=False)),
    Cause("tls-other-host-name", "TLS_FAILED", "tls", "use the name",
          lambda c: c.elsewhere(c.notary.url.replace("127.0.0.1", "0.0.0.0"))),
    Cause("tls-certificate-expired", "TLS_FAILED", "tls", "clock", lambda c: c.elsewhere(lapsed_server(c).url)),
    Cause("tls-not-spoken", "TLS_FAILED", "tls", "--allow-http", no_tls),
    Cause("tls-client-certificate", "TLS_FAILED", "tls", "--tlscert", wants_certificate),
    Cause("clock-wrong", "LOCAL", "clock", "timedatectl", wrong_clock, stricter=True),
    # what it is
    Cause("server-is-registry", "SERVER_ERROR", "trust-server", "name the Notary server",
          lambda c: c.elsewhere(c.nginx("registry", REGISTRY).url)),
    Cause("server-is-no-notary", "SERVER_ERROR", "trust-server", "name the Notary server",
          lambda c: c.elsewhere(c.nginx("page", "return 200 '<h1>Welcome</h1>';").url)),
    Cause("server-redirects", "SERVER_ERROR", "trust-server", "name the place itself",
          lambda c: c.elsewhere(c.nginx("redirect", "return 301 https://elsewhere.example.com/;").url)),
    Cause("server-failing", "SERVER_ERROR", "trust-server", "log of notary-server",
          lambda c: c.elsewhere(c.nginx("gateway", "location / { proxy_pass http://127.0.0.1:%d; }"
                                        % free_port()).url)),
    # whom it lets in
    Cause("credentials-missing", "UNAUTHORIZED", "credentials", "docker login registry.example.com",
          lambda c: c.guarded({})),
    Cause("credentials-refused", "UNAUTHORIZED", "credentials", "NOTARY_AUTH",
          lambda c: c.guarded({"NOTARY_AUTH": base64.b64encode(b"ci:wrong").decode()})),
    Cause("credentials-unusable", "CONFIG", "credentials", "base64",
          lambda c: c.guarded({"NOTARY_AUTH": "not base64"})),
    Cause("pull-denied", "FORBIDDEN", "credentials", "push access", lambda c: c.guarded(c.auth("stranger"))),
    Cause("push-denied", "FORBIDDEN", "push", "push access", lambda c: c.guarded(c.auth("reader"))),
    Cause("token-service-unreachable", "SERVER_UNREACHABLE", "credentials", "auth.options.realm",
          lambda c: token_service_at(c, "lost", f"https://127.0.0.1:{free_port()}")),
    Cause("token-service-untrusted", "TLS_FAILED", "credentials", "clock",
          lambda c: token_service_at(c, "untrusted", lapsed_server(c).url)),
    Cause("no-trust-data", "NO_TRUST_DATA", "repository", "countersign repo init registry.example.com/nobody",
          lambda c: Patient(c.world().client(), ["registry.example.com/nobody"])),
    Cause("server-is-read-only", "SERVER_REJECTED", "push", "file:DIR", static_over_https),
    Cause("server-keys-unavailable", "SERVER_ERROR", "push", "notary-signer", lost_signer),
    Cause("folder-missing", "SERVER_UNREACHABLE", "server", "countersign repo init",
          lambda c: c.elsewhere(f"file:{c.folder}/nothing")),
    Cause("folder-read-only", "LOCAL", "push", "owner of the folder", copied_folder),
    # the trust data
    Cause("unpinned-root", "UNPINNED_ROOT", "root", "--trust-root", lambda c: c.patient(pin=None)),
    Cause("pin-mismatch", "PIN_MISMATCH", "root", "countersign repo pin", lambda c: c.patient(pin="ab" * 32)),
    Cause("root-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("root")),
    Cause("targets-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("targets")),
    Cause("snapshot-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("snapshot")),
    Cause("timestamp-expired", "EXPIRED", "metadata", "only the server", expired("timestamp")),
    Cause("bad-root-certificate", "BAD_ROOT_CERTIFICATE", "root", "countersign repo rotate", lapsed_root),
    Cause("repository-broken", "REPOSITORY_BROKEN", "metadata", "publishes that role anew", lost_file),
    Cause("rollback", "ROLLBACK", "metadata", "what was restored", damaged_memory),
    Cause("bad-signature", "BAD_SIGNATURE", "metadata", "witness", lambda c: c.forged("unsigned", unsigned_targets)),
    # keys on tokens
    Cause("module-failed", "MODULE_FAILED", "module", "module",
          lambda c: token(c, env={"COUNTERSIGN_PKCS11_MODULE": "/nowhere/libnothing.so"})),
    Cause("token-not-found", "TOKEN_NOT_FOUND", "token", "countersign token list", lambda c: token(c, label="other")),
    Cause("key-not-on-token", "KEY_NOT_FOUND", "keys", "countersign token list",
          lambda c: token(c, object_name="nothing")),
    Cause("pin-missing", "SECRET_MISSING", "secrets", "COUNTERSIGN_PIN_FILE",
          lambda c: token(c, without=["COUNTERSIGN_PIN"])),
    Cause("pin-file-unusable", "INSECURE_FILE", "secrets", "chmod", open_pin_file),
    Cause("wrong-pin", "WRONG_PIN", "secrets", "COUNTERSIGN_PIN",
          lambda c: token(c, env={"COUNTERSIGN_PIN": c.secrets.new()})),
    Cause("pin-final-try", "PIN_FINAL_TRY", "secrets", "logs in once", lambda c: pin_that_is_not_tried(c, 0x20000)),
    Cause("pin-locked", "PIN_LOCKED", "secrets", "security officer", lambda c: pin_that_is_not_tried(c, 0x40000)),
    Cause("bad-token-signature", "BAD_TOKEN_SIGNATURE", "signature", "do not trust this token",
          lambda c: scripted_token(c, "signature=flip")),
    # keys in files
    Cause("no-key", "KEY_NOT_FOUND", "keys", "countersign key generate", without_key),
    Cause("key-not-found", "KEY_NOT_FOUND", "keys", "countersign key list",
          lambda c: c.patient(key=["--key", "abcd1234"])),
    Cause("invalid-key-ref", "INVALID_KEY_REF", "keys", "PEM file", lambda c: c.patient(key=["--key", "jenkins"])),
    Cause("key-file-unreadable", "FILE_UNREADABLE", "keys", "ls -l",
          lambda c: c.patient(key=["--key", "/nowhere/key.pem"])),
    Cause("key-file-insecure", "INSECURE_FILE", "keys", "chmod 600", lambda c: key_file(c, lambda p: p.chmod(0o644))),
    Cause("key-malformed", "KEY_MALFORMED", "keys", "openssl pkey", lambda c: key_file(c, lambda p: p.write_text("?"))),
    Cause("passphrase-missing", "SECRET_MISSING", "secrets", "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
          lambda c: encrypted_key(c, DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=None)),
    Cause("wrong-passphrase", "WRONG_PASSPHRASE", "secrets", "passphrase of this file",
          lambda c: encrypted_key(c, DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=c.secrets.new())),
    # keys and roles
    Cause("no-releases-role", "ROLE_NOT_FOUND", "roles", "countersign signer add",
          lambda c: c.patient(c.repository("bare", signer=False))),
    Cause("key-not-in-role", "KEY_NOT_IN_ROLE", "roles", "countersign signer add", foreign_key),
    Cause("key-not-in-releases", "KEY_NOT_IN_ROLE", "roles", "countersign delegation add",
          lambda c: c.forged("own-role", own_role_only)),
    Cause("threshold-not-met", "KEY_NOT_IN_ROLE", "roles", "--threshold 1",
          lambda c: c.forged("threshold", two_signatures)),
    Cause("role-unreadable", "BAD_SIGNATURE", "roles", "countersign witness", lambda c: c.forged("left", changed_key)),
    Cause("paths-admit-nothing", "PATH_NOT_COVERED", "paths", "--all-paths",
          lambda c: c.forged("no-paths", paths())),
    Cause("path-not-covered", "PATH_NOT_COVERED", "paths", "--path 1.0", other_tag),
    Cause("snapshot-not-server-managed", "KEY_NOT_FOUND", "snapshot", "countersign repo prepare", client_snapshot),
]


def test_every_diagnosis_stands_once_in_the_table_and_in_the_guide():
    names = [cause.diagnosis for cause in CAUSES]
    assert len(set(names)) == len(names) >= 20
    guide = (Path(__file__).resolve().parents[2] / "docs" / "doctor.md").read_text()
    assert [name for name in names if f"`{name}`" not in guide] == []


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_the_first_broken_link_is_the_answer(clinic, cause):
    made = cause.make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    patient = next(patients)
    before = patient.stored()
    outcome = patient.doctor()
    document = outcome.document
    assert (document["diagnosis"], document["error"]["code"]) == (cause.diagnosis, cause.code), str(outcome)
    assert cause.hint in document["error"]["hint"], str(outcome)
    checks = document["checks"]
    assert [check["ok"] for check in checks] == [True] * (len(checks) - 1) + [False]
    assert (checks[-1]["name"], checks[-1]["detail"]) == (cause.broken, document["error"]["message"])
    assert patient.stored() == before
    if patient.gun and not cause.stricter:
        assert patient.sign().exit_code != 0, "the doctor sees what does not keep anybody from signing"
    assert next(patients, None) is None


# --- health -------------------------------------------------------------------------------------------------------

MACHINE = ["configuration", "trust-directory", "server"]
SERVER = ["reachable", "tls", "clock", "trust-server"]
ROLES = ["roles", "paths", "snapshot", "secrets", "signature", "administrator-keys"]
FULL = [*MACHINE, *SERVER, "credentials", "repository", "push", "root", "metadata", "keys", *ROLES]
TOKEN = [name for check in FULL for name in (["module", "token", "keys"] if check == "keys" else [check])]
FOLDER = [name for name in FULL if name not in (*SERVER, "credentials")]


def logged_in(clinic):
    """A log-in that works makes the token forget that there was a wrong PIN."""
    patient = token(clinic)
    patient.client.ok("token", "list")
    return patient


@pytest.mark.parametrize("make, names", [
    (lambda c: c.patient(), FULL),
    (logged_in, TOKEN),
    (lambda c: encrypted_key(c), FULL),
    (lambda c: c.guarded(c.auth("ci")), FULL),
    (lambda c: c.patient(static(c).prepared), FOLDER),
], ids=["key file", "token", "trust directory", "with tokens", "folder"])
def test_a_machine_that_can_sign_is_told_what_was_checked(clinic, make, names):
    patient = make(clinic)
    before = patient.stored()
    outcome = patient.doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [(c["name"], c["ok"]) for c in outcome.document["checks"]] == [(name, True) for name in names]
    assert outcome.document["diagnosis"] is None and outcome.document["warnings"] == []
    (key,) = outcome.repository["keys"]
    assert key["roles"] == ["targets/releases", "targets/jenkins"]
    assert patient.stored() == before
    text = patient.doctor(output="text").stdout.splitlines()
    assert [line.split()[:2] for line in text[1:-1]] == [[name, "ok"] for name in names]
    assert text[-1] == f"this machine can sign for {patient.gun}"
    assert patient.sign().exit_code == 0


def test_without_a_repository_everything_is_checked_that_needs_none(clinic):
    patient = token(clinic)
    patient.args = patient.args[1:]
    outcome = patient.doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [c["name"] for c in outcome.document["checks"]] == [
        *MACHINE, *SERVER, "module", "token", "keys", "secrets", "signature", "administrator-keys"]

    nowhere = Patient(clinic.world().client(server=None), patient.args)
    nowhere.client.env = patient.client.env
    assert [c["name"] for c in nowhere.doctor().document["checks"]] == [
        *MACHINE, "module", "token", "keys", "secrets", "signature", "administrator-keys"]


def test_a_broken_link_is_told_as_text_too(clinic):
    outcome = clinic.patient(pin=None).doctor(output="text")
    assert [line.split()[:2] for line in outcome.stdout.splitlines()[-2:]] == [
        ["root", "BROKEN"], ["diagnosis:", "unpinned-root"]]


def test_nothing_can_be_told_offline(clinic):
    patient = clinic.patient()
    assert patient.client.run("doctor", patient.gun, "--offline").exit_code == 2


def test_a_digest_is_no_repository(clinic):
    patient = clinic.patient()
    assert patient.client.run("doctor", f"{patient.gun}:1.0@sha256:{'00' * 32}").exit_code == 2


# --- warnings -----------------------------------------------------------------------------------------------------


def first_use(clinic):
    patient = clinic.patient(pin=None)
    patient.args.append("--trust-on-first-use")
    return patient


def no_identity_role(repo):
    repo.edit("targets")
    repo.delegate("targets/jenkins", ec_key("another signer"))
    repo.publish("targets", "targets/jenkins")


def administrator(clinic):
    repository = clinic.repository()
    repository.admin.env |= repository.identity.env
    return Patient(repository.admin, [repository.gun, *repository.identity.key_args])


def keys_in_view(clinic):
    patient = encrypted_key(clinic)
    (patient.client.trust_dir / "private").chmod(0o755)
    return patient


def inexact_clock(clinic):
    clinic.hostile.ping = Answer(b"{}", headers=(("Date", formatdate(time.time() - 3600, usegmt=True)),))
    try:
        yield clinic.forged("inexact-clock", lambda repo: None)
    finally:
        clinic.hostile.ping = Answer(b"{}")


def expires_soon(repo):
    repo.edit("targets")["expires"] = (TODAY + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    repo.publish("targets")


def snapshot_key_at_hand(clinic):
    client_snapshot(clinic)
    return clinic.once("client-snapshot", None).owner


@pytest.mark.parametrize("code, make", [
    ("ROOT_NOT_PINNED", first_use),
    ("NO_IDENTITY_ROLE", lambda c: c.forged("no-identity", no_identity_role)),
    ("ADMINISTRATOR_KEYS", administrator),
    ("KEYS_READABLE", keys_in_view),
    ("CLOCK_DIFFERS", inexact_clock),
    ("EXPIRES_SOON", lambda c: c.forged("expires-soon", expires_soon)),
    ("SNAPSHOT_CLIENT_MANAGED", snapshot_key_at_hand),
])
def test_what_breaks_nothing_is_a_warning(clinic, code, make):
    made = make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    outcome = next(patients).doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [warning["code"] for warning in outcome.document["warnings"]] == [code]
    assert next(patients, None) is None
