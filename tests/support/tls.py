"""A certificate authority for one test run."""
import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def write_private(path: Path, key) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    return path


class Authority:
    def __init__(self, folder: Path, name="test CA"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._build(name, self._key.public_key(), is_ca=True).sign(
            self._key, hashes.SHA256())
        self.ca = folder / "ca.crt"
        self.ca.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _build(self, name, public_key, *, is_ca, lifetime=datetime.timedelta(days=30), begins_in=-datetime.timedelta(hours=1)):
        start = datetime.datetime.utcnow() + begins_in
        return (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(self._name))
                .public_key(public_key).serial_number(x509.random_serial_number())
                .not_valid_before(start)
                .not_valid_after(start + lifetime)
                .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))

    def issue(self, name: str, dns_names=(), **options) -> tuple[Path, Path]:
        """Certificate and key file of a server or client at 127.0.0.1, localhost and `dns_names`; a `lifetime` counts
        from an hour ago, unless it `begins_in` some time."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(n) for n in ("localhost", *dns_names)]
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (self._build(name, key.public_key(), is_ca=False, **options)
                       .add_extension(x509.SubjectAlternativeName(names), critical=False)
                       .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
                       .sign(self._key, hashes.SHA256()))
        path = self.folder / f"{name}.crt"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path, write_private(self.folder / f"{name}.key", key)
