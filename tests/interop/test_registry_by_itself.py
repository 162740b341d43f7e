"""Without a word of the user, what a builder's files tell is looked for in a registry that the machine knows."""
import json
import re
import shlex
import time

import pytest

from support.hints import without_carried
from support.process import clean_environment, free_port, run
from support.registry import OCI_INDEX, RegistryServer, digest_of
from support.stores import NotaryServer
from support.tls import Authority


@pytest.fixture(scope="module")
def notary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("itself")
    notary = NotaryServer(folder, with_signer=False, authority=Authority(folder))
    yield notary
    notary.stop()


@pytest.fixture(scope="module")
def registry(notary, tmp_path_factory):
    registry = RegistryServer(tmp_path_factory.mktemp("registry"), notary.authority)
    yield registry
    registry.stop()


@pytest.fixture
def store(notary):
    return notary


class Signer:
    def __init__(self, world, host, repository):
        self.world, self.repository, self.gun = world, repository, f"{host}/{repository}"
        self.identity = world.identity()
        _, admin = world.repository(self.identity, gun=self.gun)
        self.ci = world.ci(self.identity, pin=admin.pin)

    def run(self, tag, *args):
        return self.ci.run("sign", f"{self.gun}:{tag}", *args, *self.identity.key_args)


@pytest.fixture
def signer(world, registry):
    return Signer(world, registry.host, registry.repository())


def codes(outcome):
    return [warning["code"] for warning in outcome.document["warnings"]]


def metadata(world, image):
    path = world.folder("metadata") / "metadata.json"
    path.write_text(json.dumps({"containerimage.descriptor": {"mediaType": OCI_INDEX, "digest": image.digest,
                                                              "size": image.size}}))
    return path


def test_a_layout_that_the_registry_does_not_have_is_not_signed_and_the_printed_command_mends_it(signer, world):
    image = world.image()
    refused = signer.run("1.0", "--oci-layout", f"{image.layout}:1.0")
    assert refused.exit_code == 6 and refused.error[0] == "IMAGE_NOT_FOUND" and image.digest in refused.error[1], str(refused)
    push = shlex.split(re.search(r"skopeo copy [^;]+", refused.stderr).group())
    run([*push, "--dest-tls-verify=false"], env=clean_environment(world.folder("x")), cwd=world.folder("cwd"))
    signed = signer.run("1.0", "--oci-layout", f"{image.layout}:1.0")
    assert signed.exit_code == 0 and codes(signed) == [], str(signed)


def test_a_layout_that_was_converted_on_its_way_is_not_signed_and_what_is_there_is(signer, registry, world):
    image = world.image()
    run(["/usr/bin/skopeo", "copy", "--all", "--format", "v2s2", "--dest-tls-verify=false", f"oci:{image.layout}:1.0",
         f"docker://{signer.gun}:1.0"], env=clean_environment(world.folder("x")), cwd=world.folder("cwd"))
    refused = signer.run("1.0", "--oci-layout", image.layout)
    assert refused.exit_code == 6, str(refused)
    command = shlex.split(re.search(r"sign what is there: countersign (.+)", without_carried(refused.stderr)).group(1))
    there = registry.manifest(signer.repository, "1.0")
    signed = signer.ci.ok(*command, *signer.identity.key_args)
    assert signed.target("1.0")["digest"] == digest_of(there)


def test_a_metadata_file_is_looked_for_too_and_the_tag_may_have_moved_on(signer, registry, world):
    image, other = world.image(), world.image("other")
    assert signer.run("1.0", "--metadata-file", metadata(world, image)).exit_code == 6
    registry.push(signer.repository, "1.0", image)
    registry.push(signer.repository, "1.0", other)
    signed = signer.run("1.0", "--metadata-file", metadata(world, image))
    assert signed.exit_code == 0 and signed.target("1.0")["digest"] == image.digest, str(signed)
    assert signer.run("2.0", "--metadata-file", metadata(world, image), "--check-registry").error[0] == "REGISTRY_MISMATCH"


def test_a_registry_that_does_not_answer_is_a_warning_unless_it_is_demanded(world):
    """On the trust server's host, and nobody listens."""
    host = f"127.0.0.1:{free_port()}"
    signer = Signer(world, host, "team/app")
    layout = world.image().layout
    demanded = signer.run("1.0", "--oci-layout", layout, "--check-registry")
    assert demanded.exit_code == 8, str(demanded)
    begin = time.monotonic()
    signed = signer.run("1.0", "--oci-layout", layout)
    assert signed.exit_code == 0 and codes(signed) == ["REGISTRY_NOT_CHECKED"], str(signed)
    assert host in signed.document["warnings"][0]["message"]
    assert time.monotonic() - begin < 5
    assert codes(signer.run("2.0", "--oci-layout", layout, "--no-check-registry")) == []
    assert signer.run("2.0", "--oci-layout", layout, "--no-check-registry", "--check-registry").exit_code == 2


def test_a_registry_that_this_machine_knows_nothing_of_is_not_asked(world, store):
    signer = Signer(world, f"registry.invalid:{free_port()}", "team/app")
    layout = world.image().layout
    signed = signer.run("1.0", "--oci-layout", layout)
    assert signed.exit_code == 0 and codes(signed) == [], str(signed)
    config = signer.ci.home / ".docker" / "config.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"auths": {signer.gun.split("/")[0]: {"auth": "Y2k6c2VjcmV0"}}}))
    assert codes(signer.run("2.0", "--oci-layout", layout)) == ["REGISTRY_NOT_CHECKED"]
