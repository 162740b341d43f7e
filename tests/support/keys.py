"""Public keys as the protocol names them, computed without any code of the program or of the official clients."""
import base64
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.forged_keys import key_id, key_object


def strip_headers(path: Path) -> bytes:
    """docker and notary write `role:` headers into PEM files, which no other reader accepts."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and ": " not in line]
    return ("\n".join(lines) + "\n").encode()


def canonical_key_id(path: Path) -> str:
    """Of a .pub file or a certificate."""
    pem = strip_headers(path)
    if b"BEGIN CERTIFICATE" in pem:
        key = x509.load_pem_x509_certificate(pem).public_key()
    else:
        key = serialization.load_pem_public_key(pem)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key_id(key_object("rsa" if isinstance(key, rsa.RSAPublicKey) else "ecdsa", der))


def canonical_id_of_object(key: dict) -> str:
    """Of a key as metadata holds it."""
    public = base64.b64decode(key["keyval"]["public"])
    if not key["keytype"].endswith("-x509"):
        return key_id(key_object(key["keytype"], public))
    der = x509.load_pem_x509_certificate(public).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key_id(key_object(key["keytype"].removesuffix("-x509"), der))


def certificate_key_id(path: Path) -> str:
    """The TUF key ID of a certificate."""
    pem = path.read_bytes()
    key = x509.load_pem_x509_certificate(pem).public_key()
    return key_id(key_object("rsa-x509" if isinstance(key, rsa.RSAPublicKey) else "ecdsa-x509", pem))
