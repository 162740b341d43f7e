"""Keys of every kind that Notary knows and of kinds that it does not, with all that is private about them at hand.
Independent of the program and of the official clients: what these sign is as right or as wrong as a test wants it."""
import base64
import datetime
import functools
import hashlib
import json
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TODAY = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
SALT = 32  # bytes, of RSA-PSS


def canonical(value) -> bytes:
    """What is signed and what key IDs are hashed over (section 3.1)."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode())
        return b"{" + b",".join(canonical(name) + b":" + canonical(member) for name, member in members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return json.dumps(value).encode()


def wire(value) -> bytes:
    """The same as it stands in a file, with Go's five HTML escapes; control characters as JSON wants them."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def key_object(keytype: str, public: bytes | str) -> dict:
    """As metadata holds it; `public` may be given as the text that stands there."""
    return {"keytype": keytype, "keyval": {"private": None, "public": public if isinstance(public, str) else b64(public)}}


def key_id(key: dict) -> str:
    """Of such an object."""
    return hashlib.sha256(canonical(key)).hexdigest()


@dataclass(frozen=True)
class Key:
    """A key under one of its names in metadata: the same private key may stand there bare and in certificates."""
    private: object
    keytype: str
    public: bytes

    @classmethod
    def of(cls, private) -> "Key":
        """Bare."""
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return cls(private, "ed25519", private.public_key().public_bytes(serialization.Encoding.Raw,
                                                                             serialization.PublicFormat.Raw))
        return cls(private, "rsa" if isinstance(private, rsa.RSAPrivateKey) else "ecdsa", spki(private))

    @property
    def object(self) -> dict:
        return key_object(self.keytype, self.public)

    @property
    def id(self) -> str:
        return key_id(self.object)

    def sign(self, message: bytes) -> dict:
        """The signature that section 4.2 asks for."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.signature("ecdsa", rs(self.private, message))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.signature("rsapss", self.private.sign(message, pss(), hashes.SHA256()))
        return self.signature("eddsa", self.private.sign(message))

    def signature(self, method: str, value: bytes) -> dict:
        return {"keyid": self.id, "method": method, "sig": b64(value)}

    def certified(self, common_name: str, **flaws) -> "Key":
        return self.wrapped(certificate(self.private, common_name, **flaws))

    def wrapped(self, pem: bytes) -> "Key":
        """In this certificate, or whatever it is."""
        return Key(self.private, self.keytype.removesuffix("-x509") + "-x509", pem)

    def write(self, path):
        """As a key file for `--key`."""
        path.touch(mode=0o600)
        path.write_bytes(self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))
        return path

    def write_public(self, path):
        """Bare, as signers hand it in."""
        path.write_bytes(self.private.public_key().public_bytes(serialization.Encoding.PEM,
                                                                serialization.PublicFormat.SubjectPublicKeyInfo))
        return path


def der(private, message: bytes) -> bytes:
    """How everybody but Notary writes a signature of ECDSA."""
    return private.sign(message, ec.ECDSA(hashes.SHA256()))


def rs(private, message: bytes, digest=None, wider=0) -> bytes:
    """r and s, each as wide as the curve, or that many bytes wider."""
    width = (private.key_size + 7) // 8 + wider
    numbers = decode_dss_signature(private.sign(message, ec.ECDSA(digest or hashes.SHA256())))
    return b"".join(number.to_bytes(width, "big") for number in numbers)


def pss(salt=SALT, digest=None):
    """`digest`: of the mask."""
    return padding.PSS(padding.MGF1(digest or hashes.SHA256()), salt)


def spki(private) -> bytes:
    return private.public_key().public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)


def named(*common_names: str) -> x509.Name:
    """Whatever stands in them."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False) for name in common_names])


def certificate(private, *common_names: str, start=TODAY - DAY, end=TODAY + 3650 * DAY, is_ca=False, digest=None,
                issuer_name: str | None = None, issuer=None, key_usage=True, code_signing=True,
                basic_constraints=True) -> bytes:
    """PEM of one as the official client makes them (section 4.3): self-signed, unless an issuer is named or its
    private key given, and with all three extensions."""
    subject = named(*common_names)
    usage = x509.KeyUsage(True, False, True, False, False, is_ca, is_ca, False, False)
    extensions = [(usage, True, key_usage),
                  (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False, code_signing),
                  (x509.BasicConstraints(ca=is_ca, path_length=None), True, basic_constraints)]
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(subject if issuer_name is None else named(issuer_name)).public_key(private.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end))
    for extension, critical, wanted in extensions:
        if wanted:
            builder = builder.add_extension(extension, critical)
    return builder.sign(issuer or private, digest or hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


# Made once per process and known by a name: making RSA keys is what tests would wait for.


@functools.cache
def ec_key(name: str, curve=ec.SECP256R1) -> Key:
    return Key.of(ec.generate_private_key(curve()))


@functools.cache
def rsa_key(name: str, bits=2048) -> Key:
    return Key.of(rsa.generate_private_key(65537, bits))


@functools.cache
def ed25519_key(name: str) -> Key:
    return Key.of(ed25519.Ed25519PrivateKey.generate())
