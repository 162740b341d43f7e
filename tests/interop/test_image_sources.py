"""Traps on the way from a builder to digest and size. Whatever goes wrong, nothing is published."""
import json
import shutil

import pytest

from support.fake_registry import FakeRegistry, Reply, manifest
from support.images import make_image
from support.process import clean_environment, run
from support.registry import (ALL_TYPES, DOCKER_IMAGE, DOCKER_LIST, OCI_IMAGE, OCI_INDEX, RegistryServer, digest_of)
from support.stores import NotaryServer
from support.tls import Authority


@pytest.fixture(scope="module")
def notary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
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


@pytest.fixture
def fake(notary):
    server = FakeRegistry(notary.authority)
    yield server
    server.stop()


class Signer:
    """A repository on this registry, and the CI system that signs for it."""

    def __init__(self, world, host: str, repository: str):
        self.world = world
        self.repository = repository
        self.gun = f"{host}/{repository}"
        self.identity = world.identity()
        _, admin = world.repository(self.identity, gun=self.gun)
        self.ci = world.ci(self.identity, pin=admin.pin)

    def sign(self, tag, *args):
        return self.ci.ok("sign", f"{self.gun}:{tag}", *args, *self.identity.key_args)

    def refused(self, name: str, tag, *args):
        before = self.world.store.state(self.gun)
        refused = self.ci.run("sign", f"{self.gun}:{tag}", *args, *self.identity.key_args)
        assert refused.error and refused.error[0] == name, str(refused)
        assert self.world.store.state(self.gun) == before
        return refused


@pytest.fixture
def signer(world, registry):
    return Signer(world, registry.host, registry.repository())


def signed(signer, tag) -> tuple[str, int]:
    return signer.world.notary().lookup(signer.gun, tag)


def test_a_registry_that_converts_for_careless_clients(signer, registry):
    """Asked for Docker's image type only, it answers with the manifest of one platform."""
    image = make_image(signer.world.folder("image") / "layout", "1.0", "hello")
    run(["/usr/bin/skopeo", "copy", "--all", "--format", "v2s2", "--dest-tls-verify=false",
         f"oci:{image.layout}:1.0", f"docker://{signer.gun}:1.0"], env=clean_environment(signer.world.folder("x")),
        cwd=signer.world.folder("cwd"))
    right = registry.manifest(signer.repository, "1.0", ALL_TYPES)
    assert registry.manifest(signer.repository, "1.0", DOCKER_IMAGE) != right
    signer.sign("1.0")
    assert signed(signer, "1.0") == (digest_of(right), len(right))


def test_an_index_that_is_rewritten_on_its_way(signer, registry):
    """Converted while it is copied: what the layout holds is not what pullers get."""
    image = make_image(signer.world.folder("image") / "layout", "1.0", "hello")
    run(["/usr/bin/skopeo", "copy", "--all", "--format", "v2s2", "--dest-tls-verify=false", f"oci:{image.layout}:1.0",
         f"docker://{signer.gun}:1.0"], env=clean_environment(signer.world.folder("x")),
        cwd=signer.world.folder("cwd"))
    there = registry.manifest(signer.repository, "1.0")
    assert digest_of(there) != image.digest
    refused = signer.refused("REGISTRY_MISMATCH", "1.0", "--oci-layout", image.layout, "--check-registry")
    assert refused.exit_code == 4
    assert image.digest in refused.error[1] and digest_of(there) in refused.error[1]
    signer.sign("1.0", "--check-registry")
    assert signed(signer, "1.0") == (digest_of(there), len(there))


