"""Where digest and size come from: builders' files, layouts, archives, registries. Each trap is refused with a hint, and
after what that says the image is signed."""
import gzip
import json
import os
import shutil
import tarfile
from pathlib import Path
from ssl import TLSVersion
from subprocess import PIPE
from subprocess import run as run_shell

import pytest

from support.benches import bench  # noqa: F401, a fixture
from support.fake_registry import FakeRegistry, Reply, manifest
from support.hints import Hint
from support.process import free_port
from support.refusals import Refusal, follow, leave_out, replace
from support.registry import OCI_IMAGE, OCI_INDEX, digest_of
from support.tls import Authority

NOTHING = "sha256:" + "0" * 64
SHA512 = "sha512:" + "a" * 128
GOOD = b'{"schemaVersion":2,"mediaType":"%s","manifests":[]}' % OCI_INDEX.encode()


def archive(layout, path):
    with tarfile.open(path, "w") as tar:
        tar.add(layout, ".")
    return path


def source(row, option, name, content, mended=None, about=""):
    """A file that a builder should have written; `mended` is its content then, if the hint says to write it again."""
    def fill(b, text):
        return text.replace("DIGEST", b.image.digest).replace("SIZE", str(b.image.size)).replace("REPO", b.gun)

    def mend(b, hint, command):
        if mended is None:
            return ["sign", f"{b.named}@{b.image.digest}", "--size", b.image.size]
        command[-1].write_text(fill(b, mended))
    return Refusal(row, lambda b: ["sign", b.named, option, b.file(name, fill(b, content))], mend, about or content[:40])


SOURCES = ("--digest-file", "--metadata-file", "--manifest", "--release")


def other_sources(b):
    """A file for each, of the image that is there."""
    metadata = {"containerimage.digest": b.image.digest, "image.name": b.gun}
    return {"--digest-file": b.file("digest", f"{b.image.digest}\n"),
            "--metadata-file": b.file("metadata.json", json.dumps(metadata)),
            "--manifest": b.file("manifest.json", (b.image.layout / "blobs" / "sha256" / b.image.hex).read_bytes()),
            "--release": release(b, {"image": b.named, "oci-layout": str(b.image.layout)})}


def fetched_beside_the_file(b, hint, command):
    """Whatever it is that was named, it stays what it was."""
    fetched = hint.follow(b.ci)
    assert command[-1].read_text() == "{}"
    return [*command[:-1], fetched]


def named(b, option):
    return [] if option == "--release" else [b.named]


def size_for(b, option):
    return ["--size", b.image.size] if option == "--digest-file" else []


def layout(row, damage, about=""):
    """A layout that something is wrong with, and that is then written again."""
    def command(b):
        folder = b.world.folder("layout") / "layout"
        shutil.copytree(b.image.layout, folder)
        damage(b, folder)
        return ["sign", b.named, "--oci-layout", folder]

    def mend(b, hint, command):
        return ["sign", b.named, "--oci-layout", b.build("hello").layout]
    return Refusal(row, command, mend, about or damage.__name__.replace("_", " "))


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def changed_blob(b, folder):
    (folder / "blobs" / "sha256" / b.image.hex).write_bytes(b"x" * b.image.size)


def missing_blob(b, folder):
    (folder / "blobs" / "sha256" / b.image.hex).unlink()


def other_size(b, folder):
    edit(folder / "index.json", lambda index: index["manifests"][0].update(size=7))


def broken_index(b, folder):
    (folder / "index.json").write_text("{")


def no_index(b, folder):
    (folder / "index.json").unlink()


def other_digest(b, folder):
    edit(folder / "index.json", lambda index: index["manifests"][0].update(digest=SHA512))


def no_image(b, folder):
    edit(folder / "index.json", lambda index: index["manifests"][0].update(mediaType="application/vnd.example"))


def two_images(b, names):
    """One layout with the bench's image and another, by these names."""
    folder = b.world.folder("layout") / "it's one"
    shutil.copytree(b.image.layout, folder)
    other = b.build("other")
    shutil.copytree(other.layout / "blobs", folder / "blobs", dirs_exist_ok=True)
    entries = [json.loads((image.layout / "index.json").read_text())["manifests"][0] for image in (b.image, other)]
    for entry, name in zip(entries, names):
        entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return folder


