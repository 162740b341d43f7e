"""The places where trust data lives: notary-server (with and without notary-signer) and a static repository."""
import itertools
import json
from pathlib import Path

from support.keys import canonical_id_of_object
from support.parts import part
from support.process import Daemon, clean_environment, free_port
from support.tls import Authority
from support.trust_data import Reader, TrustData

_numbers = itertools.count(1)


class Store:
    """What a test needs to know of a place: how countersign names it, where clients read, whether they may write."""

    official_clients_may_publish = True

    def __init__(self, name: str, url: str, authority: Authority, option: str | None = None):
        self.name = name
        self.url = url  # for readers and for the official clients
        self.option = option or url  # for countersign --server
        self.authority = authority
        self.ca = authority.ca
        self._reader = Reader(url, self.ca)

    def gun(self, stem="team/app") -> str:
        """A name that no other test uses. No name is a prefix of another: notary-server's memory storage deletes by
        prefix."""
        return f"registry.example.com/n{next(_numbers)}/{stem}"

    def read(self, gun: str) -> TrustData | None:
        return self._reader.read(gun)

    def post(self, gun: str, files: dict[str, bytes]):
        self._reader.post(gun, files)

    def signs(self, gun: str, role: str) -> bool:
        """Whether the server itself holds the key of that role."""
        key, root = self._reader.server_key(gun, role), self.read(gun).signed("root")
        return key is not None and root["roles"][role]["keyids"] == [canonical_id_of_object(key)]

    def state(self, gun: str) -> dict[str, bytes] | None:
        """Equal before and after exactly if nothing was published: every POST makes at least a new timestamp."""
        data = self.read(gun)
        return data and data.files

    def timestamp(self, gun: str) -> bytes | None:
        """As telling as state(), and to be had where other files cannot be served."""
        return self._reader.get(gun, "timestamp")

    def stop(self):
        raise NotImplementedError


def _notary_daemon(program: str, folder: Path, port: int, config: dict) -> Daemon:
    path = folder / f"{program}.json"
    path.write_text(json.dumps(config))
    return Daemon([f"/usr/bin/{program}", "-config", path, "-logf", "json"], port=port,
                  log=folder / f"{program}.log", env=clean_environment(folder), cwd=folder)


class NotaryServer(Store):
    """notary-server; with_signer: its keys (ECDSA) in notary-signer, else in process (Ed25519). auth, storage: sections
    of the configuration; without storage all is in memory."""

    def __init__(self, folder: Path, *, with_signer: bool, auth: dict | None = None, authority=None,
                 storage: dict | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        authority = authority or Authority(folder)
        certificate, key = authority.issue("notary-server")
        self._daemons = []
        logging, in_memory = {"level": "info"}, {"backend": "memory"}
        trust_service = {"type": "local"}
        if with_signer:
            signer_port = free_port()
            signer_certificate, signer_key = authority.issue("notary-signer")
            self._daemons.append(_notary_daemon("notary-signer", folder, signer_port, {
                "server": {"grpc_addr": f"127.0.0.1:{signer_port}", "tls_cert_file": str(signer_certificate),
                           "tls_key_file": str(signer_key), "client_ca_file": str(authority.ca)},
                "logging": logging, "storage": in_memory}))
            trust_service = {"type": "remote", "hostname": "127.0.0.1", "port": str(signer_port),
                             "key_algorithm": "ecdsa", "tls_ca_file": str(authority.ca),
                             "tls_client_cert": str(certificate), "tls_client_key": str(key)}
        port = free_port()
        config = {"server": {"http_addr": f"127.0.0.1:{port}", "tls_cert_file": str(certificate),
                             "tls_key_file": str(key)},
                  "trust_service": trust_service, "logging": logging, "storage": storage or in_memory}
        if auth:
            config["auth"] = auth
        self._start_server = lambda: self._daemons.append(_notary_daemon("notary-server", folder, port, config))
        self._start_server()
        super().__init__("notary-signer" if with_signer else "notary-local", f"https://127.0.0.1:{port}", authority)

    def revive(self):
        """notary-server again, if it has died, as it does with a database (notary #1613)."""
        if not self._daemons[-1].is_alive():
            self._daemons.pop()
            self._start_server()

    def cpu(self) -> float:
        """Seconds that notary-server has used so far."""
        return self._daemons[-1].cpu()

    def stop(self):
        for daemon in reversed(self._daemons):
            daemon.stop()


class TokenService:
    """Docker's registry token protocol; `users` as in token_server.py."""

    def __init__(self, folder: Path, authority: Authority, users: dict):
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        certificate, key = authority.issue("token-service")
        token_certificate, token_key = authority.issue("token-signer")
        users_file = folder / "users.json"
        users_file.write_text(json.dumps(users))
        self.auth = {"type": "token", "options": {
            "realm": f"https://127.0.0.1:{port}/token", "service": "trust", "issuer": "test issuer",
            "rootcertbundle": str(authority.ca)}}
        self._daemon = Daemon(
            ["/usr/bin/python3", Path(__file__).with_name("token_server.py"), "--port", port, "--tls-cert",
             certificate, "--tls-key", key, "--token-cert", token_certificate, "--token-key", token_key, "--users",
             users_file, "--issuer", "test issuer"],
            port=port, log=folder / "token.log", env=clean_environment(folder), cwd=folder)

    def stop(self):
        self._daemon.stop()


NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    {locations}
  }}
}}
"""


class Nginx:
    """A TLS web server with the given locations."""

    def __init__(self, folder: Path, authority: Authority, locations: str):
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        certificate, key = authority.issue("nginx")
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, certificate=certificate, key=key,
                                       locations=locations))
        self.url = f"https://127.0.0.1:{port}"
        self._daemon = Daemon([part("nginx"), "-p", folder, "-c", config], port=port,
                              log=folder / "nginx.out", env=clean_environment(folder), cwd=folder)

    def stop(self):
        self._daemon.stop()


class StaticRepository(Store):
    """A folder that countersign writes as file:DIR and that everybody else reads through a TLS web server, which
    knows nothing of Notary: it serves files."""

    official_clients_may_publish = False

    def __init__(self, folder: Path):
        authority = Authority(folder / "tls")
        self.folder = folder / "repository"
        self.folder.mkdir(parents=True)
        self._server = Nginx(folder / "nginx", authority, f"root {self.folder};")
        super().__init__("static", self._server.url, authority, f"file:{self.folder}")

    def signs(self, gun: str, role: str) -> bool:
        return role in ("snapshot", "timestamp")  # always, with keys in its folder

    def stop(self):
        self._server.stop()


class Proxied(Store):
    """Another store behind nginx, to make it answer as other servers do; locations may use {upstream}."""

    def __init__(self, folder: Path, store: Store, locations: str):
        authority = Authority(folder / "tls")
        self._server = Nginx(folder / "nginx", authority, locations.replace("{upstream}", store.url))
        super().__init__(f"proxied {store.name}", self._server.url, authority)

    def stop(self):
        self._server.stop()
