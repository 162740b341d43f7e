"""A repository on a notary-server with as many tags in its delegations as wanted."""
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from support.countersign import Countersign
from support.forged_keys import Key, canonical
from support.forger import digest_of, entry, envelope, targets_body
from support.identities import NAME
from support.secrets import Secrets
from support.stores import NotaryServer

ROLES = ("targets/releases", f"targets/{NAME}")
SIZE = 1573  # bytes, of every image


class FilledRepository:
    """Made by an administrator with countersign, its delegations written here: `tags` tags, signed with `key_file`
    (not encrypted). `pin` is the root's key ID, which both clients take."""

    def __init__(self, binary: Path, folder: Path, server: NotaryServer, secrets: Secrets, tags: int):
        folder.mkdir()
        key = Key.of(ec.generate_private_key(ec.SECP256R1()))
        self.key_file = key.write(folder / f"{NAME}.pem")
        self.key_id = key.id
        self.gun = server.gun()
        admin = Countersign(binary, folder / "admin", server, secrets,
                            env={"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": secrets.new(),
                                 "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": secrets.new()})
        self.pin = admin.init(self.gun)
        admin.ok("signer", "add", NAME, self.gun, "--key", key.write_public(folder / f"{NAME}.pub"))

        names = [f"1.{number // 100}.{number % 100}" for number in range(tags)]
        body = targets_body({name: entry(digest_of(name), SIZE) for name in names})
        server.post(self.gun, {role: envelope(body, [key.sign(canonical(body))]) for role in ROLES})
        self.a_tag = names[len(names) // 2]
        assert len(server.read(self.gun).targets(ROLES[0])) == tags
