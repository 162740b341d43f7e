"""The commands that change something, each made ready to be killed in a repository that works, and what must hold
afterwards."""
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from support.forged_keys import ec_key
from support.hostile_signer import HostileSigner, with_newline
from support.keys import canonical_id_of_object, strip_headers


@dataclass
class Attempt:
    """One command that may be killed. `again` are the exit codes of running it once more: not only 0 where it cannot
    be done twice. `works`: whether the repository does before it is run."""
    client: object
    args: list
    again: set[int] = field(default_factory=lambda: {0})
    done: Callable[[], bool] = lambda: True
    works: bool = True


class Scene:
    """A repository in which jenkins has released 1.0, and who works on it."""

    def __init__(self, world):
        self.world = world
        self.numbers = itertools.count(1)
        self.jenkins = world.identity()
        self.gun, self.admin = world.repository(self.jenkins)
        self.ci = world.ci(self.jenkins, pin=self.admin.pin)
        self.image = world.image()
        self.ci.sign(self.gun, "1.0", self.image, *self.jenkins.key_args)
        self.keys = self.key_files()
        self.may_change = set()  # key files that the command is to change or remove

    def name(self, stem="x") -> str:
        return f"{stem}{next(self.numbers)}"

    def public_key(self, name: str) -> Path:
        return ec_key(name).write_public(self.admin.work / f"{name}.pub")

    def with_jenkins(self) -> list:
        return ["--signing-key", self.jenkins.key_args[1]]

    def tags(self) -> set[str]:
        return set(self.world.store.read(self.gun).targets("targets/releases"))

    def delegations(self) -> dict[str, list[str]]:
        return {r["name"]: r["keyids"] for r in self.world.store.read(self.gun).signed("targets")["delegations"]["roles"]}

    # --- what must hold after every kill --------------------------------------------------------------------------

    def key_files(self) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (self.admin.trust_dir / "private").glob("*.key")}

    def check(self, trust_dir):
        """A stranger reads the repository, and so does who was killed, with the trust directory that is left."""
        assert self.world.notary().list(self.gun)["1.0"] == (self.image.digest, self.image.size, "targets/releases")
        reader = self.world.client(pin=self.admin.pin, trust_dir=trust_dir)
        (listed,) = [t for t in reader.ok("list", self.gun).repository["targets"] if t["name"] == "1.0"]
        assert (listed["digest"], listed["released"]) == (self.image.digest, True)

    def check_keys(self):
        now = self.key_files()
        for name, content in self.keys.items():
            assert now.get(name) == content or name in self.may_change, f"{name} is lost or changed"
        for name in now.keys() - self.keys.keys():
            self.open(name)
        self.keys = now
        root = self.world.store.read(self.gun).signed("root")
        for role in ("root", "targets", "snapshot"):
            ids = {canonical_id_of_object(root["keys"][k]) for k in root["roles"][role]["keyids"]}
            if not any(f"{key_id}.key" in now for key_id in ids):
                assert role == "snapshot" and self.world.store.signs(self.gun, role), f"the key of {role} is lost"

    def open(self, name: str, passphrase=None):
        path = self.admin.trust_dir / "private" / name
        kind = "ROOT" if b"role: root" in path.read_bytes() else "REPOSITORY"
        passphrase = passphrase or self.admin.env[f"DOCKER_CONTENT_TRUST_{kind}_PASSPHRASE"]
        serialization.load_pem_private_key(strip_headers(path), passphrase.encode())

    def spare_key(self) -> tuple[str, str]:
        """ID and file name of a key that nothing needs."""
        path = ec_key(self.name("spare")).write(self.admin.work / f"{self.name('spare')}.pem")
        (key,) = self.admin.ok("key", "import", path).document["keys"]
        return key["canonical_id"], f"{key['canonical_id']}.key"


# --- the commands ---------------------------------------------------------------------------------------------------
# Each function readies the repository for a command and tells how to run it, as often as it is asked.


def sign(scene):
    tag = scene.name("tag")
    return Attempt(scene.ci, ["sign", f"{scene.gun}:{tag}", "--oci-layout", scene.image.layout,
                              *scene.jenkins.key_args], done=lambda: tag in scene.tags())


def revoke(scene):
    tag = scene.name("tag")
    scene.ci.sign(scene.gun, tag, scene.image, *scene.jenkins.key_args)
    return Attempt(scene.ci, ["revoke", f"{scene.gun}:{tag}", "--yes", *scene.jenkins.key_args], {0, 6},
                   lambda: tag not in scene.tags())


def witness(scene):
    return Attempt(scene.ci, ["witness", scene.gun, "targets/releases", "targets/jenkins", *scene.jenkins.key_args])


def signer_add(scene):
    name = scene.name("signer")
    return Attempt(scene.admin, ["signer", "add", name, scene.gun, "--key", scene.public_key(name)],
                   done=lambda: f"targets/{name}" in scene.delegations())


def signer_remove(scene):
    name = scene.name("signer")
    scene.admin.ok("signer", "add", name, scene.gun, "--key", scene.public_key(name))
    return Attempt(scene.admin, ["signer", "remove", name, scene.gun, *scene.with_jenkins()], {0, 6},
                   lambda: f"targets/{name}" not in scene.delegations())


def signer_rotate(scene):
    name = scene.name("key")
    add = scene.public_key(name)
    return Attempt(scene.admin, ["signer", "rotate", "jenkins", scene.gun, "--add", add, *scene.with_jenkins()],
                   done=lambda: ec_key(name).id in scene.delegations()["targets/jenkins"])


