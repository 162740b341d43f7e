"""Files of text as Windows writes them: a byte order mark and CRLF change nothing, whatever the file is for; UTF-16 is
refused before anything is tried or signed, with a command that converts that file."""
import json

import pytest

from support.hints import Hint
from support.identities import NAME
from support.process import clean_environment, run

PASSPHRASE = "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"


@pytest.fixture
def store(notary_local):
    return notary_local


class Bench:
    """A repository with a signer, and an image that waits to be signed."""

    def __init__(self, world, kind="openssl-ec-pem"):
        self.world = world
        self.identity = world.identity(kind)
        self.gun, self.admin = world.repository(self.identity)
        self.image = world.image()
        self.machine = world.ci(self.identity, pin=self.admin.pin)
        self.folder = world.folder("it is text")
        self.plain = ""  # what the file should hold

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        self.path, self.plain = path, text
        return path

    @property
    def named(self):
        return f"{self.gun}:1.0"

    def sign(self, *source):
        return ["sign", self.named, *(source or ["--oci-layout", self.image.layout]), *self.identity.key_args]


# Each gives the bench and the command that reads the file.


def pin_file(world, variable):
    bench = Bench(world, "token-p256")
    file = bench.file("pin", bench.machine.env.pop("COUNTERSIGN_PIN") + "\n")
    if variable:
        bench.machine.env["COUNTERSIGN_PIN_FILE"] = str(file)
    else:
        bench.identity.key_args[1] += f"?pin-source={str(file).replace(' ', '%20')}"
    return bench, bench.sign()


def passphrase_file(world):
    bench = Bench(world, "openssl-rsa-pem")
    bench.machine.env[f"{PASSPHRASE}_FILE"] = str(bench.file("passphrase", bench.machine.env.pop(PASSPHRASE) + "\n"))
    return bench, bench.sign()


def digest_file(world):
    bench = Bench(world)
    size = str(bench.image.size)
    return bench, bench.sign("--size", size, "--digest-file", bench.file("digest", f"{bench.image.digest}\n"))


def metadata_file(world):
    bench = Bench(world)
    descriptor = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": bench.image.digest,
                  "size": bench.image.size}
    text = json.dumps({"containerimage.digest": bench.image.digest, "containerimage.descriptor": descriptor}, indent=1)
    return bench, bench.sign("--metadata-file", bench.file("metadata.json", text))


def release_file(world):
    bench = Bench(world)
    images = [{"image": bench.named, "oci-layout": str(bench.image.layout)}]
    release = {"schema": "countersign/release/v1", "images": images}
    file = bench.file("release.json", json.dumps(release, indent=1))
    return bench, ["sign", "--release", file, *bench.identity.key_args]


def list_of_images(world):
    bench = Bench(world)
    bench.machine.ok(*bench.sign())
    return bench, ["verify", "--images-from", bench.file("images", f"# ours\n{bench.named}\n")]


def manifest_of_images(world):
    bench = Bench(world)
    bench.machine.ok(*bench.sign())
    text = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: app\n    image: {bench.named}\n"
    return bench, ["verify", "--images-from", bench.file("pod.yaml", text)]


def policy(world):
    bench = Bench(world)
    bench.machine.ok(*bench.sign())
    rules = [{"images": [f"{bench.gun}:*"], "teams": ["ci"]}]
    users = {NAME: {"keys": [bench.identity.public.read_text()]}}
    text = json.dumps({"version": 1, "users": users, "teams": {"ci": [NAME]}, "rules": rules}, indent=1)
    return bench, ["verify", bench.named, "--policy", bench.file("policy.json", text)]


def policys_key(world):
    bench, command = policy(world)
    content = json.loads(bench.plain)
    content["users"][NAME]["keys"] = ["jenkins.pub"]
    bench.path.write_text(json.dumps(content))
    bench.file("jenkins.pub", bench.identity.public.read_text())
    return bench, command


def config_file(world):
    bench = Bench(world)
    text = json.dumps({"trust_dir": str(bench.machine.trust_dir),
                       "remote_server": {"url": "https://nowhere.example.com"}}, indent=1)
    return bench, [*bench.sign(), "--config", bench.file("config.json", text)]


