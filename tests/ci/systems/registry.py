"""docker-registry, and a token service that lets the same users into it and into a notary-server."""
import json
from pathlib import Path

from support.process import Daemon, clean_environment, free_port
from support.stores import PARTS
from support.tls import Authority


class Registry:
    def __init__(self, folder: Path, authority: Authority, auth: dict):
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        certificate, key = authority.issue("registry")
        config = folder / "registry.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "version": 0.1, "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": f"127.0.0.1:{port}", "secret": "not secret", "relativeurls": True,
                     "tls": {"certificate": str(certificate), "key": str(key)}},
            "auth": auth and {auth["type"]: auth["options"]}}))
        self.url = f"https://127.0.0.1:{port}"
        self._daemon = Daemon([PARTS / "docker-registry/usr/bin/docker-registry", "serve", config], port=port, log=folder / "registry.log",
                              env=clean_environment(folder), cwd=folder)

    def stop(self):
        self._daemon.stop()
