"""What stands around an oddity: keys by their kind, and honest files in the place of those that are not given. Keys sign
and files are written by support/forged_keys.py and support/forger.py; what they write here may be spelt in any way."""
import functools
import random
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from proof.json_text import Spelling, meaning
from support import forged_keys, forger
from support.forged_keys import DAY, TODAY, Key, ec_key, ed25519_key, key_id, pss, rsa_key
from support.forger import admit, envelope, frame_meta, targets_body, top_body

CURVES = {"P-224": ec.SECP224R1, "P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1,
          "secp256k1": ec.SECP256K1}


def pool(kind: str, number: int = 0) -> Key:
    """Key pairs that everybody shares: making them takes longer than using them."""
    name = f"{kind} of the pool, {number}"
    if kind.startswith("RSA"):
        return rsa_key(name, int(kind.split("-")[1]))
    return ed25519_key(name) if kind == "Ed25519" else ec_key(name, CURVES[kind])


@functools.cache
def key_of(role: str) -> Key:
    """Of a top role. The root's certificate fits every GUN."""
    key = pool("P-256", 100 + forger.TOP_ROLES.index(role))
    return key.wrapped(certificate(key, "*")) if role == "root" else key


def certificate(key: Key, *common_names: str, start=-1.0, end=3650.0, digest=hashes.SHA256, **options) -> bytes:
    """`start` and `end` in days from now. Unlike the official client it does not say what the key is for: nobody asks."""
    return forged_keys.certificate(key.private, *common_names, start=TODAY + start * DAY, end=TODAY + end * DAY,
                                   digest=digest(), key_usage=False, **options)


def signature(key: Key, message: bytes, listed: dict | None = None, **other) -> dict:
    """`listed`: the key object under whose ID it signs."""
    return key.sign(message) | ({"keyid": key_id(listed)} if listed else {}) | other


def sign_pss(key: Key, message: bytes, *, digest=hashes.SHA256, mgf=None, salt=forged_keys.SALT) -> bytes:
    return key.private.sign(message, pss(salt, (mgf or digest)()), digest())


def sign_pkcs1(key: Key, message: bytes) -> bytes:
    return key.private.sign(message, padding.PKCS1v15(), hashes.SHA256())


def file_of(signed: dict, *signatures: dict) -> bytes:
    """The exact form."""
    return envelope(signed, list(signatures), Spelling(random.Random(0)).write)


def sign_top(role: str, body, key: Key | None = None) -> bytes:
    return file_of(body, (key or key_of(role)).sign(meaning(body)))


def root_body() -> dict:
    body = top_body("root")
    for role in forger.TOP_ROLES:
        admit(body, role, key_of(role))
    return body


def body_of(role: str, files: dict[str, bytes]) -> dict:
    """The honest one over these files."""
    if role in ("snapshot", "timestamp"):
        return top_body(role) | {"meta": frame_meta(role, files)}
    return root_body() if role == "root" else targets_body()


@dataclass
class Repository:
    """Files by role. What is not given is made and signed honestly, with the hashes of what is there."""
    files: dict[str, bytes] = field(default_factory=dict)

    def complete(self) -> dict[str, bytes]:
        files = dict(self.files)
        for role in forger.TOP_ROLES:
            if role not in files:
                files[role] = sign_top(role, body_of(role, files))
        return files