def delegation_add(scene):
    name = scene.name("role")
    return Attempt(scene.admin, ["delegation", "add", scene.gun, f"targets/{name}", "--key", scene.public_key(name)],
                   done=lambda: f"targets/{name}" in scene.delegations())


def delegation_remove(scene):
    name = scene.name("role")
    scene.admin.ok("delegation", "add", scene.gun, f"targets/{name}", "--key", scene.public_key(name))
    return Attempt(scene.admin, ["delegation", "remove", scene.gun, f"targets/{name}"], {0, 6},
                   lambda: f"targets/{name}" not in scene.delegations())


def delegation_purge(scene):
    name = scene.name("key")
    scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", scene.public_key(name))
    gone = ec_key(name).id
    return Attempt(scene.admin, ["delegation", "purge", scene.gun, "--key", gone, *scene.with_jenkins()],
                   done=lambda: all(gone not in ids for ids in scene.delegations().values()))


def unpinned(scene):
    """The administrator, who does not know a pin yet."""
    return scene.world.client(env=scene.admin.env, trust_dir=scene.admin.trust_dir)


def repo_init(scene):
    gun = scene.world.store.gun()
    return Attempt(unpinned(scene), ["repo", "init", gun], done=lambda: scene.world.store.read(gun) is not None)


def repo_refresh(scene):
    before = scene.world.store.read(scene.gun).versions
    # All that was signed lives for 1095 days at most, but the root.
    return Attempt(scene.admin, ["repo", "refresh", scene.gun, "--within-days", "1095", *scene.with_jenkins()],
                   done=lambda: all(version > before[role] for role, version in
                                    scene.world.store.read(scene.gun).versions.items() if role != "root"))


def repo_rotate(role):
    def rotate(scene):
        before = scene.world.store.read(scene.gun).signed("root")["roles"][role]["keyids"]
        consent = ["--yes"] if role == "snapshot" else []  # it is the server's
        return Attempt(scene.admin, ["repo", "rotate", scene.gun, role, *consent],
                       done=lambda: scene.world.store.read(scene.gun).signed("root")["roles"][role]["keyids"] != before)
    return rotate


def repo_prepare(scene):
    scene.admin.ok("repo", "rotate", scene.gun, "snapshot", "--yes")
    return Attempt(scene.admin, ["repo", "prepare", scene.gun],
                   done=lambda: scene.world.store.signs(scene.gun, "snapshot"))


def repo_delete(scene):
    admin, gun = unpinned(scene), scene.world.store.gun()
    admin.init(gun)
    memory = admin.trust_dir / "tuf" / gun / "metadata"
    return Attempt(admin, ["repo", "delete", gun, "--remote", "--yes"], {0, 6},
                   lambda: scene.world.store.read(gun) is None and not memory.exists())


def key_generate(scene):
    name = scene.name("key")
    file = scene.admin.work / f"{name}.pub"
    return Attempt(scene.admin, ["key", "generate", name], {0, 11}, file.exists)


def key_import(scene):
    name = scene.name("key")
    path = ec_key(name).write(scene.admin.work / f"{name}.pem")
    return Attempt(scene.admin, ["key", "import", path],
                   done=lambda: f"{ec_key(name).id}.key" in scene.key_files())


def key_export(scene):
    key_id, _ = scene.spare_key()
    copy = scene.admin.work / f"{key_id}.copy"

    def is_whole():
        serialization.load_pem_private_key(
            strip_headers(copy), scene.admin.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"].encode())
        return True
    return Attempt(scene.admin, ["key", "export", "--private", key_id, "--out", copy], {0, 11}, is_whole)


def key_passwd(scene):
    key_id, file = scene.spare_key()
    scene.may_change.add(file)
    new = scene.admin.env.setdefault("COUNTERSIGN_NEW_PASSPHRASE", scene.world.secrets.new())

    def has_new_passphrase():
        scene.open(file, new)
        return True
    # The passphrase at hand is the old one.
    return Attempt(scene.admin, ["key", "passwd", key_id], {0, 10}, has_new_passphrase)


def key_remove(scene):
    key_id, file = scene.spare_key()
    scene.may_change.add(file)
    return Attempt(scene.admin, ["key", "remove", "--yes", key_id], {0, 10},
                   lambda: file not in scene.key_files())


def repo_repair(scene):
    """A file with a newline at its end, which the server takes and cannot serve."""
    role, store = "targets/releases", scene.world.store
    store.post(scene.gun, {role: with_newline(HostileSigner(store, scene.gun, scene.jenkins).file(role))})
    return Attempt(scene.admin, ["repo", "repair", scene.gun, *scene.with_jenkins()], works=False)


COMMANDS = {
    "sign": sign, "revoke": revoke, "witness": witness,
    "signer add": signer_add, "signer remove": signer_remove, "signer rotate": signer_rotate,
    "delegation add": delegation_add, "delegation remove": delegation_remove, "delegation purge": delegation_purge,
    "repo init": repo_init, "repo refresh": repo_refresh, "repo prepare": repo_prepare, "repo delete": repo_delete,
    "repo rotate root": repo_rotate("root"), "repo rotate targets": repo_rotate("targets"),
    "repo rotate snapshot": repo_rotate("snapshot"), "repo rotate timestamp": repo_rotate("timestamp"),
    "repo repair": repo_repair, "key generate": key_generate, "key import": key_import, "key export": key_export,
    "key passwd": key_passwd, "key remove": key_remove,
}
