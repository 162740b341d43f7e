"""Texts that parsers disagree about, and texts that hurt them. All are what the frame says they are: hash and length
are right, so that nothing but the parser stands between them and the verdict."""
import json

import pytest

from support.attack import Attack, attacks
from support.forged_keys import canonical, wire
from support.forger import target

ROLES = ("timestamp", "targets")  # one whose length is not announced, one whose length is


def text(change, role="targets"):
    """The role's next file with a change to its bytes, after it was signed."""

    def play(repo):
        if role == "targets":
            repo.edit(role)
        else:
            repo.publish()  # so that the bytes are those of a new version
        data = repo.sealed(role)
        changed = change(data)
        assert changed != data, "the attack changes nothing"
        if role == "timestamp":
            repo.put("timestamp", changed)
        else:
            repo.publish(raw={role: changed})

    return play


def signed_text(change, role="targets"):
    """The same before it is signed: the signature is over what a lenient parser would make of it."""

    def play(repo):
        body = repo.edit(role)
        meant = json.loads(canonical(body))
        data = wire(body)
        changed = change(data)
        assert changed != data, "the attack changes nothing"
        signature = repo.signers[role][0].sign(canonical(meant))
        repo.publish(raw={role: b'{"signed":' + changed + b',"signatures":' + json.dumps([signature]).encode() + b"}"})

    return play


def replace(old: bytes, new: bytes):
    return lambda data: data.replace(old, new, 1)


def member(extra: bytes):
    """One more member at the beginning of `signed`."""
    return replace(b'{"_type"', b"{" + extra + b',"_type"')


def number(literal: bytes):
    return member(b'"x":' + literal)


def string(literal: bytes):
    return member(b'"x":"' + literal + b'"')


def whole(data: bytes, role="targets"):
    """The file is something else altogether."""
    return lambda repo: repo.publish(raw={role: data})


def type_of(role: str, value):
    def play(repo):
        body = repo.edit(role)
        body["_type"] = value
        repo.publish(role)

    return play


def body_with(role="targets", **changes):
    def play(repo):
        repo.edit(role).update(changes)
        repo.publish(role)

    return play


def body_without(name: str):
    def play(repo):
        del repo.edit("targets")[name]
        repo.publish("targets")

    return play


def signed_twice_in_different_cases(repo):
    """Official clients take "Signed" for "signed" too, and the last one wins."""
    repo.edit("targets")
    data = repo.sealed("targets")
    forged = repo.bodies["targets"] | {"targets": {"1.0": target("1.0", "forged")}}
    repo.publish(raw={"targets": data[:-1] + b',"Signed":' + wire(forged) + b"}"})


def target_with(**changes):
    def play(repo):
        repo.edit("targets/releases")["targets"]["1.0"].update(changes)
        repo.publish("targets/releases")

    return play


def extra_members(repo):
    """Unknown members are part of what is signed; `__proto__` and its like are names as any others."""
    repo.edit("targets").update({"__proto__": {"version": 9}, "constructor": [], "": None})
    repo.publish("targets")


def reordered(repo):
    """Signed in canonical form, stored in another order with white space."""
    body = repo.edit("targets")
    data = json.dumps({"signatures": [repo.signers["targets"][0].sign(canonical(body))],
                       "signed": dict(reversed(body.items()))}, indent=2).encode()
    repo.publish(raw={"targets": data})


def integral_float(repo):
    repo.edit("targets")["x"] = 77
    data = repo.sealed("targets").replace(b'"x":77', b'"x":7.7e1')
    repo.publish(raw={"targets": data})


