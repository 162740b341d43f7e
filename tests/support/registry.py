"""docker-registry with TLS: open, with passwords, or with tokens; and what a test puts into it byte for byte."""
import base64
import hashlib
import itertools
import json
import ssl
import urllib.request
from pathlib import Path

import bcrypt

from support.images import Image
from support.parts import part
from support.process import Daemon, clean_environment, free_port
from support.tls import Authority

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
ALL_TYPES = ", ".join((OCI_INDEX, OCI_IMAGE, DOCKER_LIST, DOCKER_IMAGE))

_numbers = itertools.count(1)


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def password_file(path: Path, users: dict[str, str]) -> dict:
    """The `auth` section for users with passwords, in the form of `htpasswd -B`."""
    path.write_text("".join(f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()}\n"
                            for name, password in users.items()))
    return {"htpasswd": {"realm": "test", "path": str(path)}}


class RegistryServer:
    """`storage`: the folder of another registry, to be a second door to the same images. `auth`: the section of the
    configuration, as a TokenService or password_file has it."""

    def __init__(self, folder: Path, authority: Authority, *, auth: dict | None = None, storage: Path | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        certificate, key = authority.issue("registry")
        self.storage = storage or folder / "storage"
        config = {"version": 0.1, "log": {"level": "warn", "accesslog": {"disabled": True}},
                  "storage": {"filesystem": {"rootdirectory": str(self.storage)}, "delete": {"enabled": True}},
                  "http": {"addr": f"127.0.0.1:{port}", "secret": "x", "relativeurls": True,
                           "tls": {"certificate": str(certificate), "key": str(key)}}}
        if auth:
            config["auth"] = {auth["type"]: auth["options"]} if "type" in auth else auth
        path = folder / "config.json"  # JSON is YAML
        path.write_text(json.dumps(config))
        environment = clean_environment(folder)
        self._daemon = Daemon([part("docker-registry"), "serve", path], port=port,
                              log=folder / "registry.log", env=environment, cwd=folder)
        self.host = f"127.0.0.1:{port}"
        self.url = f"https://{self.host}"
        self.ca = authority.ca
        self._context = ssl.create_default_context(cafile=str(authority.ca))

    def repository(self, stem="app") -> str:
        """A name that no other test uses."""
        return f"n{next(_numbers)}/{stem}"

    def stop(self):
        self._daemon.stop()

    # What follows wants no credentials: it is for an open registry.

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str):
        url = path if path.startswith("http") else self.url + path
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, body, names, method=method)
        return urllib.request.urlopen(request, context=self._context, timeout=30)

    def put_blob(self, repository: str, content: bytes):
        with self.request("POST", f"/v2/{repository}/blobs/uploads/", b"") as started:
            location = started.headers["Location"]
        location += ("&" if "?" in location else "?") + "digest=" + digest_of(content)
        self.request("PUT", location, content, Content_Type="application/octet-stream").close()

    def put_manifest(self, repository: str, name: str, content: bytes, media_type: str) -> str:
        self.request("PUT", f"/v2/{repository}/manifests/{name}", content, Content_Type=media_type).close()
        return digest_of(content)

    def manifest(self, repository: str, name: str, accept=ALL_TYPES) -> bytes:
        with self.request("GET", f"/v2/{repository}/manifests/{name}", Accept=accept) as answer:
            return answer.read()

    def push(self, repository: str, tag: str, image: Image):
        """The layout of an image, byte for byte; what it is called is its digest."""
        blobs = image.layout / "blobs" / "sha256"

        def push_blob(descriptor):
            content = (blobs / descriptor["digest"].removeprefix("sha256:")).read_bytes()
            media_type = descriptor["mediaType"]
            if media_type not in (OCI_INDEX, OCI_IMAGE, DOCKER_LIST, DOCKER_IMAGE):
                return self.put_blob(repository, content)
            document = json.loads(content)
            for part in [*document.get("manifests", []), *document.get("layers", []),
                         *([document["config"]] if "config" in document else [])]:
                push_blob(part)
            return self.put_manifest(repository, descriptor["digest"], content, media_type)

        (entry,) = [e for e in json.loads((image.layout / "index.json").read_text())["manifests"]
                    if e["digest"] == image.digest]
        push_blob(entry)
        self.put_manifest(repository, tag, (blobs / image.hex).read_bytes(), entry["mediaType"])


def docker_config(folder: Path, hosts: dict[str, str], **more) -> Path:
    """A config.json with `user:password` for each host, as `docker login` leaves it. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"auths": {
        host: {"auth": base64.b64encode(login.encode()).decode()} for host, login in hosts.items()}} | more))
    return folder
