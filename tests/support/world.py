"""Everybody who takes part in one test, in one folder: administrator, CI system, readers, tokens, images."""
import itertools
import shutil
from pathlib import Path
from typing import NamedTuple

from support.countersign import Countersign
from support.identities import NAME, Identity, make_identity
from support.images import Image, make_image
from support.official import Docker, Notary
from support.secrets import Secrets
from support.softhsm import SoftHsm
from support.stores import Store


class Signed(NamedTuple):
    gun: str
    identity: Identity
    admin: Countersign
    image: Image


class World:
    def __init__(self, folder: Path, store: Store, secrets: Secrets, binary):
        self._folder = folder
        self._numbers = itertools.count(1)
        self._binary = binary  # a function: tests of the harness itself need no program
        self.store = store
        self.secrets = secrets

    def folder(self, name: str) -> Path:
        path = self._folder / f"{next(self._numbers)}-{name}"
        path.mkdir()
        return path

    def client(self, **options) -> Countersign:
        """A user with an empty trust directory of their own."""
        options.setdefault("store", self.store)
        store = options.pop("store")
        return Countersign(self._binary(), self.folder("client"), store, self.secrets, **options)

    def admin(self, **options) -> Countersign:
        env = {"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": self.secrets.new(),
               "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": self.secrets.new()}
        return self.client(env=env | options.pop("env", {}), **options)

    def ci(self, identity: Identity, **options) -> Countersign:
        """The CI system's machine: the identity's key at hand, nobody else's."""
        client = self.client(env=identity.env | options.pop("env", {}), **options)
        private = client.trust_dir / "private"
        for path in identity.key_files:
            private.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy2(path, private / path.name)
        return client

    def notary(self, **options) -> Notary:
        return Notary(self.folder("notary"), self.store, self.secrets, **options)

    def docker(self, **options) -> Docker:
        return Docker(self.folder("docker"), self.store, self.secrets, **options)

    def token(self, label="ci") -> SoftHsm:
        return SoftHsm(self.folder("token"), self.secrets, label)

    def identity(self, kind="openssl-ec-pem") -> Identity:
        return make_identity(self, kind)

    def image(self, greeting="hello", tag="1.0") -> Image:
        return make_image(self.folder("image") / "layout", tag, greeting)

    def repository(self, identity: Identity, form="pub", *, gun: str | None = None) -> tuple[str, Countersign]:
        """A repository made by an administrator with countersign, with the identity as a signer."""
        gun = gun or self.store.gun()
        admin = self.admin()
        admin.init(gun)
        admin.ok("signer", "add", NAME, gun, "--key", identity.public_form(form))
        return gun, admin

    def signed(self, tag="1.0") -> Signed:
        """A repository with one tag, signed by one identity."""
        identity = self.identity()
        gun, admin = self.repository(identity)
        image = self.image()
        self.ci(identity, pin=admin.pin).sign(gun, tag, image, *identity.key_args)
        return Signed(gun, identity, admin, image)

    def official_repository(self, identity: Identity, form="pub", *, server_snapshot=True) -> tuple[str, Notary]:
        """The same, made by an administrator with notary."""
        gun, notary = self.store.gun(), self.notary()
        notary.init(gun, server_snapshot=server_snapshot)
        for role in ("targets/releases", f"targets/{NAME}"):
            notary.add_delegation(gun, role, identity.public_form(form))
        return gun, notary

    def pin(self, gun: str) -> str:
        """The root that the store serves now, for readers of repositories that others made."""
        return self.store.read(gun).root_key_ids[0]
