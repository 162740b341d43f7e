"""The writer of metadata: bodies, entries and files, by the specification and by no code of the program. On top of it a
repository whose bodies and signers lie open: an attack changes them and publishes.

    repo.edit("targets")["expires"] = PAST     # the next version of a role
    repo.publish("targets")                    # signed, with a snapshot and a timestamp that name it

Nothing is checked: it signs whatever it is told to."""
import copy
import hashlib
import json
from dataclasses import dataclass, replace

from support.forged_keys import DAY, TODAY, Key, b64, canonical, ec_key, wire
from support.hostile_server import Shelf

TYPES = {"root": "Root", "targets": "Targets", "snapshot": "Snapshot", "timestamp": "Timestamp"}
TOP_ROLES = tuple(TYPES)  # each after those that it speaks of
DELEGATIONS = ("targets/releases", "targets/jenkins")
FRESH = (TODAY + 1000 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
PAST = (TODAY - DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
TAG_LENGTH = 1234  # of every image


def digest_of(tag: str, content="") -> bytes:
    """Of the image that a tag stands for; of another one with other content."""
    return hashlib.sha256((tag + content).encode("utf-8", "surrogatepass")).digest()


def entry(sha256: bytes, length: int) -> dict:
    return {"hashes": {"sha256": b64(sha256)}, "length": length}


def target(tag: str, content="", length=TAG_LENGTH) -> dict:
    return entry(digest_of(tag, content), length)


def targets_body(targets=None, *, version=1, expires=FRESH) -> dict:
    """Of `targets` or of a delegation, that delegates to nobody."""
    return {"_type": "Targets", "delegations": {"keys": {}, "roles": []}, "expires": expires,
            "targets": targets or {}, "version": version}


def top_body(role: str) -> dict:
    """The first one, that says nothing yet."""
    if role == "targets":
        return targets_body()
    if role == "root":
        return {"_type": "Root", "consistent_snapshot": False, "expires": FRESH, "keys": {}, "roles": {}, "version": 1}
    return {"_type": TYPES[role], "expires": FRESH, "meta": {}, "version": 1}


def admit(root: dict, role: str, *keys: Key, threshold=1, key_ids=None):
    """Into the body of a root: who signs for a top role."""
    root["keys"] |= {key.id: key.object for key in keys}
    root["roles"][role] = {"keyids": key_ids or [key.id for key in keys], "threshold": threshold}


def file_meta(data: bytes) -> dict:
    return {"hashes": {"sha256": b64(hashlib.sha256(data).digest()), "sha512": b64(hashlib.sha512(data).digest())},
            "length": len(data)}


def frame_meta(role: str, files: dict[str, bytes]) -> dict:
    """What the snapshot or the timestamp says of these files, by role."""
    below = ["snapshot"] if role == "timestamp" else [name for name in files if name not in ("snapshot", "timestamp")]
    return {name: file_meta(files[name]) for name in below}


def envelope(body, signatures: list, write=wire) -> bytes:
    """The file; `write` spells what stands in it."""
    return b'{"signed":' + write(body) + b',"signatures":' + write(signatures) + b"}"


@dataclass
class State:
    """All files of a moment, by role."""
    files: dict[str, bytes]

    def body(self, role: str) -> dict:
        return json.loads(self.files[role])["signed"]


class ForgedRepository:
    """Root (in a certificate), targets, snapshot and timestamp have a key each; targets/releases and targets/jenkins
    share that of the CI system, as after `docker trust signer add`. Tag 1.0 stands in both. `owner` is whose keys."""

    def __init__(self, gun: str, shelf: Shelf, ci: Key, *, owner=""):
        self.gun = gun
        self.shelf = shelf
        self.ci = ci
        self.address: str | None = None  # where clients look for it, if not at its server
        self.bodies: dict[str, dict] = {}
        self.signers: dict[str, list[Key]] = {}
        self.files: dict[str, bytes] = {}
        keys = {role: ec_key(owner + role) for role in ("targets", "snapshot", "timestamp")}
        keys["root"] = ec_key(owner + "root").certified(gun)
        self.pin = keys["root"].id
        for role in TYPES:
            self.bodies[role] = top_body(role)
            self.signers[role] = [keys[role]]
        for role in TYPES:
            self.entrust(role, keys[role])
        for role in DELEGATIONS:
            self.delegate(role, ci)
            self.tag("1.0", role, version=1)
        self.bodies["snapshot"]["version"] = self.bodies["timestamp"]["version"] = 0  # publishing raises them
        shelf.on_post = self.store
        self.publish("root", "targets", *DELEGATIONS)

    # --- bodies -------------------------------------------------------------------------------------------------

    def edit(self, role: str) -> dict:
        """The body of the role's next version."""
        self.bodies[role]["version"] += 1
        return self.bodies[role]

    def tag(self, tag: str, *roles: str, content="", version=None):
        for role in roles or DELEGATIONS:
            body = self.edit(role)
            body["targets"][tag] = target(tag, content)
            body["version"] = version or body["version"]

    def entrust(self, role: str, *keys: Key, threshold=1, key_ids=None):
        """Root says who signs for a top role."""
        admit(self.bodies["root"], role, *keys, threshold=threshold, key_ids=key_ids)

    def delegate(self, role: str, *keys: Key, threshold=1, paths=("",), key_ids=None):
        """The parent says who signs for a delegation, which starts empty."""
        delegations = self.bodies[role.rpartition("/")[0]]["delegations"]
        delegations["keys"] |= {key.id: key.object for key in keys}
        entry = {"name": role, "keyids": key_ids or [key.id for key in keys], "threshold": threshold,
                 "paths": list(paths)}
        roles = delegations["roles"]
        names = [other["name"] for other in roles]
        if role in names:
            roles[names.index(role)] = entry
        else:
            roles.append(entry)
        self.signers[role] = list(keys)
        self.bodies.setdefault(role, targets_body())

    def rotate(self, role: str, key: Key):
        """The next root gives a top role another key."""
        self.edit("root")
        self.entrust(role, key)
        self.signers[role] = [key]

    # --- files --------------------------------------------------------------------------------------------------

    def sealed(self, role: str, *, signers=None, body=None) -> bytes:
        """The role's file as it would be published now."""
        body = self.bodies[role] if body is None else body
        text = canonical(body)
        return envelope(body, [key.sign(text) for key in (signers or self.signers[role])])

    def publish(self, *roles: str, raw=None, snapshot=None, timestamp=None):
        """Signs these roles as their bodies stand. `raw` gives bytes in the place of a role's file; `snapshot` and
        `timestamp` get the body before it is signed, to make it lie."""
        raw = raw or {}
        for role in (*roles, *(r for r in raw if r not in ("snapshot", "timestamp"))):
            self.put(role, raw[role] if role in raw else self.sealed(role))
        body = self.edit("snapshot")
        body["meta"] = frame_meta("snapshot", self.files)
        self._seal_frame("snapshot", snapshot, raw)
        body = self.edit("timestamp")
        body["meta"] = frame_meta("timestamp", self.files)
        self._seal_frame("timestamp", timestamp, raw)

    def _seal_frame(self, role: str, lie, raw: dict):
        body = copy.deepcopy(self.bodies[role])
        if lie:
            lie(body)
        self.put(role, raw[role] if role in raw else self.sealed(role, body=body), version=body.get("version"))

    def put(self, role: str, data: bytes, version=None):
        """Serves the bytes as the newest file of the role, by its hash and by its version."""
        self.files[role] = data
        digest = hashlib.sha256(data).hexdigest()
        version = version or self.bodies[role].get("version")
        for name in (f"{role}.json", f"{role}.{digest}.json", f"{version}.{role}.json"):
            self.shelf.files[name] = data

    def store(self, parts: dict[str, bytes]):
        """What a server does with a publish: takes it, and frames it anew."""
        for role, data in parts.items():
            self.bodies[role] = json.loads(data)["signed"]
        self.publish(raw=parts)

    def state(self) -> State:
        return State(dict(self.files))

    def show(self, state: State, *roles: str):
        """Serves files of an earlier moment as the newest ones: all, or those of some roles."""
        for role in roles or state.files:
            self.put(role, state.files[role], version=state.body(role)["version"])


def other_repository(repo: ForgedRepository, *, gun=None, same_keys=False) -> ForgedRepository:
    """A second repository, that nobody serves; of another owner, or with the same keys."""
    if same_keys:
        return ForgedRepository(gun or repo.gun + "-other", Shelf(), repo.ci)
    return ForgedRepository(gun or repo.gun + "-other", Shelf(), ec_key("other ci"), owner="other ")


def with_other_private(key: Key, thief: Key) -> Key:
    """Signs with the thief's private key under the ID of `key`."""
    return replace(key, private=thief.private)
