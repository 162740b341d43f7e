"""The container image, built for real: its base is made here out of Debian's packages, since the public registry is nobody's
business in a test. An unprivileged user signs in it with a token whose module comes from outside."""
import os
import platform
import re
import shutil
from pathlib import Path

import pytest

from ci.systems.github import ROOT
from ci.systems.shell import INPUTS, SECRETS
from ci.test_step import signing
from support.process import clean_environment, run
from support.softhsm import MODULE

GENERIC = ROOT / "ci-integrations" / "generic"
BASE = {"libc6", "libgcc-s1", "libstdc++6"}  # apt needs these too, so every Debian has them


def test_the_image_has_every_library_that_the_program_needs(binary, tmp_path):
    environment = clean_environment(tmp_path)
    dynamic = run(["/usr/bin/readelf", "-d", binary], env=environment, cwd=tmp_path).stdout
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    patterns = [f"*/{platform.machine()}-linux-gnu/{name}" for name in libraries]
    owners = run(["/usr/bin/dpkg", "-S", *patterns], env=environment, cwd=tmp_path).stdout
    needed = {line.split(":")[0] for line in owners.splitlines()} - BASE
    installed = set((GENERIC / "Dockerfile").read_text().split())
    assert len(needed) > 5 and not needed - installed


@pytest.mark.slow
def test_an_unprivileged_user_signs_in_the_container(place, tmp_path):
    environment = place.environment()

    def buildah(*args):
        return run(["buildah", *args], env=environment, cwd=tmp_path, timeout=900).stdout.strip()

    base = tmp_path / "base.tar"
    run(["/usr/bin/mmdebstrap", "--quiet", "--variant=minbase", "bookworm", base], env=environment | {"SSL_CERT_FILE": ""}, cwd=tmp_path, timeout=900)
    scratch = buildah("from", "scratch")
    buildah("add", "--quiet", scratch, base, "/")
    buildah("commit", "--quiet", scratch, "docker.io/library/debian:bookworm-slim")
    base.unlink()

    context = tmp_path / "context"
    context.mkdir()
    shutil.copy(place.binary, context / "countersign")
    shutil.copy(GENERIC / "countersign.sh", context)
    buildah("build", "--quiet", "--pull-never", "-t", "countersign", "-f", GENERIC / "Dockerfile", context)
    container = buildah("from", "--pull-never", "countersign")

    # What belongs to the machine: the token's module and its files, the authority, the image's layout, the secret.
    outside = tmp_path / "outside"
    shutil.copytree(MODULE.parent, outside / "module")
    shutil.copytree(Path(place.identity.env["SOFTHSM2_CONF"]).parent, outside / "token")
    shutil.copytree(place.image.layout, outside / "layout")
    shutil.copy(place.ca, outside / "ca.crt")
    config = outside / "token" / "softhsm2.conf"
    config.write_text("directories.tokendir = /outside/token/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    (outside / "pin").write_text(place.pin)
    (outside / "password").write_text(place.logins["ci"].password)
    for path in [outside, *outside.rglob("*")]:
        os.chown(path, 65532, 65532)
    step = signing(place, **{"oci-layout": "/outside/layout", "ca-cert": "/outside/ca.crt"})
    variables = {INPUTS[name]: value for name, value in step.inputs.items()} | {
        SECRETS["username"]: "ci", "COUNTERSIGN_PIN_FILE": "/outside/pin", "COUNTERSIGN_PASSWORD_FILE": "/outside/password",
        "COUNTERSIGN_PKCS11_MODULE": f"/opt/pkcs11/{MODULE.name}", "SOFTHSM2_CONF": "/outside/token/softhsm2.conf"}
    started = ["run", "--network", "host", "--volume", f"{outside / 'module'}:/opt/pkcs11:ro", "--volume", f"{outside}:/outside",
               *[arg for name, value in variables.items() for arg in ("--env", f"{name}={value}")], container, "--"]
    assert buildah(*started, "id", "-u") == "65532"
    assert not place.secrets.found_in(buildah(*started, "countersign.sh", "sign"))
    assert place.signed() == {"1.0": (place.image.digest, place.image.size, "targets/releases")}
    assert buildah(*started, "countersign", "--version").startswith("countersign ")
