"""What every builder leaves behind ends as a signed tag that a real engine pulls, with content trust, by the signed
digest: one platform and several, Docker's media types and OCI's."""
import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from support.parts import part
from support.registry import DOCKER_IMAGE, DOCKER_LIST, OCI_IMAGE, OCI_INDEX

RECORDED = Path(__file__).resolve().parents[1] / "data" / "builders"
BUILDAH = part("buildah")
UMOCI = part("umoci")


def test_engine_builds_and_pushes(shop):
    context = shop.folder("context")
    (context / "hello").write_text("hello from the engine")
    (context / "Dockerfile").write_text("FROM scratch\nCOPY hello /\nCMD [\"/hello\"]\n")
    shop.engine.docker("build", "-q", "-t", f"{shop.gun}:engine", context)
    pushed = shop.engine.docker("push", f"{shop.gun}:engine")
    digest, size = re.search(r"digest: (sha256:\w{64}) size: (\d+)", pushed).groups()
    signed = shop.sign("engine")
    assert (signed.target("engine")["digest"], signed.target("engine")["length"]) == (digest, int(size))
    shop.assert_pulled("engine", signed, DOCKER_IMAGE)


@pytest.fixture(scope="module")
def buildah(shop):
    """buildah with a store of its own: without one it would use, and leave a mount in, /var/lib/containers."""
    folder = shop.folder("buildah")
    (folder / "hello").write_text("hello from buildah")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver="vfs"\ngraphroot="{folder}/graph"\nrunroot="{folder}/run"\n')
    env = {"CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"), "BUILDAH_ISOLATION": "chroot",
           "HOME": str(folder)}

    def buildah(*args):
        return shop.run(BUILDAH, *args, cwd=folder, env=env).stdout.strip()

    def commit(name, form, *platform):
        container = buildah("from", "--pull-never", *platform, "scratch")
        buildah("copy", "-q", container, "hello", "/")
        buildah("commit", "-q", "--format", form, "--timestamp", "0", container, name)

    buildah.commit = commit
    return buildah


@pytest.mark.parametrize("form, media_type", [("oci", OCI_IMAGE), ("docker", DOCKER_IMAGE)])
def test_buildah_pushes_an_image(shop, buildah, form, media_type):
    tag, digest_file = f"buildah-{form}", shop.folder("out") / "digest"
    buildah.commit(tag, form)
    buildah("push", "-q", "--tls-verify=false", "--digestfile", digest_file, tag, f"docker://{shop.gun}:{tag}")
    shop.assert_pulled(tag, shop.sign(tag, "--digest-file", digest_file, "--check-registry"), media_type)


@pytest.mark.parametrize("form, list_form, media_type", [("oci", "oci", OCI_INDEX), ("docker", "v2s2", DOCKER_LIST)])
def test_buildah_pushes_an_image_for_several_platforms(shop, buildah, form, list_form, media_type):
    tag, digest_file = f"buildah-multi-{form}", shop.folder("out") / "digest"
    for architecture in ("amd64", "arm64"):
        buildah.commit(f"{form}-{architecture}", form, "--arch", architecture)
    buildah("manifest", "create", tag, f"{form}-amd64", f"{form}-arm64")
    buildah("manifest", "push", "-q", "--all", "--format", list_form, "--tls-verify=false", "--digestfile", digest_file, tag,
            f"docker://{shop.gun}:{tag}")
    signed = shop.sign(tag, "--digest-file", digest_file, "--platforms")
    assert sorted(p["platform"] for p in signed.target(tag)["platforms"]) == ["linux/amd64", "linux/arm64"]
    shop.assert_pulled(tag, signed, media_type)


@pytest.mark.parametrize("tag, options, media_type", [
    ("skopeo-all", ["--all"], OCI_INDEX), ("skopeo-all-docker", ["--all", "--format", "v2s2"], DOCKER_LIST),
    ("skopeo", [], OCI_IMAGE), ("skopeo-docker", ["--format", "v2s2"], DOCKER_IMAGE)])
