"""More than anybody needs: endless, oversized and truncated bodies, absurd counts. Each is refused in bounded memory:
at most 64 MiB over a plain run (promises 1)."""
import gzip
import itertools
import json

import pytest

from support.attack import Attack, Scene, attacks, run
from support.forged_keys import ec_key, wire
from support.forger import ForgedRepository, target
from support.hostile_server import Answer, RawAnswer

MEMORY = 64 << 10  # KiB
MEBIBYTE = 1 << 20
LIMITED = ("timestamp", "snapshot", "root", "targets", "targets/releases")
SEEN = ("root", "targets")  # what who has seen the repository asks for only when it changes


def endless(*files: str, chunked=True, first=b""):
    """The server never stops; `first` is what it begins with."""

    def body():
        yield first
        yield from itertools.repeat(b" " * 65536)

    def play(repo):
        begin = first or repo.files["root"]
        answer = Answer(lambda: itertools.chain([begin], body()), chunked=chunked)
        if files:
            repo.shelf.answers |= {name: answer for name in repo.shelf.files if name.startswith(files)}
        else:
            repo.shelf.everything = answer

    return play


def announced(role: str, length: int):
    """A Content-Length beyond the limit, before the first byte."""
    return lambda repo: answer_for(repo, role, Answer(lambda: [b"{"], length=length))


def answer_for(repo: ForgedRepository, role: str, answer):
    repo.shelf.answers |= {name: answer for name, data in repo.shelf.files.items() if data == repo.files[role]}


def valid_timestamp_of(size: int, *, chunked: bool):
    """A good timestamp followed by spaces: official clients cut a chunked one at 1 MiB and accept it (section 1.2)."""

    def play(repo):
        data = repo.files["timestamp"]
        answer_for(repo, "timestamp", Answer(data + b" " * (size - len(data)), chunked=chunked))

    return play


