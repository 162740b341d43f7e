"""A repository on a notary-server with as many tags in its delegations as wanted."""
import base64
import datetime
import hashlib
import json
import ssl
import urllib.request
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from support.countersign import Countersign
from support.identities import NAME
from support.keys import canonical_key_id
from support.secrets import Secrets
from support.stores import NotaryServer
from support.tls import write_private

ROLES = ("targets/releases", f"targets/{NAME}")
SIZE = 1573  # bytes, of every image


def digest_of(tag: str) -> str:
    """A made-up image's, in hex."""
    return hashlib.sha256(tag.encode()).hexdigest()


def _canonical(value) -> bytes:
    """Right for what stands in these files: ASCII without characters that the wire form escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _sign(signed: dict, private_key, key_id: str) -> bytes:
    text = _canonical(signed)
    r, s = utils.decode_dss_signature(private_key.sign(text, ec.ECDSA(hashes.SHA256())))
    signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    return b'{"signed":%b,"signatures":%b}' % (
        text, _canonical([{"keyid": key_id, "method": "ecdsa", "sig": signature}]))


def _publish(server: NotaryServer, gun: str, files: dict[str, bytes]):
    boundary = uuid.uuid4().hex
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n%b\r\n" % (boundary.encode(), role.encode(), content)
        for role, content in files.items()) + f"--{boundary}--\r\n".encode()
    request = urllib.request.Request(f"{server.url}/v2/{gun}/_trust/tuf/", body,
                                     {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(server.ca))))
    opener.open(request, timeout=60).read()


class FilledRepository:
    """Made by an administrator with countersign, its delegations written here: `tags` tags, signed with `key_file`
    (not encrypted). `pin` is the root's key ID, which both clients take."""

    def __init__(self, binary: Path, folder: Path, server: NotaryServer, secrets: Secrets, tags: int):
        folder.mkdir()
        private_key = ec.generate_private_key(ec.SECP256R1())
        self.key_file = write_private(folder / f"{NAME}.pem", private_key)
        public = folder / f"{NAME}.pub"
        public.write_bytes(private_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.key_id = canonical_key_id(public)
        self.gun = server.gun()
        admin = Countersign(binary, folder / "admin", server, secrets,
                            env={"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": secrets.new(),
                                 "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": secrets.new()})
        self.pin = admin.init(self.gun)
        admin.ok("signer", "add", NAME, self.gun, "--key", public)

        names = [f"1.{number // 100}.{number % 100}" for number in range(tags)]
        targets = {name: {"hashes": {"sha256": base64.b64encode(bytes.fromhex(digest_of(name))).decode()},
                          "length": SIZE} for name in names}
        expires = datetime.datetime.utcnow() + datetime.timedelta(days=365)
        signed = {"_type": "Targets", "delegations": {"keys": {}, "roles": []},
                  "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "targets": targets, "version": 1}
        _publish(server, self.gun, {role: _sign(signed, private_key, self.key_id) for role in ROLES})
        self.a_tag = names[len(names) // 2]
        assert len(server.read(self.gun).targets(ROLES[0])) == tags
