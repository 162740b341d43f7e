"""What is compared: each contender is one user's machine that knows nothing but the pin, and the commands it runs."""
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.filled_repository import ROLES, SIZE, FilledRepository
from support.forger import digest_of
from support.process import clean_environment


@dataclass
class Site:
    """Where a case takes place: all clients speak to the relay's `url`."""

    repository: FilledRepository
    url: str
    ca: Path
    stored_key: Path  # encrypted, as `notary key import` left it
    passphrase: str


class Official:
    """notary 0.7.0."""

    name = "official client"

    def __init__(self, site: Site, home: Path):
        self._site = site
        self._gun = site.repository.gun
        trust_dir = home / "trust"
        _store_key(site, trust_dir)
        config = home / "config.json"
        config.write_text(json.dumps({
            "trust_dir": str(trust_dir), "remote_server": {"url": site.url, "root_ca": str(site.ca)},
            "trust_pinning": {"certs": {self._gun: [site.repository.pin]}, "disable_tofu": True}}))
        self._start = ["/usr/bin/notary", "-c", str(config)]
        self.env = clean_environment(home) | {"NOTARY_DELEGATION_PASSPHRASE": site.passphrase}

    def sign(self, tag: str) -> list[list[str]]:
        roles = [argument for role in ROLES for argument in ("-r", role)]
        return [[*self._start, "addhash", self._gun, tag, str(SIZE), "--sha256", digest_of(tag).hex(), *roles],
                [*self._start, "publish", self._gun]]

    def look_up(self, tag: str) -> list[list[str]]:
        return [[*self._start, "lookup", self._gun, tag]]

    def list(self) -> list[list[str]]:
        return [[*self._start, "list", self._gun]]


class Countersign:
    """With the same key file as the official client."""

    name = "countersign"

    def __init__(self, site: Site, home: Path, binary: Path):
        self._binary = str(binary)
        self._gun = site.repository.gun
        trust_dir = home / "trust"
        self.env = clean_environment(home)
        self._prepare_key(site, trust_dir)
        self._options = ["-s", site.url, "-d", str(trust_dir), "--tlscacert", str(site.ca),
                         "--trust-root", site.repository.pin, "-q"]
        self._key_options = []

    def _prepare_key(self, site: Site, trust_dir: Path):
        _store_key(site, trust_dir)
        self.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = site.passphrase

    def sign(self, tag: str) -> list[list[str]]:
        return [[self._binary, "sign", f"{self._gun}:{tag}@sha256:{digest_of(tag).hex()}", "--size", str(SIZE),
                 *self._key_options, *self._options]]

    def look_up(self, tag: str) -> list[list[str]]:
        return [[self._binary, "verify", f"{self._gun}:{tag}", *self._options]]

    def list(self) -> list[list[str]]:
        return [[self._binary, "list", self._gun, *self._options]]


class CountersignPlainKey(Countersign):
    """With a key file that is not encrypted."""

    name = "countersign, plain key"

    def __init__(self, site: Site, home: Path, binary: Path):
        super().__init__(site, home, binary)
        self._key_options = ["--key", str(site.repository.key_file)]

    def _prepare_key(self, site: Site, trust_dir: Path):
        pass


def _store_key(site: Site, trust_dir: Path):
    private = trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    shutil.copy2(site.stored_key, private / site.stored_key.name)