def truncated(role: str, *, told: bool):
    """The connection ends amid the body; `told`: after a Content-Length that promised more."""

    def play(repo):
        data = repo.files[role]
        half = data[:len(data) // 2]
        answer_for(repo, role, Answer(lambda: [half], length=len(data)) if told else Answer(lambda: [half]))

    return play


def too_short_a_length(repo):
    """Content-Length says less than what comes: the rest must not become part of the next answer."""
    data = repo.files["timestamp"]
    answer_for(repo, "timestamp", Answer(lambda: [data], length=len(data) - 10))


def broken_chunks(repo):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    repo.shelf.answers["timestamp.json"] = RawAnswer(head + b"ffffffffffffffffff\r\n" + repo.files["timestamp"])


def two_lengths(repo):
    data = repo.files["timestamp"]
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: 3\r\n\r\n" % len(data)
    repo.shelf.answers["timestamp.json"] = RawAnswer(head + data)


def compressed(repo):
    """A few bytes that stand for a gigabyte; nobody asked for them."""
    bomb = gzip.compress(b" " * (64 * MEBIBYTE))
    repo.shelf.everything = Answer(bomb, headers=(("Content-Encoding", "gzip"),))


def compressed_in_transfer(repo):
    repo.shelf.everything = RawAnswer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")


def headers(count: int, size: int):
    def play(repo):
        repo.shelf.everything = Answer(b"{}", headers=tuple((f"X-{n}", "x" * size) for n in range(count)))

    return play


def endless_headers(repo):
    data = b"".join(b"X-%d: %b\r\n" % (n, b"x" * 1000) for n in range(2000))
    repo.shelf.everything = RawAnswer(b"HTTP/1.1 200 OK\r\n" + data)


def endless_interim_answers(repo):
    repo.shelf.everything = RawAnswer(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 20000)


# --- counts


def delegations(count: int):
    def play(repo):
        roles = repo.edit("targets")["delegations"]["roles"]
        roles += [{"name": f"targets/d{n}", "keyids": [], "threshold": 1, "paths": [""]} for n in range(count)]
        repo.publish("targets")

    return play


def keys(role: str, count: int):
    """So many keys, under IDs that are not theirs."""

    def play(repo):
        repo.edit(role)
        key = wire(ec_key("targets").object)
        many = b",".join(b'"%064x":%b' % (n, key) for n in range(count))
        repo.publish(raw={role: repo.sealed(role).replace(b'"keys":{', b'"keys":{' + many + b",", 1)})

    return play


def key_ids(count: int):
    def play(repo):
        repo.edit("root")["roles"]["targets"]["keyids"] *= count
        repo.publish("root")

    return play


def many_tags(repo):
    body = repo.edit("targets/releases")
    body["targets"] |= {f"tag-{n}": target(f"tag-{n}") for n in range(5000)}
    repo.publish("targets/releases")


def snapshot_entries(count: int):
    def play(repo):
        def lie(body):
            body["meta"] |= {f"targets/d{n}": body["meta"]["targets"] for n in range(count)}

        repo.publish(snapshot=lie)

    return play


def announced_in_the_snapshot(repo):
    """The snapshot says that targets have a terabyte; the server streams it."""
    repo.publish(snapshot=lambda body: body["meta"]["targets"].update(length=2**40))
    endless("targets.")(repo)


def announced_in_the_timestamp(repo):
    repo.publish(timestamp=lambda body: body["meta"]["snapshot"].update(length=2**53))
    endless("snapshot.")(repo)


def raw(role: str, make):
    """A file that is no metadata at all, named by everything that leads to it."""
    return lambda repo: repo.publish(raw={role: make(repo)})


def values(item: bytes, count: int):
    """Small in the file and large in memory."""
    return lambda repo: b'{"signed":{"x":[' + b",".join([item] * count) + b']},"signatures":[]}'


def members(count: int):
    return lambda repo: json.dumps({"signed": {f"m{n}": {} for n in range(count)}, "signatures": []}).encode()


def long_string(repo) -> bytes:
    return b'{"signed":"' + b"x" * 32 * MEBIBYTE + b'"}'


LONG = "SERVER_ERROR"
BAD = "MALFORMED_METADATA"
ATTACKS = attacks(
    *(Attack(f"endless {role}, chunked", endless(role + "."), LONG, says="more than", seen=role in SEEN)
      for role in LIMITED),
    *(Attack(f"endless {role} without any length", endless(role + ".", chunked=False), LONG, says="more than",
             seen=role in SEEN)
      for role in ("timestamp", "root")),
    Attack("endless answers to everything", endless(), LONG, says="more than"),
    *(Attack(f"Content-Length of {length} bytes for {role}", announced(role, length), LONG, seen=role in SEEN)
      for role, length in [("timestamp", MEBIBYTE + 1), ("root", 2**40), ("targets", 2**62), ("snapshot", 2**31)]),
    *(Attack(f"good timestamp of {size} bytes, {'chunked' if chunked else 'with its length'}",
             valid_timestamp_of(size, chunked=chunked), LONG, says="more than")
      for size in (MEBIBYTE + 1, 2 * MEBIBYTE) for chunked in (True, False)),
    Attack("good timestamp of a mebibyte", valid_timestamp_of(MEBIBYTE, chunked=True), "ROLLBACK", newcomer=None,
           sign="ROLLBACK", why="spaces are JSON, and that is within the limit; but it was seen with other bytes"),
    Attack("snapshot announced with a terabyte and streamed", announced_in_the_snapshot, BAD, says="bytes"),
    Attack("snapshot announced with 2^53 bytes and streamed", announced_in_the_timestamp, BAD, says="bytes"),
    *(Attack(f"{role} that ends halfway", truncated(role, told=True), "CONNECTION_LOST", seen=role in SEEN)
      for role in ("timestamp", "targets")),
    Attack("timestamp that ends halfway as if that was all of it", truncated("timestamp", told=False), BAD),
    Attack("Content-Length that is too small", too_short_a_length, BAD),
    Attack("two different Content-Lengths", two_lengths, BAD),
    Attack("chunk of 2^72 bytes", broken_chunks, "CONNECTION_LOST"),
    Attack("compressed answer", compressed, LONG, says="encoded"),
    Attack("compressed transfer", compressed_in_transfer, LONG, says="encoded"),
    Attack("a thousand large headers", headers(1000, 1000), LONG, says="header"),
    Attack("a header of a mebibyte", headers(1, MEBIBYTE), LONG),
    Attack("headers without end", endless_headers, LONG, says="header"),
    Attack("interim answers without end", endless_interim_answers, LONG, says="header"),
    # Counts.
    Attack("5000 delegations", delegations(5000), BAD, says="too many"),
    Attack("3000 keys in root", keys("root", 3000), BAD),
    Attack("100,000 keys of delegations", keys("targets", 100_000), BAD),
    Attack("a role with 10,000 times the same key", key_ids(10_000), BAD, says="too many"),
    Attack("a million values in targets", raw("targets", values(b"[]", 1_000_000)), BAD),
    Attack("a million objects in a snapshot", raw("snapshot", values(b'{"":0}', 1_000_000)), BAD),
    Attack("a million numbers in a timestamp", raw("timestamp", values(b"0", 500_000)), BAD),
    Attack("half a million members in targets", raw("targets", members(500_000)), BAD),
    Attack("a string of 32 MiB", raw("targets", long_string), BAD),
    Attack("5000 tags", many_tags, why="teams have that many"),
    Attack("entries for 2000 roles that nobody delegates to", snapshot_entries(2000),
           why="entries of removed delegations stay for ever (section 2.5), and nobody asks for their files"),
    Attack("1000 delegations", delegations(1000), why="within the limit"),
)


@pytest.fixture
def scene(tmp_path, binary, hostile_server) -> Scene:
    return Scene(binary, tmp_path, hostile_server, measured=True)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_bounds(attack, scene, binary):
    run(scene, attack)
    if b"__asan_init" not in binary.read_bytes():
        base = scene.peaks.pop("look")
        assert max(scene.peaks.values()) <= base + MEMORY, f"{scene.peaks} KiB, and {base} KiB before the attack"
