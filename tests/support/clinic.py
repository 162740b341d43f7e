"""The doctor's patients: CI systems, on servers of every kind, of whom one thing or nothing is wrong."""
import base64
import json
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from support.countersign import Countersign
from support.forged_keys import ec_key
from support.forger import ForgedRepository
from support.hostile_server import HostileServer
from support.registry import RegistryServer
from support.secrets import Secrets
from support.stores import Nginx, NotaryServer, TokenService
from support.tls import Authority
from support.world import World

ACTIONS = {"ci": ["pull", "push"], "reader": ["pull"], "stranger": [], "owner": ["pull", "push", "*"]}


@dataclass
class Patient:
    client: Countersign
    args: list

    @property
    def gun(self) -> str | None:
        return self.args[0].partition(":")[0] if self.args and self.args[0].startswith("registry.") else None

    def doctor(self, **options):
        return self.client.run("doctor", *self.args, **options)

    def sign(self):
        image = f"{self.gun}:1.0@sha256:{'00' * 32}"
        return self.client.run("sign", image, "--size", "1", *self.args[1:])

    def stored(self) -> dict[str, bytes] | None:
        """What is published; nothing if only users with tokens may see it."""
        store = self.client.store
        return store.state(self.gun) if self.gun and hasattr(store, "state") and not hasattr(store, "guarded") else None


class Clinic:
    """Servers of many kinds, and repositories in which one or nothing is wrong. What is made is made once."""

    def __init__(self, folder: Path, binary: Path):
        self.folder = folder
        self.binary = binary
        self.secrets = Secrets()
        self._made = {}
        self.passwords = {name: self.secrets.new() for name in ACTIONS}
        self._stack = ExitStack()

    def once(self, name: str, make: Callable):
        if name not in self._made:
            self._made[name] = make(self.folder / name)
            if hasattr(self._made[name], "stop"):
                self._stack.callback(self._made[name].stop)
        return self._made[name]

    def close(self):
        self._stack.close()

    # --- servers ------------------------------------------------------------------------------------------------

    @property
    def authority(self) -> Authority:
        return self.once("authority", Authority)

    @property
    def notary(self) -> NotaryServer:
        return self.once("notary", lambda f: NotaryServer(f, with_signer=False, authority=self.authority))

    @property
    def tokens(self) -> TokenService:
        return self.once("tokens", lambda f: TokenService(f, self.authority, {
            name: {"password": self.passwords[name], "actions": actions} for name, actions in ACTIONS.items()}))

    @property
    def protected(self) -> NotaryServer:
        """Wants tokens, and has its keys in a notary-signer."""
        def make(folder):
            server = NotaryServer(folder, with_signer=True, auth=self.tokens.auth, authority=self.authority)
            server.guarded = True
            return server
        return self.once("protected", make)

    @property
    def registry(self) -> RegistryServer:
        return self.once("registry", lambda f: RegistryServer(f, self.authority))

    @property
    def hostile(self) -> HostileServer:
        return self.once("hostile", HostileServer)

    def nginx(self, name: str, locations: str) -> Nginx:
        return self.once(name, lambda folder: Nginx(folder, self.authority, locations))

    # --- users and repositories -----------------------------------------------------------------------------------

    def world(self, store=None) -> World:
        store = store or self.notary
        def make(folder):
            folder.mkdir()
            return World(folder, store, self.secrets, lambda: self.binary)
        return self.once("world-" + store.url.rpartition(":")[2], make)

    def auth(self, name: str) -> dict[str, str]:
        value = base64.b64encode(f"{name}:{self.passwords[name]}".encode()).decode()
        return {"NOTARY_AUTH": self.secrets.add(value)}

    def repository(self, name="healthy", kind="openssl-ec-pem", signer=True):
        """On the open server: with the signer jenkins, whose key the user has."""
        def make(_):
            world = self.world()
            identity, gun, admin = world.identity(kind), world.store.gun(name), world.admin()
            admin.init(gun)
            if signer:
                admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
            return SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return self.once(f"repository-{name}-{kind}", make)

    def patient(self, repository=None, *args, key=None, env=None, **options) -> Patient:
        """A CI system with the repository's key; `args` are added to the command."""
        repository = repository or self.repository()
        options.setdefault("pin", repository.admin.pin)
        environment = repository.identity.env | (env or {})
        client = repository.world.client(env={k: v for k, v in environment.items() if v is not None}, **options)
        return Patient(client, [repository.gun, *(repository.identity.key_args if key is None else key), *args])

    def guarded(self, env: dict[str, str]) -> Patient:
        """The same on the server that wants tokens."""
        def make(_):
            world = self.world(self.protected)
            identity, gun = world.identity(), self.protected.gun()
            admin = world.admin(env=self.auth("owner"))
            admin.init(gun)
            admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
            return SimpleNamespace(gun=gun, identity=identity, admin=admin, world=world)
        return self.patient(self.once("guarded", make), env=env)

    def forged(self, name: str, change: Callable[[ForgedRepository], None], *args) -> Patient:
        """A repository whose files say what the change makes of them."""
        gun = f"registry.example.com/{name}/app"
        ci = ec_key("ci")
        shelf = self.hostile.shelf(gun)
        repo = ForgedRepository(gun, shelf, ci)
        for role in ("snapshot", "timestamp"):
            shelf.files[f"{role}.key"] = json.dumps(repo.signers[role][0].object).encode()
        world = self.world(self.hostile)
        client = world.client(pin=repo.pin)
        patient = Patient(client, [gun, "--key", ci.write(world.folder("key") / "ci.pem"), *args])
        change(repo)
        return patient

    def elsewhere(self, url: str, **options) -> Patient:
        """A user who names another server; nothing but the way to it and its nature is of interest."""
        return self.patient(server=url, **options)


class PlainServer:
    """Answers everybody in plain HTTP."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def stop(self):
        self._socket.close()
