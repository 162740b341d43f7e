"""The official clients: notary, and docker (trust) out of Debian's package docker.io. Each object is one user with
one trust directory of their own."""
import json
from pathlib import Path
from urllib.parse import urlsplit

from support.engine import Engine
from support.parts import part
from support.process import Result, clean_environment, run
from support.secrets import Secrets
from support.stores import Store


class Notary:
    """notary 0.7.0. Its trust directory may be shared with docker and countersign."""

    def __init__(self, home: Path, store: Store, secrets: Secrets, *, trust_dir: Path | None = None,
                 root_passphrase=None, passphrase=None):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.trust_dir = trust_dir or home / "trust"
        self.root_passphrase = root_passphrase or secrets.new()
        self.passphrase = passphrase or secrets.new()
        self._store = store
        self.env = clean_environment(home) | {"NOTARY_ROOT_PASSPHRASE": self.root_passphrase} | {
            f"NOTARY_{role}_PASSPHRASE": self.passphrase for role in ("TARGETS", "SNAPSHOT", "DELEGATION")}

    def run(self, *args, check=True, answer="") -> Result:
        return run(["/usr/bin/notary", "-s", self._store.url, "-d", self.trust_dir, "--tlscacert", self._store.ca,
                    *args], env=self.env, cwd=self.home, check=check, answer=answer)

    def init(self, gun: str, *, server_snapshot=True):
        self.run("init", gun, "-p")
        if server_snapshot:
            self.run("key", "rotate", gun, "snapshot", "-r")

    def add_delegation(self, gun: str, role: str, *keys: Path):
        self.run("delegation", "add", gun, role, *keys, "--all-paths", "-p")

    def import_key(self, path: Path, role="delegation"):
        self.run("key", "import", path, "--role", role)

    def addhash(self, gun: str, tag: str, image, *roles: str):
        args = [a for role in roles for a in ("-r", role)]
        self.run("addhash", gun, tag, str(image.size), "--sha256", image.digest.removeprefix("sha256:"), *args, "-p")

    def list(self, gun: str, *roles: str) -> dict[str, tuple[str, int, str]]:
        """Name -> digest, size, role."""
        args = [a for role in roles for a in ("-r", role)]
        lines = self.run("list", gun, *args).stdout.splitlines()
        start = next((n + 1 for n, line in enumerate(lines) if line.startswith("----")), len(lines))
        rows = [line.split() for line in lines[start:] if line.strip()]
        return {name: ("sha256:" + digest, int(size), role) for name, digest, size, role in rows}

    def lookup(self, gun: str, tag: str) -> tuple[str, int]:
        name, digest, size = self.run("lookup", gun, tag).stdout.split()
        assert name == tag
        return digest, int(size)

    def key_roles(self) -> dict[str, str]:
        """Key ID -> role label, of every key in the trust directory."""
        rows = [line.split() for line in self.run("key", "list").stdout.splitlines()]
        return {row[-2]: row[0] for row in rows if len(row) >= 3 and len(row[-2]) == 64}


class Docker:
    """docker 20.10 without an engine. `home` is $DOCKER_CONFIG, the trust directory is its folder `trust`."""

    PROGRAM = part("docker")

    def __init__(self, home: Path, store: Store, secrets: Secrets, *, root_passphrase=None, passphrase=None):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.trust_dir = home / "trust"
        self.root_passphrase = root_passphrase or secrets.new()
        self.passphrase = passphrase or secrets.new()
        tls = home / "tls" / urlsplit(store.url).netloc
        tls.mkdir(parents=True, exist_ok=True)
        (tls / "ca.crt").write_bytes(Path(store.ca).read_bytes())
        (home / "config.json").write_text("{}")
        self.env = clean_environment(home) | {
            "DOCKER_CONFIG": str(home), "DOCKER_CONTENT_TRUST_SERVER": store.url,
            "DOCKER_HOST": f"unix://{home}/no-engine.sock",
            "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": self.root_passphrase,
            "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": self.passphrase}

    def trust(self, *args, check=True, engine: Engine | None = None) -> Result:
        env = self.env | (engine.env if engine else {})
        return run([self.PROGRAM, "trust", *args], env=env, cwd=self.home, check=check)

    def pull(self, reference: str, engine: Engine, *, check=True) -> Result:
        """With content trust: what is pulled is what the trust server says, by its digest."""
        env = self.env | engine.env | {"DOCKER_CONTENT_TRUST": "1"}
        return run([self.PROGRAM, "pull", reference], env=env, cwd=self.home, check=check)

    def generate_key(self, name: str) -> Path:
        self.trust("key", "generate", name)
        return self.home / f"{name}.pub"

    def private_key_file(self, key_id: str) -> Path:
        return self.trust_dir / "private" / f"{key_id}.key"

    def inspect(self, reference: str) -> dict:
        (answer,) = json.loads(self.trust("inspect", reference).stdout)
        return answer

    def signed_tags(self, reference: str) -> dict[str, tuple[str, list[str]]]:
        """Tag -> digest, names of signers."""
        return {t["SignedTag"]: ("sha256:" + t["Digest"], sorted(t["Signers"]))
                for t in self.inspect(reference)["SignedTags"]}
