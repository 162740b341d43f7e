"""What a server really serves, read along the chain of hashes as every client reads it."""
import base64
import hashlib
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field


@dataclass
class TrustData:
    files: dict = field(default_factory=dict)  # role -> bytes

    def signed(self, role: str) -> dict:
        return json.loads(self.files[role])["signed"]

    @property
    def versions(self) -> dict[str, int]:
        return {role: self.signed(role)["version"] for role in self.files}

    def targets(self, role: str) -> dict[str, tuple[str, int]]:
        """Name -> digest and length."""
        return {name: ("sha256:" + base64.b64decode(t["hashes"]["sha256"]).hex(), t["length"])
                for name, t in self.signed(role)["targets"].items()}

    def delegation(self, role: str) -> dict:
        parent = role.rpartition("/")[0]
        return next(r for r in self.signed(parent)["delegations"]["roles"] if r["name"] == role)

    @property
    def root_key_ids(self) -> list[str]:
        return self.signed("root")["roles"]["root"]["keyids"]


class Reader:
    def __init__(self, url: str, ca):
        context = ssl.create_default_context(cafile=str(ca))
        self._url = url
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                 urllib.request.HTTPSHandler(context=context)).open

    def get(self, gun: str, name: str) -> bytes | None:
        return self._get(gun, name + ".json")

    def server_key(self, gun: str, role: str) -> dict | None:
        """The public key that the server uses, or would use, for the role."""
        answer = self._get(gun, role + ".key")
        return answer and json.loads(answer)

    def post(self, gun: str, files: dict[str, bytes]):
        """Publishes these bytes, whatever they are (section 1.4)."""
        boundary = "b" * 40
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{role}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode() + content + b"\r\n"
            for role, content in files.items()) + f"--{boundary}--\r\n".encode()
        request = urllib.request.Request(f"{self._url}/v2/{gun}/_trust/tuf/", body, {
            "Content-Type": f"multipart/form-data; boundary={boundary}"})
        with self._open(request, timeout=60) as answer:
            assert answer.status == 200

    def _get(self, gun: str, file: str) -> bytes | None:
        try:
            with self._open(f"{self._url}/v2/{gun}/_trust/tuf/{file}", timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def read(self, gun: str) -> TrustData | None:
        """Everything that the newest timestamp leads to; None without trust data."""
        timestamp = self.get(gun, "timestamp")
        if timestamp is None:
            return None
        data = TrustData({"timestamp": timestamp})
        self._follow(gun, data, data.signed("timestamp")["meta"])
        self._follow(gun, data, data.signed("snapshot")["meta"])
        return data

    def _follow(self, gun, data, meta):
        for role, entry in meta.items():
            digest = base64.b64decode(entry["hashes"]["sha256"]).hex()
            content = self.get(gun, f"{role}.{digest}")
            assert content is not None, f"{gun}: {role}.{digest}.json is named but not served"
            assert hashlib.sha256(content).hexdigest() == digest and len(content) == entry["length"], role
            data.files[role] = content
