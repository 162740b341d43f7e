"""A signer whose key is listed somewhere and who may push: writes what no client would write, and shows any file that
was ever signed under any role and in any repository, since a file says neither."""
import base64
import hashlib

from cryptography.hazmat.primitives import serialization

from support.forged_keys import Key, canonical
from support.forger import entry, envelope, targets_body

BOUND = "countersign.bound/v1"


def bound_to(gun: str, role: str) -> str:
    """What an entry of that role of that repository says (docs/policy.md), made without any code of the program."""
    text = "\n".join((BOUND, gun, role))
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")


def entry_of(image, custom=None) -> dict:
    return entry(bytes.fromhex(image.hex), image.size) | ({"custom": custom} if custom is not None else {})


def key_of(identity) -> Key:
    """Of an identity whose key file is not encrypted, as its bare public key is listed."""
    with open(identity.key_args[1], "rb") as file:
        return Key.of(serialization.load_pem_private_key(file.read(), None))


class HostileSigner:
    def __init__(self, store, gun: str, *identities):
        self.store = store
        self.gun = gun
        self.keys = [key_of(identity) for identity in identities]

    def body(self, role: str) -> dict:
        """As it is published, or empty."""
        data = self.store.read(self.gun)
        return data.signed(role) if role in data.files else targets_body(version=0)

    def file(self, role: str, change=lambda body: None, *, ahead=1, keys=None) -> bytes:
        """A version of the role that comes that much later, signed with these keys."""
        body = self.body(role)
        body["version"] += ahead
        change(body)
        return envelope(body, [key.sign(canonical(body)) for key in keys or self.keys])

    def write(self, role: str, change, **options):
        self.store.post(self.gun, {role: self.file(role, change, **options)})

    def put(self, role: str, entries: dict, **options):
        """Name -> entry, beside what stands there."""
        self.write(role, lambda body: body["targets"].update(entries), **options)

    def delegate_to(self, body: dict, role: str, *keys: Key):
        """Into the body of the role above."""
        body["delegations"]["keys"] |= {key.id: key.object for key in keys}
        body["delegations"]["roles"].append(
            {"name": role, "keyids": [key.id for key in keys], "paths": [""], "threshold": 1})

    def show(self, role: str, under: str, *, into: str | None = None):
        """The very bytes of the newest file of a role as the newest of another one, or of another repository."""
        self.store.post(into or self.gun, {under: self.store.read(self.gun).files[role]})


def with_newline(file: bytes) -> bytes:
    """Rightly signed, but in a form that the server stores and cannot serve (section 2.5)."""
    return file + b"\n"
