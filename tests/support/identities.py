"""A CI system's signing identity in each form that users have: in a token, or in a file made by docker, by notary or
by openssl. `public` and `certificate` are the two forms that an administrator may get."""
import datetime
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from support.keys import canonical_key_id, strip_headers
from support.process import clean_environment, run

NAME = "jenkins"
KINDS = ["token-p256", "token-p384", "token-rsa2048", "docker-key-file", "notary-key-file", "openssl-ec-pem",
         "openssl-rsa-pem"]


@dataclass
class Identity:
    public: Path
    certificate: Path
    key_args: list[str]  # for countersign sign
    env: dict[str, str] = field(default_factory=dict)
    key_files: list[Path] = field(default_factory=list)  # to be put into the trust directory

    @property
    def key_id(self) -> str:
        return canonical_key_id(self.public)

    def public_form(self, form: str) -> Path:
        return {"certificate": self.certificate, "pub": self.public}[form]


def self_signed(private_key, path: Path, name=NAME) -> Path:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(private_key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=365)).sign(private_key, hashes.SHA256()))
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _openssl(folder: Path, *args, env=None):
    return run(["/usr/bin/openssl", *args], env=clean_environment(folder) | (env or {}), cwd=folder)


def _openssl_key(folder: Path, kind: str) -> Path:
    """Unencrypted, in the traditional form for EC and in PKCS#8 for RSA: what the openssl commands write."""
    path = folder / f"{NAME}-plain.pem"
    if kind == "ec":
        _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    else:
        _openssl(folder, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
    path.chmod(0o600)
    return path


def _public_half(folder: Path, private: Path) -> Path:
    path = folder / f"{NAME}.pub"
    _openssl(folder, "pkey", "-in", private, "-pubout", "-out", path)
    return path


def _load(path: Path, passphrase: str | None):
    return serialization.load_pem_private_key(strip_headers(path), passphrase and passphrase.encode())


def _in_token(world, key_type: str) -> Identity:
    token = world.token()
    operator = world.client(env=token.env)
    out = operator.work
    operator.ok("key", "generate", NAME, "--token", f"pkcs11:token={token.label}", "--type", key_type, "--out", out)
    certificate = out / f"{NAME}.crt"
    operator.ok("key", "cert", token.uri(NAME), "--cn", NAME, "--out", certificate)
    return Identity(out / f"{NAME}.pub", certificate, ["--key", token.uri(NAME)], token.env)


def make_identity(world, kind: str) -> Identity:
    if kind.startswith("token-"):
        return _in_token(world, kind.removeprefix("token-"))
    folder = world.folder("identity")
    passphrase = world.secrets.new()
    variable = {"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": passphrase}
    certificate = folder / f"{NAME}.crt"
    if kind == "docker-key-file":  # found in the trust directory by itself
        docker = world.docker(passphrase=passphrase)
        public = docker.generate_key(NAME)
        private = docker.private_key_file(canonical_key_id(public))
        return Identity(public, self_signed(_load(private, passphrase), certificate), [], variable, [private])
    if kind == "notary-key-file":  # named by the beginning of its ID
        notary = world.notary(passphrase=passphrase)
        plain = _openssl_key(folder, "ec")
        notary.import_key(plain)
        public = _public_half(folder, plain)
        key_id = canonical_key_id(public)
        private = notary.trust_dir / "private" / f"{key_id}.key"
        return Identity(public, self_signed(_load(private, passphrase), certificate), ["--key", key_id[:12]],
                        {"NOTARY_DELEGATION_PASSPHRASE": passphrase}, [private])
    if kind == "openssl-ec-pem":  # not encrypted
        plain = _openssl_key(folder, "ec")
        return Identity(_public_half(folder, plain), self_signed(_load(plain, None), certificate),
                        ["--key", str(plain)])
    assert kind == "openssl-rsa-pem"  # encrypted as today's openssl does it, which notary itself cannot read
    plain = _openssl_key(folder, "rsa")
    encrypted = folder / f"{NAME}.pem"
    _openssl(folder, "pkcs8", "-topk8", "-in", plain, "-out", encrypted, "-passout", "env:PASSPHRASE",
             env={"PASSPHRASE": passphrase})
    encrypted.chmod(0o600)
    identity = Identity(_public_half(folder, plain), self_signed(_load(encrypted, passphrase), certificate),
                        ["--key", str(encrypted)], variable)
    plain.unlink()
    return identity
