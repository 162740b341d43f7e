"""What somebody who can read the memory of the program finds in it while the server takes its time with the POST (promises:
memory.secrets-while-waiting-for-the-server). Root can, whoever started it; so can who gets hold of a copy of the memory."""
import base64
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from support.hostile_server import Answer, HostileServer
from support.keys import strip_headers

PASSPHRASES = ("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "NOTARY_DELEGATION_PASSPHRASE")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may read the memory of the program")


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture(autouse=True)
def no_sanitizer(binary):
    if b"__asan_init" in binary.read_bytes():
        pytest.skip("sanitizers keep freed memory and map terabytes")


@pytest.fixture
def server(tmp_path):
    server = HostileServer(tmp_path / "hostile")
    yield server
    server.stop()


def writable_memory(pid: int) -> bytes:
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not mode.startswith("rw"):
                continue
            try:
                memory.seek(int(begin, 16))
                found.append(memory.read(int(end, 16) - int(begin, 16)))
            except OSError:  # of the kernel
                pass
    return b"".join(found)


def serve(server, gun, files):
    shelf = server.shelf(gun)
    for role, content in files.items():
        version = re.search(rb'"version":(\d+)', content)[1].decode()
        for name in (f"{role}.json", f"{role}.{hashlib.sha256(content).hexdigest()}.json", f"{version}.{role}.json"):
            shelf.files[name] = content
    return shelf


def needles(identity) -> dict[str, bytes]:
    """16 bytes out of the middle of each secret, as they are looked for in other tests of memory."""
    (path,) = identity.key_files or [Path(identity.key_args[1])]
    passphrase = next((identity.env[name] for name in PASSPHRASES if name in identity.env), None)
    key = serialization.load_pem_private_key(strip_headers(path), passphrase and passphrase.encode())
    numbers = key.private_numbers()
    scalars = [numbers.d, numbers.p] if hasattr(numbers, "p") else [numbers.private_value]
    found = {}
    for n, number in enumerate(scalars):
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        middle = data[len(data) // 2 - 8:len(data) // 2 + 8]
        found |= {f"number {n}, big endian": middle, f"number {n}, little endian": middle[::-1]}
    if passphrase:
        found |= {"passphrase": passphrase.encode(), "passphrase in base64": base64.b64encode(passphrase.encode()).rstrip(b"=")}
    else:
        found["the file's own text"] = path.read_bytes().split(b"\n")[1][12:44]  # before it is only ASN.1
    return found


@pytest.mark.parametrize("kind", ["openssl-ec-pem", "openssl-rsa-pem", "docker-key-file", "notary-key-file"])
def test_no_key_and_no_passphrase_is_in_memory_while_the_server_is_waited_for(world, server, kind):
    identity = world.identity(kind)
    gun, admin = world.repository(identity)
    shelf = serve(server, gun, world.store.state(gun))
    ci = world.ci(identity, pin=admin.pin, store=server)
    image = world.image()
    command = ["sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args]

    looked = []
    shelf.on_post = lambda parts: looked.append(writable_memory(process.pid))
    process = subprocess.Popen(ci.argv(*command), env=ci.environment(), cwd=ci.work, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)

    assert looked, (out, err)
    assert gun.encode() in looked[0] and admin.pin.encode() in looked[0]  # the search itself works
    assert {name for name, needle in needles(identity).items() if needle in looked[0]} == set()


@pytest.mark.parametrize("key", ["file", "pipe"])
def test_a_lost_race_is_signed_again_with_the_key_that_was_let_go(world, server, key):
    """The first POST loses: the key is opened once more for the second, though a pipe is empty by then."""
    identity = world.identity("openssl-rsa-pem")
    gun, admin = world.repository(identity)
    shelf = serve(server, gun, world.store.state(gun))
    ci = world.ci(identity, pin=admin.pin, store=server)
    (_, path) = identity.key_args
    ours, theirs = os.pipe()
    os.write(theirs, Path(path).read_bytes())
    os.close(theirs)

    def lose(parts):
        shelf.on_post = lambda parts: None
        return Answer(status=409)
    shelf.on_post = lose
    command = ["sign", f"{gun}:1.0", "--oci-layout", world.image().layout, "--key", path if key == "file" else f"/dev/fd/{ours}"]
    subprocess.run(ci.argv(*command), env=ci.environment(), cwd=ci.work, stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=60, pass_fds=[ours])
    os.close(ours)

    assert len(shelf.posts) == 2
    for part in shelf.posts[1].values():
        assert key_id_of(part) == identity.key_id


def key_id_of(file: bytes) -> str:
    ((signature,),) = [json.loads(file)["signatures"]]
    return signature["keyid"]