def ca_file(world):
    bench = Bench(world)
    bench.machine.ca = False
    return bench, [*bench.sign(), "--tlscacert", bench.file("ca.pem", world.store.ca.read_text())]


CASES = {
    "PIN file": lambda world: pin_file(world, True),
    "pin-source": lambda world: pin_file(world, False),
    "passphrase file": passphrase_file,
    "digest file": digest_file,
    "metadata file": metadata_file,
    "release": release_file,
    "list of images": list_of_images,
    "manifest of images": manifest_of_images,
    "policy": policy,
    "key of a policy": policys_key,
    "configuration": config_file,
    "authorities": ca_file,
}

SECRETS = ("PIN file", "pin-source", "passphrase file", "key of a policy")


def write(path, data):
    path.write_bytes(data)
    path.chmod(0o600)


@pytest.mark.parametrize("case", CASES)
def test_a_byte_order_mark_and_crlf_change_nothing(case, world):
    bench, command = CASES[case](world)
    crlf = bench.plain.replace("\n", "\r\n")
    for text in ("\ufeff" + bench.plain, crlf, "\ufeff" + crlf):
        write(bench.path, text.encode())
        bench.machine.ok(*command)


IN_PLACE = {*SECRETS, "configuration"}  # where they stand, for their owner alone


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("case", CASES)
def test_utf_16_is_refused_before_anything_is_tried_and_converted_by_the_hint(case, encoding, world):
    bench, command = CASES[case](world)
    write(bench.path, bench.plain.replace("\n", "\r\n").encode(encoding))
    before = world.store.read(bench.gun).versions
    outcome = bench.machine.run(*command)
    assert outcome.exit_code in (3, 10) and "UTF-16" in outcome.error[1], str(outcome)
    assert str(bench.path) in outcome.error[1] and world.store.read(bench.gun).versions == before
    converted = Hint.of(outcome, None if case in IN_PLACE else "file-utf16").follow(bench.machine)
    if converted:
        write(bench.path, (bench.machine.work / converted).read_bytes())
    # The token would remember a wrong PIN.
    warnings = bench.machine.ok(*command).document["warnings"]
    assert "PIN_COUNT_LOW" not in [warning["code"] for warning in warnings]


def test_authorities_may_stand_in_der_and_their_bundle_is_converted_by_the_hint(world):
    bench, command = ca_file(world)
    openssl = {"env": clean_environment(bench.folder), "cwd": bench.folder}
    run(["/usr/bin/openssl", "crl2pkcs7", "-nocrl", "-certfile", bench.path, "-outform", "DER", "-out", "ca.p7b"],
        **openssl)
    run(["/usr/bin/openssl", "x509", "-in", bench.path, "-outform", "DER", "-out", "ca.der"], **openssl)
    bench.machine.ok(*command[:-1], bench.folder / "ca.der")
    outcome = bench.machine.refused(3, *command[:-1], bench.folder / "ca.p7b")
    bench.machine.ok(*command[:-1], Hint.of(outcome, "certificates-in-pkcs7-der").follow(bench.machine))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
@pytest.mark.parametrize("name", ["manifest", "index.json", "audit log", "receipt"])
def test_utf_16_is_called_by_its_name_where_every_byte_counts(name, encoding, world):
    bench = Bench(world)
    if name == "manifest":
        path = bench.folder / "manifest.json"
        path.write_bytes((bench.image.layout / "blobs" / "sha256" / bench.image.hex).read_bytes())
        command = bench.sign("--manifest", path)
    elif name == "index.json":
        path = bench.image.layout / "index.json"
        command = bench.sign()
    else:
        path = bench.folder / "evidence"
        bench.machine.ok(*bench.sign(), f"--{name.replace(' ', '-')}", path)
        command = [name.split()[0], "verify", path]
    bytes_of = path.read_bytes()
    path.write_bytes(bytes_of.decode().replace("\n", "\r\n").encode(encoding))
    outcome = bench.machine.refused(3, *command)
    assert "UTF-16" in outcome.error[1] and name in outcome.error[1], str(outcome)
    path.write_bytes(bytes_of)
    bench.machine.ok(*command)
