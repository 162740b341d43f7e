"""Where images are built, kept, signed and pulled: a registry, a Notary server and a Docker engine that know each
other, with one repository and one identity that signs in it."""
import json
from pathlib import Path

from support.engine import Engine
from support.images import Image, make_image
from support.process import clean_environment, run
from support.registry import RegistryServer, digest_of
from support.secrets import Secrets
from support.stores import NotaryServer
from support.tls import Authority
from support.world import World


class Shop:
    """Made once for many tests: each adds a tag to `gun`, or makes a repository of its own."""

    def __init__(self, folder: Path, binary: Path):
        authority = Authority(folder / "tls")
        self.notary = NotaryServer(folder / "notary", with_signer=False, authority=authority)
        self.registry = RegistryServer(folder / "registry", authority)
        self.engine = Engine(folder / "engine")
        self.world = World(folder, self.notary, Secrets(), lambda: binary)
        self.repository = "team/app"
        self.gun = f"{self.registry.host}/{self.repository}"
        self.identity = self.world.identity()
        _, admin = self.world.repository(self.identity, gun=self.gun)
        self.ci = self.world.ci(self.identity, pin=admin.pin)
        self.puller = self.world.docker()
        self.env = clean_environment(folder) | {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}

    def stop(self):
        self.engine.stop()
        self.registry.stop()
        self.notary.stop()

    def folder(self, name: str) -> Path:
        return self.world.folder(name)

    def run(self, *argv, cwd=None, env=None):
        return run(argv, env=self.env | (env or {}), cwd=cwd or self.folder("cwd"))

    def skopeo(self, source, target, *options):
        self.run("/usr/bin/skopeo", "copy", "--dest-tls-verify=false", *options, source, target)

    def layout(self, tag: str) -> Image:
        return make_image(self.folder("image") / "layout", tag, f"hello {tag}")

    def sign(self, tag: str, *args):
        return self.ci.ok("sign", f"{self.gun}:{tag}", *args, *self.identity.key_args)

    def assert_pulled(self, tag: str, outcome, media_type: str):
        """The signed entry is what the registry has under the tag, and the engine pulls that by its digest."""
        content = self.registry.manifest(self.repository, tag)
        target = outcome.target(tag)
        assert (target["digest"], target["length"]) == (digest_of(content), len(content))
        assert json.loads(content).get("mediaType", media_type) == media_type
        pulled = self.puller.pull(f"{self.gun}:{tag}", self.engine).stdout
        assert f"Digest: {target['digest']}" in pulled
        assert target["digest"] in self.engine.digests(self.gun)
