"""A real Docker engine out of Debian's packages, in a folder and a mount namespace of its own."""
import json
import os
from pathlib import Path

from support.parts import part
from support.process import Daemon, clean_environment, run

DOCKER, DOCKERD = part("docker"), part("dockerd")
PROGRAMS = ":".join(str(program.parent) for program in (DOCKERD, part("docker-init"), part("containerd"), part("runc")))
# What is mounted stays here; a root that is no mount point, as in a chroot, has nowhere to pass it on to.
OWN_MOUNTS = 'mount --make-rprivate / 2>/dev/null; exec "$@"'


class Engine:
    """Without networks of its own; images are kept in plain folders (vfs)."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        socket = folder / "docker.sock"
        config = folder / "daemon.json"
        config.write_text(json.dumps({
            "storage-driver": "vfs", "bridge": "none", "iptables": False, "ip6tables": False, "ip-forward": False,
            "ip-masq": False, "userland-proxy": False, "data-root": str(folder / "data"),
            "exec-root": str(folder / "exec"), "pidfile": str(folder / "docker.pid"), "hosts": [f"unix://{socket}"],
            "group": str(os.getgid())}))
        environment = clean_environment(folder)
        environment["PATH"] = f"{PROGRAMS}:{environment['PATH']}"
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n", "-E", f"PATH={environment['PATH']}"]
        self._daemon = Daemon(
            [*as_root, "unshare", "-m", "--propagation", "unchanged", "sh", "-c", OWN_MOUNTS, "sh",
             DOCKERD, "--config-file", config], port=socket, log=folder / "engine.log", env=environment, cwd=folder)
        self.env = {"DOCKER_HOST": f"unix://{socket}"}
        self._folder = folder

    def docker(self, *args, **options) -> str:
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        env = clean_environment(home) | self.env | {"DOCKER_CONFIG": str(home), "DOCKER_BUILDKIT": "0"}
        return run([DOCKER, *args], env=env, cwd=self._folder, **options).stdout

    def digests(self, repository: str) -> set[str]:
        """Of the images of a repository that are here."""
        lines = self.docker("image", "ls", "--digests", "--format", "{{.Digest}}", repository).split()
        return {line for line in lines if line.startswith("sha256:")}

    def stop(self):
        self._daemon.stop()
