"""Ways to make one thing wrong with a CI system whose every other link is whole. Each takes the clinic and gives the
patient, or, where something must be put right afterwards, yields it."""
import itertools
import json
import shutil
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

from support.clinic import Patient, PlainServer
from support.forged_keys import DAY, TODAY, ec_key
from support.forger import PAST
from support.hostile_server import Answer
from support.process import clean_environment, free_port, run
from support.softhsm import SoftHsm
from support.stores import Nginx, NotaryServer, StaticRepository


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


def audit_log(clinic, text, mode=0o600):
    log = clinic.world().folder("log") / "audit.log"
    log.write_text(text)
    log.chmod(mode)
    return clinic.patient(None, "--audit-log", str(log))


def with_args(patient, *args):
    patient.args += args
    return patient


def no_certificates(clinic):
    path = clinic.world().folder("ca") / "ca.crt"
    path.write_text("?")
    patient = clinic.patient(ca=False)
    patient.args += ["--tlscacert", str(path)]
    return patient


def no_tls(clinic):
    listener = clinic.once("plain", lambda _: PlainServer())
    return clinic.elsewhere(f"https://127.0.0.1:{listener.port}")


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


def silent_server(clinic):
    clinic.hostile.ping = Answer(b"{}", delay=90)
    try:
        yield clinic.forged("silent", lambda repo: None)
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


def rolled_back(clinic):
    """The server has less than this machine has seen."""
    states = []

    def change(repo):
        states.append(repo.state())
        repo.tag("2.0")
        repo.publish("targets/releases", "targets/jenkins")
    patient = clinic.forged("rollback", change)
    patient.client.ok("list", patient.gun)
    for role in ("timestamp", "snapshot"):
        clinic.hostile.shelf(patient.gun).files[f"{role}.json"] = states[0].files[role]
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


def other_content(clinic):
    def change(repo):
        stored = repo.files["targets"]
        for name in [name for name, data in repo.shelf.files.items() if data == stored]:
            repo.shelf.files[name] = stored.replace(b'"threshold":1', b'"threshold":2')
    return clinic.forged("other-content", change)


def misshapen_targets(repo):
    repo.edit("targets")["targets"] = []
    repo.publish("targets")


def in_other_form(role):
    """A file that the server has taken, and cannot find again by the hash of the form that it was given."""
    def change(repo):
        repo.edit(role)
        repo.publish(role)
        stored = repo.files[role]
        for name in [name for name, data in repo.shelf.files.items() if data == stored]:
            del repo.shelf.files[name]
        repo.shelf.files[f"{role}.json"] = stored + b"\n"
    return change


def blocking_snapshot(repo):
    """One that the server does not sign has expired: it makes no timestamp any more (section 2.6)."""
    repo.edit("snapshot")["expires"] = PAST
    repo.publish()
    repo.shelf.answers["timestamp.json"] = Answer(b'{"errors":[{"code":"UNKNOWN"}]}', status=500)


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


def twin_tokens(clinic):
    """Two with one label."""
    hsm = clinic.once("twin-tokens", lambda folder: SoftHsm(folder, clinic.secrets))
    hsm.add_token(hsm.label)
    return clinic.patient(env=hsm.env, key=["--key", hsm.uri("jenkins")])


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


def encrypted_named_file(clinic):
    """An encrypted file that is named is opened to see which key it holds."""
    repository = clinic.repository("encrypted", "docker-key-file")
    patient = clinic.patient(repository, env={"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": clinic.secrets.new()})
    patient.args += ["--key", str(repository.identity.key_files[0])]
    return patient


def keys_alike(clinic):
    """Two keys in the trust directory, and the digits with which both IDs begin."""
    seen = {}
    for name in map(str, itertools.count()):
        key = ec_key("alike " + name)
        other = seen.setdefault(key.id[:4], key)
        if other is not key:
            break
    patient = clinic.patient(key=["--key", key.id[:4]])
    private = patient.client.trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    for each in (key, other):
        each.write(private / f"{each.id}.key")
    return patient


def key_file(clinic, change):
    repository = clinic.repository()
    path = clinic.world().folder("key") / "ci.pem"
    shutil.copy2(repository.identity.key_args[1], path)
    change(path)
    return clinic.patient(key=["--key", str(path)])


def ed25519_file(clinic):
    """A key that Notary knows, and that signs for no delegation."""
    def change(path):
        run(["/usr/bin/openssl", "genpkey", "-algorithm", "ED25519", "-out", path], env=clean_environment(path.parent), cwd=path.parent)
        path.chmod(0o600)
    return key_file(clinic, change)


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


def lost_targets_key(clinic):
    repository = clinic.repository("lost-targets-key")
    lose(repository.admin, "targets")
    return Patient(repository.admin, [repository.gun])


def lose(admin, role):
    """The key files of that role, as if nobody had kept a copy."""
    lost = [path for path in (admin.trust_dir / "private").iterdir() if f"role: {role}" in path.read_text()]
    assert lost
    for path in lost:
        path.unlink()


# --- what is to be signed -------------------------------------------------------------------------------------------

def tagged(patient, *args, tag="1.0"):
    patient.args = [f"{patient.args[0]}:{tag}", *patient.args[1:], *args]
    return patient


def built(clinic):
    return ["--oci-layout", clinic.once("image", lambda _: clinic.world().image()).layout]


FOR_ALICE = json.dumps({"version": 1, "users": {"alice": {"keys": ["alice.pub"]}}, "teams": {"qa": ["alice"]},
                        "rules": [{"images": ["**"], "teams": ["qa"]}]})


def policy(clinic, text):
    folder = clinic.world().folder("policy")
    (folder / "alice.pub").write_bytes(clinic.world().identity().public.read_bytes())
    (folder / "policy.json").write_text(text)
    return tagged(clinic.patient(None, "--policy", str(folder / "policy.json"), *built(clinic)))


def not_pushed(clinic):
    world, gun = clinic.world(), f"{clinic.registry.host}/{clinic.registry.repository()}"
    identity = world.identity()
    _, admin = world.repository(identity, gun=gun)
    return tagged(clinic.patient(SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world), *built(clinic)))


def moved(clinic):
    patient = clinic.patient(clinic.repository("moved"))
    patient.client.sign(patient.gun, "1.0", clinic.world().image("another"), *patient.args[1:])
    return tagged(patient, *built(clinic))


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


def misnamed_key(clinic, place="private/jenkins.key"):
    """The key is there, as somebody has copied it by hand."""
    patient = clinic.patient(key=[])
    path = patient.client.trust_dir / place
    (patient.client.trust_dir / "private").mkdir(parents=True, mode=0o700)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    shutil.copy2(clinic.repository().identity.key_args[1], path)
    path.chmod(0o600)
    return patient
