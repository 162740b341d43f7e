"""Repositories on a notary-server with as many tags and delegations as wanted."""
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from support.countersign import Countersign
from support.forged_keys import Key, canonical
from support.forger import digest_of, entry, envelope, targets_body
from support.identities import NAME
from support.official import Notary
from support.secrets import Secrets
from support.stores import NotaryServer

ROLES = ("targets/releases", f"targets/{NAME}")
SIZE = 1573  # bytes, of every image


@dataclass(frozen=True)
class Repository:
    gun: str
    pin: str  # the root's key ID, which both clients take
    a_tag: str | None


class Administrator:
    """Makes repositories with countersign, writes into their delegations here, and hands one key to the CI system:
    `key_file` is not encrypted, `stored_key` is, with `passphrase`, as `notary key import` leaves it."""

    def __init__(self, binary: Path, folder: Path, server: NotaryServer):
        folder.mkdir()
        self._folder, self._server = folder, server
        self.secrets = Secrets()
        self._key = Key.of(ec.generate_private_key(ec.SECP256R1()))
        self.key_file = self._key.write(folder / f"{NAME}.pem")
        self._public = self._key.write_public(folder / f"{NAME}.pub")
        owner = Notary(folder / "owner", server, self.secrets)
        owner.import_key(self.key_file)
        self.stored_key, self.passphrase = owner.trust_dir / "private" / f"{self._key.id}.key", owner.passphrase
        self._admin = Countersign(binary, folder / "admin", server, self.secrets,
                                  env={"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": self.secrets.new(),
                                       "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": self.secrets.new()})

    def repositories(self, count: int) -> list[Repository]:
        """Without tags."""
        if not count:
            return []
        made = [Repository(gun, self._init(gun), None) for gun in (self._server.gun() for _ in range(count))]
        self._admin.ok("signer", "add", NAME, *(one.gun for one in made), "--key", self._public)
        return made

    def repository(self, tags: int, *, other_roles=0) -> Repository:
        """`tags` of them in each of the two roles of the CI system, and as many in each of the `other_roles`, which
        have keys of their own."""
        (made,) = self.repositories(1)
        keys = dict.fromkeys(ROLES, self._key)
        for number in range(other_roles):
            role, key = f"targets/member-{number}", Key.of(ec.generate_private_key(ec.SECP256R1()))
            public = key.write_public(self._folder / "member.pub")
            self._admin.ok("delegation", "add", made.gun, role, "--key", public, "--all-paths")
            keys[role] = key
        names = [f"1.{number // 100}.{number % 100}" for number in range(tags)]
        body = targets_body({name: entry(digest_of(name), SIZE) for name in names})
        message = canonical(body)
        self._server.post(made.gun, {role: envelope(body, [key.sign(message)]) for role, key in keys.items()})
        data = self._server.read(made.gun)
        assert all(len(data.targets(role)) == tags for role in keys)
        return Repository(made.gun, made.pin, names[len(names) // 2])

    def add_key(self, repository: Repository, public: Path):
        """Another key of the CI system."""
        self._admin.ok("signer", "add", NAME, repository.gun, "--key", public)

    def _init(self, gun: str) -> str:
        pin = self._admin.init(gun)
        self._admin.pin = None  # it would count for the other repositories, too
        return pin