BAD = "MALFORMED_METADATA"
DEPTH = 100_000
VALUES = b"[" + b"0," * 500_000 + b"0]"
TAG = b'{"hashes":{},"length":1}'
ATTACKS = attacks(
    *(Attack(f"{about} in {role}", text(change, role), BAD)
      for role in ROLES for about, change in {
          "the same member twice": replace(b'"version":', b'"version":1,"version":'),
          "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
          "UTF-16": lambda data: data.decode().encode("utf-16"),
          "a zero byte behind the end": lambda data: data + b"\0",
          "a second text behind the first": lambda data: data + data,
          "a comma behind the last member": replace(b'"}]}', b'"}],}'),
          "a comment": replace(b"{", b"{/* signed */"),
          "no end": lambda data: data[:-1],
          "nothing at all": lambda data: b"",
      }.items()),
    *(Attack(f"the same member twice {where}", text(replace(old, new)), BAD, says="duplicate")
      for where, old, new in [
          ("in the envelope", b'{"signed":', b'{"signed":{},"signed":'),
          ("beside the signatures", b',"signatures":', b',"signatures":[],"signatures":'),
          ("in a signature", b'"keyid":', b'"keyid":"00","keyid":'),
          ("in a role", b'"threshold":', b'"threshold":9,"threshold":'),
          ("among keys", b'"keytype":', b'"keytype":"rsa","keytype":'),
          ("written with an escape", b'"version":', b'"vers\\u0069on":1,"version":')]),
    Attack("the same tag twice", text(replace(b'"targets":{}', b'"targets":{"a":' + TAG + b',"a":' + TAG + b"}")), BAD,
           says="duplicate"),
    *(Attack(f"the number {literal.decode()}", signed_text(number(literal)), BAD)
      for literal in (b"1e999", b"-1e999", b"9007199254740993", b"-9007199254740993", b"1.5", b"0.1e0", b"NaN",
                      b"Infinity", b"-Infinity", b"01", b"-01", b"+1", b"1.", b".5", b"0x10", b"1e",
                      b"18446744073709551616", b"1" + b"0" * 400, b"--1", b"1_000")),
    *(Attack(f"a string with {about}", signed_text(string(literal)), BAD)
      for about, literal in {"invalid UTF-8": b"\xff", "half of a character": b"\xc3", "an overlong slash": b"\xc0\xaf",
                             "a surrogate in UTF-8": b"\xed\xa0\x80",
                             "a code point beyond Unicode": b"\xf4\x90\x80\x80",
                             "a lone high surrogate": b"\\ud800", "a lone low surrogate": b"\\udc00",
                             "surrogates in the wrong order": b"\\udc00\\ud800", "a raw line break": b"a\nb",
                             "a raw zero byte": b"a\0b", "an unknown escape": b"\\x41",
                             "half an escape": b"\\u12"}.items()),
    *(Attack(f"{DEPTH} levels of {what}", whole(data), BAD)
      for what, data in {"arrays": b"[" * DEPTH + b"]" * DEPTH, "objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
                         "arrays without end": b"[" * DEPTH}.items()),
    Attack(f"{DEPTH} levels inside of signed", signed_text(member(b'"x":' + b"[" * DEPTH + b"]" * DEPTH)), BAD,
           says="deep"),
    *(Attack(f"targets that are {data.decode()}", whole(data), BAD)
      for data in (b"null", b"[]", b"{}", b"true", b'"signed"', b"0", b'{"signed":[]}',
                   b'{"signed":{},"signatures":[]}', b'{"signed":null,"signatures":null}', b"<html>404</html>")),
    Attack("Signed instead of signed", text(replace(b'"signed"', b'"Signed"')), BAD),
    Attack("Signatures instead of signatures", text(replace(b'"signatures"', b'"Signatures"')), BAD),
    *(Attack(f"_type {value!r}", type_of("targets", value), BAD)
      for value in ("targets", "TARGETS", "Targets ", "Snapshot", "", None, 7, ["Targets"])),
    *(Attack(f"targets without {name}", body_without(name), BAD) for name in ("version", "expires", "_type")),
    *(Attack(f"version {value!r}", body_with(version=value), BAD) for value in ("3", None, True, [3], {})),
    *(Attack(f"targets whose {name} are {value!r}", body_with(**{name: value}), BAD)
      for name, value in [("targets", []), ("targets", "x"), ("targets", {"a": None}), ("delegations", []),
                          ("delegations", {"keys": [], "roles": []}), ("delegations", {"keys": {}, "roles": {}}),
                          ("targets", {"a": {"hashes": {"sha256": "%%%"}, "length": 1}}),
                          ("targets", {"a": {"hashes": {"sha256": "AA=="}, "length": "1"}})]),
    # One delegation that cannot be read is skipped and named; nothing is signed on top of it.
    *(Attack(f"targets/jenkins with {about}", whole(data, "targets/jenkins"), unusable=("targets/jenkins",),
             says="malformed", hidden=(("1.0", "targets/jenkins"),), sign=BAD,
             why="what is wrong with one delegation is no reason to distrust the others")
      for about, data in {"nothing in it": b"", "100,000 levels": b"[" * DEPTH, "half a million values": VALUES,
                          "the body of a root": b'{"signed":{"_type":"Root"},"signatures":[]}'}.items()),
    # The official clients ignore the case of members, so they would read one and verify the other.
    Attack("Signed beside signed, with other content", signed_twice_in_different_cases, BAD),
    Attack("_TYPE beside _type", body_with(_TYPE="Root"), BAD),
    # What the specification admits.
    Attack("another order and white space", reordered, why="what counts is the canonical form (section 3.1)"),
    Attack("unknown members", extra_members, why="unknown members are part of what is verified (section 3.1)"),
    Attack("an integral float", integral_float, why="7.7e1 is 77 (section 3.1)"),
    Attack("no delegations at all", body_with(delegations=None), "NOT_SIGNED", newcomer=None, sign="ROLE_NOT_FOUND",
           why="null stands for an empty member (section 3.4)"),
    Attack("a tag without any hash", target_with(hashes={}), "NOT_SIGNED", newcomer=None, sign=None,
           why="the signer has signed a name and nothing that it stands for; nothing is verified by it"),
    Attack("a tag with a sha256 of 5 bytes", target_with(hashes={"sha256": "AAAAAAA="}), "NOT_SIGNED", newcomer=None,
           sign=None, why="that is no SHA-256; nothing is verified by it"),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.about[:80].encode("unicode_escape").decode())
def test_json(attack, play):
    play(attack)
