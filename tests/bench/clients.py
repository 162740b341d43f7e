"""What is compared: each contender is one user's machine that knows nothing but the pins, and the commands it runs."""
import json
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.administrator import ROLES, SIZE, Repository
from support.forger import digest_of
from support.process import clean_environment

TRIES = 1000  # of one job that others keep overtaking


@dataclass(frozen=True)
class Site:
    """What the clients of a case have in common."""

    binary: Path
    repositories: list[Repository]
    ca: Path
    key_file: Path
    stored_key: Path  # the same, encrypted
    passphrase: str

    @property
    def gun(self) -> str:
        return self.repositories[0].gun


class Official:
    """notary 0.7.0."""

    name = "official client"

    def __init__(self, site: Site, home: Path, url: str):
        self.home, self.url, self._gun = home, url, site.gun
        _store_key(site, home / "trust")
        config = home / "config.json"
        config.write_text(json.dumps({
            "trust_dir": str(home / "trust"), "remote_server": {"url": url, "root_ca": str(site.ca)},
            "trust_pinning": {"certs": {one.gun: [one.pin] for one in site.repositories}, "disable_tofu": True}}))
        self._start = ["/usr/bin/notary", "-c", str(config)]
        self.env = clean_environment(home) | {"NOTARY_DELEGATION_PASSPHRASE": site.passphrase}

    def sign(self, tag: str) -> list[list[str]]:
        return [self._add(self._gun, tag), self._publish(self._gun)]

    def sign_all(self, images: dict[str, Iterable[str]]) -> list[list[str]]:
        """Tags by repository, by a script: this client has no command for many."""
        script = self.home / "sign-all"
        lines = [shlex.join(command) for gun, tags in images.items()
                 for command in [*(self._add(gun, tag) for tag in tags), self._publish(gun)]]
        script.write_text("\n".join(["set -e", *lines, ""]))
        return [["/bin/sh", str(script)]]

    def sign_beside_others(self, tag: str) -> list[str]:
        """Until it is published: who is overtaken is refused by the server, and publishes again."""
        script = self.home / "sign"
        script.write_text(f"{shlex.join(self._add(self._gun, tag))} || exit\ntries=1\n"
                          f"until {shlex.join(self._publish(self._gun))}; do\n"
                          f'  tries=$((tries + 1)); [ "$tries" -le {TRIES} ] || exit 1\ndone\n')
        return ["/bin/sh", str(script)]

    def look_up(self, tag: str) -> list[list[str]]:
        return [[*self._start, "lookup", self._gun, tag]]

    def _add(self, gun: str, tag: str) -> list[str]:
        roles = [argument for role in ROLES for argument in ("-r", role)]
        return [*self._start, "addhash", gun, tag, str(SIZE), "--sha256", digest_of(tag).hex(), *roles]

    def _publish(self, gun: str) -> list[str]:
        return [*self._start, "publish", gun]


class Countersign:
    """With the same key file as the official client."""

    name = "countersign"
    key_options: list[str] = []

    def __init__(self, site: Site, home: Path, url: str):
        self.home, self.url = home, url
        self._binary, self._gun = str(site.binary), site.gun
        self.env = clean_environment(home)
        self.prepare_key(site)
        # Commands of a shell script or a job have a limited length: many pins stand where there is room for them.
        self.env["COUNTERSIGN_TRUST_ROOT"] = "\n".join(f"{one.gun}={one.pin}" for one in site.repositories)
        self._options = ["-s", url, "-d", str(home / "trust"), *self.ca_options(site), "-q"]

    def prepare_key(self, site: Site):
        _store_key(site, self.home / "trust")
        self.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = site.passphrase

    def ca_options(self, site: Site) -> list[str]:
        return ["--tlscacert", str(site.ca)]

    def sign(self, tag: str) -> list[list[str]]:
        return [[self._binary, "sign", f"{self._gun}:{tag}@sha256:{digest_of(tag).hex()}", "--size", str(SIZE),
                 *self.key_options, *self._options]]

    def sign_all(self, images: dict[str, Iterable[str]]) -> list[list[str]]:
        """Tags by repository."""
        release = self.home / "release.json"
        release.write_text(json.dumps({"schema": "countersign/release/v1", "images": [
            {"image": f"{gun}:{tag}@sha256:{digest_of(tag).hex()}", "size": SIZE}
            for gun, tags in images.items() for tag in tags]}))
        return [[self._binary, "sign", "--release", str(release), *self.key_options, *self._options]]

    def sign_beside_others(self, tag: str) -> list[str]:
        (command,) = self.sign(tag)
        return command

    def look_up(self, tag: str) -> list[list[str]]:
        return [[self._binary, "verify", f"{self._gun}:{tag}", *self._options]]


def _store_key(site: Site, trust_dir: Path):
    private = trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    shutil.copy2(site.stored_key, private / site.stored_key.name)
