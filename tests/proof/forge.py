"""Trust data written by hand: keys, certificates, signatures and files in any form, also in those that no honest writer
makes. Shares no code with the program under test."""
import base64
import datetime
import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proof.json_text import Spelling, meaning

NOW = datetime.datetime.utcnow().replace(microsecond=0)
FAR = (NOW + datetime.timedelta(days=1000)).strftime("%Y-%m-%dT%H:%M:%SZ")
CURVES = {"P-224": ec.SECP224R1, "P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1,
          "secp256k1": ec.SECP256K1}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def key_object(keytype: str, public: bytes | str) -> dict:
    public = public if isinstance(public, str) else b64(public)
    return {"keytype": keytype, "keyval": {"private": None, "public": public}}


def key_id(key: dict) -> str:
    return hashlib.sha256(meaning(key).encode()).hexdigest()


class Key:
    """A key pair. `sign` makes the signature that section 4.2 asks for."""

    def __init__(self, private):
        self.private = private
        self.spki = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            self.keytype, self.method = "ecdsa", "ecdsa"
            self.bare = key_object("ecdsa", self.spki)
        elif isinstance(private, rsa.RSAPrivateKey):
            self.keytype, self.method = "rsa", "rsapss"
            self.bare = key_object("rsa", self.spki)
        else:
            self.keytype, self.method = "ed25519", "eddsa"
            self.bare = key_object("ed25519", private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw))

    @classmethod
    def generate(cls, kind: str) -> "Key":
        if kind.startswith("RSA"):
            return cls(rsa.generate_private_key(65537, int(kind.split("-")[1])))
        if kind == "Ed25519":
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(CURVES[kind]()))

    @property
    def width(self) -> int:
        """Bytes of r and of s."""
        return (self.private.curve.key_size + 7) // 8

    def sign(self, message: bytes) -> bytes:
        if self.method == "ecdsa":
            return self.fixed_width(self.sign_der(message))
        if self.method == "rsapss":
            return self.sign_pss(message)
        return self.private.sign(message)

    def sign_der(self, message: bytes, digest=hashes.SHA256) -> bytes:
        return self.private.sign(message, ec.ECDSA(digest()))

    def fixed_width(self, der: bytes, width: int | None = None) -> bytes:
        width = width or self.width
        return b"".join(n.to_bytes(width, "big") for n in decode_dss_signature(der))

    def sign_pss(self, message: bytes, digest=hashes.SHA256, mgf=None, salt=32) -> bytes:
        return self.private.sign(message, padding.PSS(padding.MGF1((mgf or digest)()), salt), digest())

    def sign_pkcs1(self, message: bytes, digest=hashes.SHA256) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), digest())

    def certified(self, pem: bytes) -> dict:
        return key_object(self.keytype + "-x509", pem)


@lru_cache(maxsize=None)
def pool(kind: str, number: int = 0) -> Key:
    """Key pairs that everybody shares: making them takes longer than using them."""
    return Key.generate(kind)


def certificate(key: Key, *, name="test", start=-1.0, end=3650.0, ca=False, digest=hashes.SHA256, issuer: Key | None = None,
                issuer_name=None, names=None, basic_constraints=True, code_signing=True) -> bytes:
    """PEM, as Go's encoder writes it. `start` and `end` in days from now; `names`: several common names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n, _validate=False)
                         for n in (names if names is not None else [name])])
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]) if issuer_name else subject)
               .public_key(key.private.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(NOW + datetime.timedelta(days=start))
               .not_valid_after(NOW + datetime.timedelta(days=end)))
    if basic_constraints:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if code_signing:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign((issuer or key).private, digest()).public_bytes(serialization.Encoding.PEM)


def signature(key: Key, message: str | bytes, listed: dict | None = None, **other) -> dict:
    """`listed`: the key object under whose ID it signs."""
    message = message.encode() if isinstance(message, str) else message
    entry = {"keyid": key_id(listed or key.bare), "method": key.method}
    entry["sig"] = other.pop("sig", None) or b64(key.sign(message))
    return entry | other


def file_of(signed: dict, *signatures: dict) -> bytes:
    """The exact form."""
    exact = Spelling(random.Random(0))
    return b'{"signed":' + exact.write(signed) + b',"signatures":' + exact.write(list(signatures)) + b"}"


def meta_of(content: bytes) -> dict:
    return {"hashes": {"sha256": b64(hashlib.sha256(content).digest()), "sha512": b64(hashlib.sha512(content).digest())},
            "length": len(content)}


def targets_body(targets=None, *, keys=(), roles=(), version=1, expires=FAR) -> dict:
    return {"_type": "Targets", "delegations": {"keys": {key_id(k): k for k in keys}, "roles": list(roles)},
            "expires": expires, "targets": targets or {}, "version": version}


def target(name: str, length=10) -> dict:
    return {"hashes": {"sha256": b64(hashlib.sha256(name.encode(errors="replace")).digest())}, "length": length}


@lru_cache(maxsize=None)
def root_certificate() -> bytes:
    """Fits every GUN."""
    return certificate(pool("P-256", 100), name="*")


def root_body(**changes) -> dict:
    root = pool("P-256", 100).certified(root_certificate())
    keys = {"root": root} | {role: pool("P-256", 101 + i).bare for i, role in
                             enumerate(("targets", "snapshot", "timestamp"))}
    body = {"_type": "Root", "consistent_snapshot": False, "expires": FAR,
            "keys": {key_id(key): key for key in keys.values()},
            "roles": {role: {"keyids": [key_id(key)], "threshold": 1} for role, key in keys.items()}, "version": 1}
    return body | changes


def sign_root(body: dict, key: Key | None = None, listed: dict | None = None) -> bytes:
    key = key or pool("P-256", 100)
    return file_of(body, signature(key, meaning(body), listed or key.certified(root_certificate())))


def sign_top(role: str, body: dict) -> bytes:
    key = pool("P-256", 101 + ("targets", "snapshot", "timestamp").index(role))
    return file_of(body, signature(key, meaning(body)))


def snapshot_body(files: dict[str, bytes], **changes) -> dict:
    return {"_type": "Snapshot", "expires": FAR, "meta": {role: meta_of(content) for role, content in files.items()},
            "version": 1} | changes


def timestamp_body(snapshot: bytes, **changes) -> dict:
    return {"_type": "Timestamp", "expires": FAR, "meta": {"snapshot": meta_of(snapshot)}, "version": 1} | changes


@dataclass
class Repository:
    """Files by role. What is not given is made and signed honestly, with the hashes of what is there."""
    files: dict[str, bytes] = field(default_factory=dict)

    def complete(self) -> dict[str, bytes]:
        files = dict(self.files)
        files.setdefault("root", sign_root(root_body()))
        files.setdefault("targets", sign_top("targets", targets_body()))
        if "snapshot" not in files:
            files["snapshot"] = sign_top("snapshot", snapshot_body(files_below_snapshot(files)))
        files.setdefault("timestamp", sign_top("timestamp", timestamp_body(files["snapshot"])))
        return files


def files_below_snapshot(files: dict[str, bytes]) -> dict[str, bytes]:
    return {role: content for role, content in files.items() if role not in ("snapshot", "timestamp")}