def compressed(b):
    path = b.file("it's an image.tar.gz", b"")
    path.write_bytes(gzip.compress(archive(b.image.layout, path.with_suffix("")).read_bytes()))
    return path


def cut_off(b):
    path = archive(b.image.layout, b.file("image.tar", b""))
    with tarfile.open(path) as tar:
        os.truncate(path, tar.getmembers()[-1].offset_data + 10)
    return path


def index_of(b, children):
    """A layout of an index with these platforms."""
    folder = b.world.folder("index") / "layout"
    shutil.copytree(b.image.layout, folder)
    content = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
        {"mediaType": OCI_IMAGE, "digest": digest, "size": size, "platform": {"os": "linux", "architecture": "amd64"}}
        for digest, size in children]}).encode()
    digest = digest_of(content)
    (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(content)
    edit(folder / "index.json", lambda index: index["manifests"][0].update(digest=digest, size=len(content)))
    return folder


def children(about, described, row="children-unsignable", tag="children"):
    return Refusal(row, lambda b: ["sign", f"{b.gun}:{tag}", "--oci-layout", index_of(b, described(b)),
                                   "--no-check-registry", "--allow-move", "--also-children"], leave_out(6), about)


def release(b, *images, **more):
    return b.file("release.json", json.dumps({"schema": "countersign/release/v1", "images": list(images)} | more))


def sized(b, hint, command):
    """Signed with the length that the printed command prints."""
    done = run_shell(["/bin/sh", "-c", hint.command], env=b.ci.environment(), cwd=b.ci.work, stdout=PIPE, check=True)
    return [*command[:-1], done.stdout.decode().strip()]


def pushed(tag, greeting="hello"):
    def mend(b, hint, command):
        b.push(tag, greeting)
    return mend


def metadata(b, *targets):
    described = {target: {"containerimage.digest": image.digest, "image.name": f"{b.gun}:{tag}"}
                 for target, tag, image in targets}
    return b.file("it's metadata.json", json.dumps(described))


def two_digests(b):
    return b.file("digests", f"{b.gun}@{b.image.digest}\n{b.gun}@{NOTHING}\n")


REFUSALS = [
    # what belongs to what
    Refusal("sign-without-image", lambda b: ["sign", "--oci-layout", b.image.layout],
            lambda b, hint, command: ["sign", b.named, *command[1:]]),
    Refusal("sign-without-image", lambda b: ["sign", "--digest-file", b.file("digest", b.image.digest)],
            lambda b, hint, command: ["sign", b.named, *command[1:]], "builder's file"),
    Refusal("sign-without-tag", lambda b: ["sign", f"{b.gun}@{b.image.digest}"],
            replace(_1=lambda b, hint: f"{hint.values['repo']}:1.0")),
    Refusal("release-with-image", lambda b: ["sign", b.named, "--release", release(b, {"image": b.named})], leave_out(1)),
    Refusal("file-with-source", lambda b: ["sign", f"{b.gun}:readme", "--file", b.file("readme", "read"), "--size", "4"],
            leave_out(4, 5)),
    Refusal("source-for-several", lambda b: ["sign", b.named, f"{b.gun}:same", "--oci-layout", b.image.layout],
            lambda b, hint, command: ["sign", "--release", release(b, *(
                {"image": name, "oci-layout": str(b.image.layout)} for name in command[1:3]))]),
    Refusal("image-twice", lambda b: ["sign", "--release", release(
        b, {"image": b.named}, {"image": b.named, "digest-file": str(b.file("digest", b.build("other").digest)), "size": 7})],
        lambda b, hint, command: ["sign", "--release", release(b, {"image": b.named})]),
    Refusal("sources-disagree", lambda b: ["sign", b.named, "--oci-layout", b.image.layout, "--digest-file",
                                           b.file("digest", NOTHING)], leave_out(4, 5)),
    Refusal("size-misshapen", lambda b: ["sign", f"{b.named}@{b.image.digest}", "--size", "1k"],
            sized),
    Refusal("size-unknown", lambda b: ["sign", f"{b.gun}:unpushed@{b.build('unpushed').digest}"],
            lambda b, hint, command: [*command, "--size", b.build("unpushed").size]),
    Refusal("source-missing", lambda b: ["sign", b.named, "--oci-layout", b.image.layout.parent / "nothing"],
            replace(_3=lambda b, hint: b.image.layout), "path"),
    Refusal("source-missing", lambda b: ["sign", b.named, "--oci-layout", f"{b.image.layout}:"],
            replace(_3=lambda b, hint: f"{b.image.layout}:1.0"), "name"),
    Refusal("target-without-name", lambda b: ["sign", b.gun, "--file", b.file("notes", "news")],
            replace(_1=lambda b, hint: f"{b.gun}:notes-1.0")),
    Refusal("file-empty", lambda b: ["sign", f"{b.gun}:empty", "--file", b.file("empty", "")],
            lambda b, hint, command: command[-1].write_text("news") and None),
    # builders' files
    source("other-build", "--metadata-file", "metadata.json",
           '{"containerimage.digest": "DIGEST", "image.name": "registry.example.com/other:1.0"}'),
    Refusal("several-targets", lambda b: ["sign", b.named, "--metadata-file", metadata(
        b, ("app", "1.0", b.image), ("debug", "1.0", b.build("debug")))],
            replace(_3=lambda b, hint: f"{hint.values['file']}:app")),
    Refusal("several-digests", lambda b: ["sign", b.named, "--digest-file", two_digests(b)],
            lambda b, hint, command: ["sign", f"{hint.values['image']}@{b.image.digest}", "--size", b.image.size]),
    source("digest-file-misread", "--digest-file", "digest", "pushed\n"),
    source("digest-file-misread", "--digest-file", "digest", SHA512 + "\n"),
    # each in the place of another
    *(Refusal("source-of-another-option", lambda b, option=option, right=right: ["sign", *named(b, option), option, other_sources(b)[right]],
              lambda b, hint, command: ["sign", *named(b, hint.values["option"]), *size_for(b, hint.values["option"]),
                                        hint.values["option"], hint.values["file"]], f"{right} as {option}")
      for option in SOURCES for right in SOURCES if option != right),
    source("digest-file-empty", "--digest-file", "digest", "\n", "DIGEST\n"),
    *(source("metadata-file-misread", "--metadata-file", "metadata.json", text,
             '{"containerimage.digest": "DIGEST", "image.name": "REPO:1.0"}')
      for text in ("{", "{}", '{"containerimage.digest": "%s"}' % SHA512,
                   '{"containerimage.digest": "DIGEST", "containerimage.descriptor": {"digest": "%s"}}' % NOTHING)),
    Refusal("release-file-misread", lambda b: ["sign", "--release", release(b, {"image": b.named, "layout": "here"})],
            lambda b, hint, command: ["sign", "--release", release(b, {"image": b.named, "oci-layout": str(b.image.layout)})]),
    Refusal("manifest-misread", lambda b: ["sign", b.named, "--manifest", b.file("it's a manifest", "{}")],
            fetched_beside_the_file),
    # layouts and archives
    *(layout("layout-damaged", damage) for damage in (changed_blob, missing_blob, other_size, broken_index)),
    layout("layout-without-index", no_index),
    layout("layout-with-other-digest", other_digest),
    layout("layout-of-no-image", no_image),
    Refusal("layout-of-several", lambda b: ["sign", b.named, "--oci-layout", two_images(b, ["1.0", "2.0"])],
            replace(_3=lambda b, hint: f"{hint.values['layout']}:1.0"), "none named"),
    Refusal("layout-of-several", lambda b: ["sign", b.named, "--oci-layout", f"{two_images(b, ['1.0', '2.0'])}:3.0"],
            replace(_3=lambda b, hint: f"{hint.values['layout']}:1.0"), "another named"),
    Refusal("layout-of-namesakes", lambda b: ["sign", b.named, "--oci-layout", f"{two_images(b, ['1.0', '1.0'])}:1.0"],
            replace(_3=lambda b, hint: f"{hint.values['layout']}:{b.image.digest}")),
    Refusal("archive-compressed", lambda b: ["sign", b.named, "--oci-layout", compressed(b)],
            lambda b, hint, command: [*command[:-1], b.ci.work / hint.follow(b.ci)]),
    Refusal("archive-of-another-kind", lambda b: ["sign", b.named, "--oci-layout", b.file("readme", "x" * 1000)],
            replace(_3=lambda b, hint: archive(b.image.layout, b.file("image.tar", b"")))),
    Refusal("archive-damaged", lambda b: ["sign", b.named, "--oci-layout", cut_off(b)],
            lambda b, hint, command: archive(b.image.layout, command[-1]) and None),
    children("twice", lambda b: [(b.image.child_digest, 7), (NOTHING, 7)]),
    children("no size", lambda b: [(b.image.child_digest, 0)]),
    children("other digest", lambda b: [(SHA512, 7)]),
    children("long", lambda b: [(b.image.child_digest, 7)], "child-tag-too-long", "x" * 125),
    # what the registry has
    Refusal("image-not-pushed", lambda b: ["sign", f"{b.gun}:later"], pushed("later")),
    Refusal("tag-absent", lambda b: ["sign", f"{b.gun}:soon", "--oci-layout", b.image.layout, "--check-registry"],
            pushed("soon")),
    Refusal("tag-is-another-image", lambda b: b.push("tip", "tip") and [
        "sign", f"{b.gun}:tip", "--oci-layout", b.image.layout, "--check-registry"], pushed("tip"), "pushed"),
    Refusal("tag-is-another-image", lambda b: b.push("head", "head") and [
        "sign", f"{b.gun}:head", "--oci-layout", b.image.layout, "--check-registry"],
            lambda b, hint, command: hint.follow(b.ci) or ["verify", f"{b.gun}:head"], "signed as it is"),
    Refusal("tag-is-whole-index", lambda b: ["sign", f"{b.named}@{b.image.child_digest}"],
            lambda b, hint, command: hint.follow(b.ci) or ["verify", f"{b.named}@{b.image.digest}"]),
    Refusal("layout-not-pushed", lambda b: ["sign", f"{b.gun}:new", "--oci-layout", f"{b.build('new').layout}:1.0"], follow()),
    Refusal("layout-not-pushed", lambda b: b.push("old", "old") and [
        "sign", f"{b.gun}:old", "--oci-layout", b.build("newer").layout],
            lambda b, hint, command: hint.follow(b.ci, which=1) or ["verify", f"{b.gun}:old"], "signed as it is"),
    Refusal("build-not-pushed", lambda b: b.push("built", "built") and [
        "sign", f"{b.gun}:built", "--metadata-file", b.file("metadata.json", json.dumps({"containerimage.descriptor": {
            "digest": NOTHING, "size": 7}}))],
            lambda b, hint, command: hint.follow(b.ci) or ["verify", f"{b.gun}:built"]),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_what_cannot_be_signed_is_signed_after_what_the_hint_says(bench, refusal):  # noqa: F811
    refusal.check(bench)


# --- registries that do not do as they should ---------------------------------------------------------------------------


def answers(reply):
    """Whatever is asked for."""
    return lambda request: reply if "/manifests/" in request.path else Reply(200, b"{}", {"Content-Type": "application/json"})


def well(b, fake, hint):
    fake.reply = answers(manifest(GOOD))


def unsafe(b, fake, hint):
    return ["--insecure-registry", hint.values["host"]]


def authority_known(b, fake, hint):
    folder = Path(hint.values["folder"].replace("~", str(b.ci.home))) / "certs.d" / hint.values["host"]
    folder.mkdir(parents=True)
    shutil.copy(fake.authority.ca, folder / "ca.crt")


def certificate_known(b, fake, hint):
    folder = Path(hint.values["folder"].replace("~", str(b.ci.home))) / "certs.d" / hint.values["host"]
    folder.mkdir(parents=True)
    for path, name in zip(fake.authority.issue("client"), ("client.cert", "client.key")):
        shutil.copy(path, folder / name)


def looked_at(b, fake, hint):
    hint.follow(b.ci)
    assert fake.requests[-1].path == "/v2/team/app/manifests/1.0"
    well(b, fake, hint)


def known_size(b, fake, hint):
    return [f"{hint.values['image']}@{digest_of(GOOD)}", "--size", len(GOOD)]


FAULTS = [
    ("registry-alters", manifest(GOOD, digest=NOTHING), well),
    ("registry-sends-no-image", manifest(b"{}", "application/vnd.example"), looked_at),
    ("registry-names-by-other-digest", manifest(GOOD, digest=SHA512), well),
    ("registry-redirects", Reply(307, b"", {"Location": "https://elsewhere.example.com/"}), well),
    ("registry-failing", Reply(501), well),
    ("registry-failing", Reply(501), known_size),
]


def sign_from(b, fake, row, mend, host=None):
    """Refused for what the registry does, and signed after it was mended."""
    name = f"{host or fake.host}/team/app:1.0"
    refused = b.ci.run("sign", name)
    assert refused.exit_code != 0, str(refused)
    again = mend(b, fake, Hint.of(refused, row)) or []
    named = again if again and str(again[0]).startswith(fake.host) else [f"{fake.host}/team/app:1.0", *again]
    b.ci.ok("sign", *named)


def signable(b, fake):
    """The fake's repository has our signer, too."""
    b.world.repository(b.identity, gun=f"{fake.host}/team/app")
    b.ci.pin = b.world.pin(f"{fake.host}/team/app")
    return fake


@pytest.fixture
def guest(bench):  # noqa: F811
    """The same signer, on a machine that another registry may be made known to."""
    b = type(bench).__new__(type(bench))
    b.__dict__.update(bench.__dict__)
    b.ci = bench.world.ci(bench.identity, env=bench.ci.env)
    return b


@pytest.mark.parametrize("row, reply, mend", FAULTS, ids=[f"{row} {mend.__name__}" for row, _, mend in FAULTS])
def test_a_registry_that_does_not_do_as_it_should(guest, row, reply, mend):
    fake = FakeRegistry(guest.world.store.authority, answers(reply))
    try:
        sign_from(guest, signable(guest, fake), row, mend)
    finally:
        fake.stop()


@pytest.mark.parametrize("row, mend", [("registry-without-tls", unsafe), ("registry-of-unknown-authority", authority_known),
                                       ("registry-wants-certificate", certificate_known), ("registry-of-other-name", well)])
def test_a_registry_that_is_not_trusted_yet(guest, row, mend):
    authority = guest.world.store.authority
    if row == "registry-of-unknown-authority":
        authority = Authority(guest.world.folder("other"), "another CA")
    if row == "registry-wants-certificate":
        guest.ci.env = guest.ci.env | {"SSL_CERT_FILE": str(authority.ca)}
    fake = FakeRegistry(None if mend is unsafe else authority, answers(manifest(GOOD)),
                        client_ca=authority.ca if mend is certificate_known else None)
    fake.authority = authority
    if mend is certificate_known:  # TLS 1.3 hears too late of a certificate that it did not send to be sure what broke
        fake._context.maximum_version = TLSVersion.TLSv1_2
    try:
        other = fake.host.replace("127.0.0.1", "0.0.0.0") if row == "registry-of-other-name" else None
        sign_from(guest, signable(guest, fake), row, mend, other)
    finally:
        fake.stop()


def test_a_registry_that_does_not_answer(guest):
    class Nobody:
        host = f"127.0.0.1:{free_port()}"
    sign_from(guest, signable(guest, Nobody), "registry-unreachable", known_size)


def test_a_registry_whose_port_is_none(bench):  # noqa: F811
    refused = bench.ci.refused(3, "sign", "127.0.0.1:99999/team/app:1.0")
    Hint.of(refused, "registry-without-port")
    bench.ci.ok("sign", bench.named)


def test_a_tag_that_is_pushed_over_while_it_is_signed(guest):
    other = GOOD.replace(b"[]", b"[ ]")
    contents = iter([GOOD])
    fake = FakeRegistry(guest.world.store.authority, lambda request: answers(manifest(next(contents, other)))(request))
    try:
        signable(guest, fake)
        command = ["sign", f"{fake.host}/team/app:1.0", "--check-registry"]
        Hint.of(guest.ci.refused(4, *command), "tag-pushed-over")
        well(guest, fake, None)
        guest.ci.ok(*command)
    finally:
        fake.stop()
