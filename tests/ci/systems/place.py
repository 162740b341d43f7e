"""Where the pipelines run: a registry and a notary-server with one login, a token with the CI system's key, an
administrator who has let that key sign. One `Place` per test; the servers are shared."""
import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from support.countersign import Countersign
from support.images import Image
from support.parts import part
from support.process import clean_environment, run
from support.registry import RegistryServer
from support.secrets import Secrets
from support.stores import NotaryServer, Nginx, TokenService
from support.tls import Authority
from support.world import World

ACTIONS = {"ci": ["pull", "push"], "owner": ["pull", "push", "*"], "reader": ["pull"]}


class NastySecrets(Secrets):
    """Secrets that every careless quoting, splitting or expansion changes."""

    def new(self) -> str:
        return self.add(f"-a'b\"$(whoami)`whoami`%0A ${{HOME}}$$/+&;{os.urandom(6).hex()}ü=")


# One name for both, as registries with content trust have it: clients then need to be told no trust server.
LOCATIONS = """
    location ~ ^/v2/.+/_trust/ {{ proxy_pass {notary}; proxy_set_header Host $http_host; client_max_body_size 0; }}
    location / {{ proxy_pass {registry}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
                 proxy_request_buffering off; client_max_body_size 0; }}
"""


class Servers:
    """A registry and its trust server behind one address, with one login."""

    def __init__(self, folder: Path):
        self.authority = Authority(folder)
        self.passwords = {name: NastySecrets().new() for name in ACTIONS}
        self._service = TokenService(folder / "service", self.authority, {
            name: {"password": self.passwords[name], "actions": actions} for name, actions in ACTIONS.items()})
        self.notary = NotaryServer(folder / "notary", with_signer=True, auth=self._service.auth, authority=self.authority)
        self.registry = RegistryServer(folder / "registry", self.authority, auth=self._service.auth)
        self.front = Nginx(folder / "front", self.authority,
                           LOCATIONS.format(notary=self.notary.url, registry=self.registry.url))
        self.host = self.front.url.removeprefix("https://")

    def stop(self):
        for server in (self.front, self.registry, self.notary, self._service):
            server.stop()


@dataclass
class Login:
    user: str
    password: str

    @property
    def basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Place:
    def __init__(self, folder: Path, servers: Servers, secrets: Secrets, binary):
        self.servers = servers
        self.secrets = secrets
        self.world = World(folder, servers.notary, secrets, binary)
        self.binary = binary()
        self.ca = servers.notary.ca
        self.server = servers.front.url
        self.logins = {name: Login(name, servers.passwords[name]) for name in ACTIONS}
        for login in self.logins.values():
            secrets.add(login.password)
            secrets.add(login.basic)
        number = servers.notary.gun().split("/")[1]
        self.gun = f"{servers.host}/{number}/app"
        self.identity = self.world.identity("token-p256")
        self.pin = self.identity.env["COUNTERSIGN_PIN"]
        self.key = self.identity.key_args[1]
        self.owner = self.world.admin(env={"NOTARY_AUTH": self.logins["owner"].basic})
        self.trust_root = self.owner.init(self.gun)
        self.owner.ok("signer", "add", "jenkins", self.gun, "--key", self.identity.public)
        self.image = self.world.image()
        self.push("built", self.image)
        self._qa = ""

    def token(self) -> dict[str, str]:
        """What leads to the token on a machine that has it; no secret."""
        return {k: v for k, v in self.identity.env.items() if k != "COUNTERSIGN_PIN"}

    def environment(self, token=True) -> dict[str, str]:
        """What is installed and configured on the machine where jobs run; no secret."""
        home = self.world.folder("runner")
        for name in ("bin", "tmp", "run"):
            (home / name).mkdir()
        (home / "bin" / "countersign").symlink_to(self.binary)
        (home / "bin" / "buildah").symlink_to(part("buildah"))
        storage = home / "storage.conf"
        storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{home}/images"\nrunroot = "{home}/run/images"\n')
        environment = clean_environment(home) | (self.token() if token else {})
        return environment | {
            "PATH": f"{home}/bin:{environment['PATH']}", "TMPDIR": str(home / "tmp"), "XDG_RUNTIME_DIR": str(home / "run"),
            "CONTAINERS_STORAGE_CONF": str(storage), "BUILDAH_ISOLATION": "chroot", "SSL_CERT_FILE": str(self.ca)}

    def sign(self, tag: str, image: Image):
        """The CI system's key, without any CI system."""
        self.push(f"built-{tag}", image)
        client = self.world.ci(self.identity, pin=self.trust_root, env={"NOTARY_AUTH": self.logins["ci"].basic})
        client.sign(self.gun, tag, image, *self.identity.key_args)

    def policy(self, path: Path, teams: list[str]) -> Path:
        """A policy that wants these of the teams ci, which is the CI system, and qa, which never signs."""
        if not self._qa:
            self._qa = self.world.identity().public.read_text()
        path.write_text(json.dumps({
            "version": 1, "users": {"jenkins": {"keys": [self.identity.public.read_text()]}, "alice": {"keys": [self._qa]}},
            "teams": {"ci": ["jenkins"], "qa": ["alice"]}, "rules": [{"images": [f"{self.servers.host}/**"], "teams": teams}]}))
        return path

    def reader(self) -> Countersign:
        return self.world.client(pin=self.trust_root, env={"NOTARY_AUTH": self.logins["reader"].basic})

    def registry_login(self) -> Path:
        """Of the build, as `docker login` leaves it."""
        path = self.world.folder("login") / "config.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({"auths": {self.servers.host: {"auth": self.logins["ci"].basic}}}))
        return path

    def signed(self) -> dict[str, tuple[str, int, str]]:
        """What notary reads: tag -> digest, size, role."""
        notary = self.world.notary()
        notary.env |= {"NOTARY_AUTH": self.logins["reader"].basic}
        return notary.list(self.gun)

    def signers(self, tag: str) -> list[str]:
        """What docker trust says."""
        docker = self.world.docker()
        (docker.home / "config.json").write_text(json.dumps({"auths": {self.servers.host: {"auth": self.logins["reader"].basic}}}))
        digest, signers = docker.signed_tags(self.gun)[tag]
        return signers

    def push(self, tag: str, image: Image):
        """What is signed is in the registry, or `sign` would say that it is not."""
        env = self.environment() | {"REGISTRY_AUTH_FILE": str(self.registry_login())}
        run(["/usr/bin/skopeo", "copy", "--all", "--preserve-digests", f"oci:{image.layout}:1.0", f"docker://{self.gun}:{tag}"],
            env=env, cwd=env["HOME"])

    def pushed(self, tag: str) -> tuple[str, int]:
        """Digest and size of what the registry has."""
        env = self.environment() | {"REGISTRY_AUTH_FILE": str(self.registry_login())}
        content = run(["/usr/bin/skopeo", "inspect", "--raw", f"docker://{self.gun}:{tag}"], env=env, cwd=env["HOME"]).stdout.encode()
        return "sha256:" + hashlib.sha256(content).hexdigest(), len(content)