def test_files_that_speak_of_something_else(signer, registry):
    image = make_image(signer.world.folder("image") / "layout", "1.0", "hello")
    registry.push(signer.repository, "1.0", image)
    out = signer.world.folder("out")

    def file(name, text):
        (out / name).write_text(text)
        return out / name

    def metadata(digest, size):
        return file("metadata.json", json.dumps({"containerimage.descriptor": {
            "mediaType": OCI_INDEX, "digest": digest, "size": size}}))

    damaged = signer.world.folder("damaged") / "layout"
    shutil.copytree(image.layout, damaged)
    blob = damaged / "blobs" / "sha256" / image.hex
    blob.write_bytes(blob.read_bytes().replace(b"amd64", b"amd65"))
    sha512 = "sha512:" + "a" * 128
    nothing = "sha256:" + "0" * 64

    signer.refused("HASH_MISMATCH", "1.0", "--oci-layout", damaged)
    signer.refused("SOURCES_DISAGREE", "1.0", "--metadata-file", metadata(image.digest, image.size + 1),
                   "--check-registry")
    signer.refused("SOURCES_DISAGREE", "1.0", "--metadata-file", metadata(image.digest, 7), "--oci-layout", image.layout)
    disagree = signer.refused("SOURCES_DISAGREE", "1.0", "--digest-file", file("digest", nothing), "--oci-layout",
                              image.layout)
    assert f"{nothing} (--digest-file {out / 'digest'})" in disagree.error[1]
    assert f"{image.digest} (--oci-layout {image.layout})" in disagree.error[1]
    child = signer.refused("REGISTRY_MISMATCH", "1.0", "--digest-file", file("child", image.child_digest))
    assert "linux/amd64" in child.error[1] and image.digest in child.error[1]
    signer.refused("INVALID_DIGEST", "1.0", "--digest-file", file("sha512", sha512))
    signer.refused("INVALID_DIGEST", "1.0", "--metadata-file", metadata(sha512, 7))
    signer.refused("IMAGE_NOT_FOUND", "1.0", "--digest-file", file("gone", nothing))
    signer.refused("IMAGE_NOT_FOUND", "2.0")
    signer.refused("FILE_UNREADABLE", "1.0", "--manifest", file("empty", ""))
    signer.refused("FILE_UNREADABLE", "1.0", "--digest-file", file("blank", "\n"))
    signer.refused("USAGE", "1.0", "--metadata-file", file("elsewhere", json.dumps(
        {"containerimage.digest": image.digest, "image.name": "registry.example.com/other:1.0"})))
    signer.refused("USAGE", "1.0", "--file", file("x", "x"), "--oci-layout", image.layout)
    assert signer.sign("1.0", "--metadata-file", metadata(image.digest, image.size), "--digest-file",
                       file("digest", image.digest), "--oci-layout", image.layout, "--size", image.size,
                       "--check-registry").target("1.0")["status"] == "signed"