def test_skopeo_copies(shop, tag, options, media_type):
    digest_file = shop.folder("out") / "digest"
    shop.skopeo(f"oci:{shop.layout(tag).layout}:{tag}", f"docker://{shop.gun}:{tag}", *options, "--digestfile",
                digest_file)
    shop.assert_pulled(tag, shop.sign(tag, "--digest-file", digest_file, "--check-registry"), media_type)


def test_umoci_builds_a_layout(shop):
    folder = shop.folder("umoci")
    (folder / "rootfs").mkdir()
    (folder / "rootfs" / "hello").write_text("hello from umoci")
    for command in ("init --layout layout", "new --image layout:1.0", "insert --image layout:1.0 rootfs /"):
        shop.run(UMOCI, *command.split(), cwd=folder)
    shop.skopeo(f"oci:{folder}/layout:1.0", f"docker://{shop.gun}:umoci")
    signed = shop.sign("umoci", "--oci-layout", f"{folder / 'layout'}:1.0", "--check-registry")
    shop.assert_pulled("umoci", signed, OCI_IMAGE)


def test_a_layout_in_an_archive_as_buildx_writes_it(shop):
    image = shop.layout("archive")
    shop.registry.push(shop.repository, "archive", image)
    archive = shop.folder("out") / "image.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(image.layout, ".")
    shutil.rmtree(image.layout)
    signed = shop.sign("archive", "--oci-layout", f"{archive}:archive", "--check-registry", "--also-children")
    children = {t["name"]: t for t in signed.repository["targets"]}
    assert sorted(children) == ["archive", "archive-linux-amd64", "archive-linux-arm64"]
    shop.assert_pulled("archive", signed, OCI_INDEX)
    child = children["archive-linux-amd64"]
    pulled = shop.puller.pull(f"{shop.gun}:archive-linux-amd64", shop.engine).stdout
    assert f"Digest: {child['digest']}" in pulled
    assert len(shop.registry.manifest(shop.repository, child["digest"])) == child["length"]


def test_a_manifest_in_a_file(shop):
    image = shop.layout("raw")
    shop.registry.push(shop.repository, "raw", image)
    raw = shop.run("/usr/bin/skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{shop.gun}:raw").stdout
    manifest = shop.folder("out") / "manifest.json"
    manifest.write_text(raw)
    shop.assert_pulled("raw", shop.sign("raw", "--manifest", manifest), OCI_INDEX)


@pytest.mark.parametrize("recorded, option", [
    ("buildx-build.json", "--metadata-file"), ("buildx-build-index.json", "--metadata-file"),
    ("buildx-build-old.json", "--metadata-file"), ("buildx-bake.json", "--metadata-file"),
    ("buildx-imagetools.json", "--metadata-file"), ("build-push-action.json", "--metadata-file"),
    ("podman-digestfile", "--digest-file"), ("kaniko-digest-file", "--digest-file"),
    ("kaniko-image-name-with-digest-file", "--digest-file"),
    ("kaniko-image-name-tag-with-digest-file", "--digest-file"), ("ko-image-refs", "--digest-file")])
def test_builders_that_are_not_to_be_had_leave_files_in_their_documented_form(shop, recorded, option):
    """The recorded file with the names, digest and size of an image that is really there."""
    tag = recorded.replace(".json", "")
    image = shop.layout(tag)
    shop.registry.push(shop.repository, tag, image)
    text = (RECORDED / recorded).read_text()
    name = "db" if "bake" in recorded else "app"
    text = text.replace(f"registry.example.com/team/{name}:1.2", f"{shop.gun}:{tag}")
    text = text.replace(f"registry.example.com/team/{name}", shop.gun)
    if option == "--metadata-file":
        document = json.loads(text)
        entry = document.get(name, document)
        if "containerimage.digest" in entry:
            entry["containerimage.digest"] = image.digest
        if "containerimage.descriptor" in entry:
            entry["containerimage.descriptor"] |= {"digest": image.digest, "size": image.size, "mediaType": OCI_INDEX}
        text = json.dumps(document)
    else:
        text = re.sub(r"sha256:e6ffe1\w{58}", image.digest, text)
    path = shop.folder("out") / recorded
    path.write_text(text)
    shop.assert_pulled(tag, shop.sign(tag, option, path), OCI_INDEX)
