"""floor.cpp as a contender: the least that anybody needs for one more tag."""
import base64
import shutil
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from bench.administrator import SIZE
from bench.case import Case
from bench.setting import Setting
from support.forged_keys import b64
from support.forger import digest_of
from support.process import clean_environment

PEM, SPKI = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


def _public_pem(key: dict) -> bytes:
    """Of a bare key as metadata holds it."""
    public = base64.b64decode(key["keyval"]["public"])
    if key["keytype"] == "ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(public).public_bytes(PEM, SPKI)
    return serialization.load_der_public_key(public).public_bytes(PEM, SPKI)


def built(setting: Setting) -> Path | None:
    """None where there is no compiler or no libcurl to build with."""
    program = setting.place("floor") / "floor"
    if not shutil.which("c++"):
        return None
    done = subprocess.run(["c++", "-std=c++17", "-O2", "-o", program, Path(__file__).with_name("floor.cpp"), "-lcurl",
                           "-lcrypto"], stderr=subprocess.DEVNULL)
    return program if done.returncode == 0 else None


def contender(case: Case, program: Path):
    """A kind of client that signs."""
    data = case.server.read(case.site.gun)
    root, pins = data.signed("root"), []
    for role in ("timestamp", "snapshot", "targets"):
        path = program.with_name(f"{role}.pub")
        path.write_bytes(_public_pem(root["keys"][root["roles"][role]["keyids"][0]]))
        pins.append(str(path))
    (ci,) = data.signed("targets")["delegations"]["keys"]

    class Floor:
        name = "floor"

        def __init__(self, site, home: Path, url: str):
            self.env = clean_environment(home)
            self._site, self._url = site, url

        def sign(self, tag: str) -> list[list[str]]:
            site = self._site
            return [[str(program), self._url, site.gun, str(site.ca), str(site.key_file), ci, tag, b64(digest_of(tag)),
                     str(SIZE), *pins]]

    return Floor