def test_answers_that_no_registry_should_give(world, fake):
    signer = Signer(world, fake.host, "team/app")
    index = b'{"schemaVersion":2,"manifests":[]}'
    large = b'{"schemaVersion":2,"manifests":[],"pad":"' + b"x" * (5 << 20) + b'"}'
    table = [
        ("SERVER_ERROR", manifest(b"", OCI_INDEX)),
        ("SERVER_ERROR", manifest(b"x" * (9 << 20), OCI_INDEX)),
        ("SERVER_ERROR", manifest(b"<html>", "text/html")),
        ("SERVER_ERROR", manifest(index, "application/vnd.docker.distribution.manifest.v1+prettyjws")),
        ("SERVER_ERROR", manifest(b'{"mediaType":"%s"}' % OCI_IMAGE.encode(), OCI_INDEX)),
        ("HASH_MISMATCH", manifest(index, OCI_INDEX, digest_of(b"other"))),
        ("INVALID_DIGEST", manifest(index, OCI_INDEX, "sha512:" + "a" * 128)),
        ("SERVER_ERROR", Reply(307, b"", {"Location": fake.url + "/elsewhere"})),
        ("SERVER_ERROR", Reply(501)),
        ("IMAGE_NOT_FOUND", Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')),
    ]
    for name, reply in table:
        fake.reply = lambda request, reply=reply: reply
        signer.refused(name, "1.0")
    assert not [r for r in fake.requests if "elsewhere" in r.path]

    for tag, content, media_type in (("list", index, DOCKER_LIST), ("large", large, OCI_INDEX)):
        fake.reply = lambda request, content=content, media_type=media_type: manifest(content, media_type)
        signer.sign(tag, "--check-registry")
        assert signed(signer, tag) == (digest_of(content), len(content))


def test_a_tag_that_moves_while_it_is_signed(world, fake):
    """Resolved, signed, and then somebody has pushed over it: the signature stands, and the run fails."""
    signer = Signer(world, fake.host, "team/app")
    mine, other = b'{"schemaVersion":2,"manifests":[]}', b'{"schemaVersion":2, "manifests":[]}'
    answers = iter([mine])
    fake.reply = lambda request: (lambda content: manifest(content, OCI_INDEX, digest_of(content)))(
        next(answers, other))
    moved = signer.ci.refused(4, "sign", f"{signer.gun}:1.0", "--check-registry", *signer.identity.key_args)
    assert moved.error[0] == "REGISTRY_MISMATCH" and "after it was signed" in moved.error[1]
    assert digest_of(other) in moved.error[1]
    assert moved.repository["published"] is True
    assert signed(signer, "1.0") == (digest_of(mine), len(mine))
    assert [r.method for r in fake.requests] == ["GET", "HEAD"]


def test_a_file_is_signed_as_notary_signs_it(signer):
    path = signer.world.folder("out") / "app-1.0.tgz"
    path.write_bytes(b"not an image" * 1000)
    outcome = signer.ci.ok("sign", f"{signer.gun}:dist/app-1.0.tgz", "--file", path, *signer.identity.key_args)
    assert outcome.target("dist/app-1.0.tgz")["length"] == 12000
    notary = signer.world.notary()
    assert notary.lookup(signer.gun, "dist/app-1.0.tgz") == (digest_of(path.read_bytes()), 12000)
    notary.run("verify", signer.gun, "dist/app-1.0.tgz", "-i", path, "-q")
    entry = signer.world.store.read(signer.gun).signed("targets/releases")["targets"]["dist/app-1.0.tgz"]
    assert sorted(entry["hashes"]) == ["sha256", "sha512"]


def test_a_whole_release(signer, registry, world):
    """Images of two repositories, from different sources, and a file: all of it, or nothing."""
    app = make_image(world.folder("image") / "layout", "1.0", "app")
    db = make_image(world.folder("image") / "layout", "1.0", "db")
    second = Signer(world, registry.host, registry.repository("db"))
    registry.push(signer.repository, "1.0", app)
    registry.push(second.repository, "1.0", db)
    out = world.folder("out")
    (out / "db.digest").write_text(f"{second.gun}@{db.digest}\n")
    (out / "notes.txt").write_text("news")

    def release(*images):
        (out / "release.json").write_text(json.dumps({"schema": "countersign/release/v1", "images": list(images)}))
        return out / "release.json"

    config = out / "config.json"
    config.write_text(json.dumps({"trust_pinning": {"certs": {
        one.gun: [world.pin(one.gun)] for one in (signer, second)}}}))
    keys = [*signer.identity.key_args, *second.identity.key_args]
    ci = world.client(env=signer.identity.env | second.identity.env)
    images = [{"image": f"{signer.gun}:1.0", "oci-layout": str(app.layout)},
              {"image": f"{second.gun}:1.0", "digest-file": "db.digest"},
              {"image": f"{second.gun}:notes.txt", "file": "notes.txt"}]

    before = world.store.state(signer.gun), world.store.state(second.gun)
    only_one = world.client(env=signer.identity.env)
    half = only_one.run("sign", "--release", release(*images), "--config", config, *signer.identity.key_args)
    assert half.exit_code != 0 and "nothing of the release was published" in half.error[1], str(half)
    assert (world.store.state(signer.gun), world.store.state(second.gun)) == before

    done = ci.ok("sign", "--release", release(*images), "--config", config, *keys)
    assert {r["gun"]: sorted(t["name"] for t in r["targets"]) for r in done.document["repositories"]} == {
        signer.gun: ["1.0"], second.gun: ["1.0", "notes.txt"]}
    assert signed(signer, "1.0") == (app.digest, app.size)
    assert signed(second, "1.0") == (db.digest, db.size)

    refused = ci.refused(3, "sign", "--release", release({"image": f"{signer.gun}:1.0", "size": "7"}), *keys)
    assert refused.error[0] == "CONFIG"
    assert ci.refused(2, "sign", f"{signer.gun}:1.0", "--release", release(*images), *keys).error[0] == "USAGE"


def test_a_builders_file_names_the_images_itself(signer, registry):
    image = make_image(signer.world.folder("image") / "layout", "1.0", "hello")
    registry.push(signer.repository, "1.0", image)
    metadata = signer.world.folder("out") / "metadata.json"
    metadata.write_text(json.dumps({
        "containerimage.descriptor": {"mediaType": OCI_INDEX, "digest": image.digest, "size": image.size},
        "containerimage.digest": image.digest, "image.name": f"{signer.gun}:1.0,{signer.gun}:latest"}))
    outcome = signer.ci.ok("sign", "--metadata-file", metadata, *signer.identity.key_args)
    assert {t["name"]: t["digest"] for t in outcome.repository["targets"]} == {
        "1.0": image.digest, "latest": image.digest}
    assert signed(signer, "latest") == (image.digest, image.size)
