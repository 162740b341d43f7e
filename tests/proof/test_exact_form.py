"""The checker of the writer's form is itself checked: it takes what the official client wrote, and finds every one of
the forms that a server stores and nobody can read (section 2.5)."""
import json
from pathlib import Path

import pytest

from proof.exact_form import NotExact, rewrite

VECTORS = Path(__file__).resolve().parent.parent / "data" / "vectors"
OFFICIAL = sorted(p for folder in ("repo", "docker-repo") for p in (VECTORS / folder).rglob("*.json")
                  if p.name != "info.json")

TARGETS = (
    b'{"signed":{"_type":"Targets","delegations":{"keys":{"ab":{"keytype":"ecdsa","keyval":{"private":null,"public":"AAAA"}}},'
    b'"roles":[{"keyids":["ab"],"name":"targets/a","paths":["v/"],"threshold":1}]},"expires":"2029-11-20T21:12:28.5Z",'
    b'"targets":{"\\u003c\xc3\xa9/\\u003e":{"custom":{"a":1,"b":2},"hashes":{"sha256":"WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM="},'
    b'"length":6}},"version":1},"signatures":[{"keyid":"ab","method":"ecdsa","sig":"AAAA"}]}')

BREAKING = {
    "envelope members swapped": lambda d: b'{"signatures":' + d.split(b',"signatures":')[1][:-1] + b',"signed":' +
    d.split(b',"signatures":')[0][len(b'{"signed":'):] + b"}",
    "a space": lambda d: d.replace(b'"version":1', b'"version": 1'),
    "a trailing newline": lambda d: d + b"\n",
    "indentation": lambda d: json.dumps(json.loads(d), indent=1, ensure_ascii=False).encode(),
    "members of signed in another order": lambda d: d.replace(b'{"_type":"Targets",', b"{").replace(
        b',"version":1}', b',"version":1,"_type":"Targets"}'),
    "members of a signature in another order": lambda d: d.replace(b'"keyid":"ab","method":"ecdsa"',
                                                                    b'"method":"ecdsa","keyid":"ab"'),
    "an unknown member in signed": lambda d: d.replace(b',"version":1}', b',"version":1,"x":1}'),
    "an unknown member in the envelope": lambda d: d[:-1] + b',"x":1}',
    "method in upper case": lambda d: d.replace(b'"method":"ecdsa"', b'"method":"ECDSA"'),
    "no delegations": lambda d: d[:d.index(b'"delegations"')] + d[d.index(b'"expires"'):],
    "no targets": lambda d: d[:d.index(b'"targets":{')] + d[d.index(b'"version":1}'):],
    "a key without private": lambda d: d.replace(b'"private":null,', b""),
    "HTML not escaped": lambda d: d.replace(b"\\u003c", b"<"),
    "non-ASCII escaped": lambda d: d.replace(b"\xc3\xa9", b"\\u00e9"),
    "a slash escaped": lambda d: d.replace(b"\xc3\xa9/", b"\xc3\xa9\\/"),
    "upper-case hex": lambda d: d.replace(b"\\u003c", b"\\u003C"),
    "trailing zeros": lambda d: d.replace(b"28.5Z", b"28.50Z"),
    "an empty fraction": lambda d: d.replace(b"28.5Z", b"28.0Z"),
    "+00:00": lambda d: d.replace(b"28.5Z", b"28.5+00:00"),
    "ten digits": lambda d: d.replace(b"28.5Z", b"28.5123456789Z"),
    "a duplicate member": lambda d: d.replace(b'"length":6', b'"length":6,"length":6'),
    "custom data out of order": lambda d: d.replace(b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
    "a float": lambda d: d.replace(b'"a":1', b'"a":1.0'),
    "empty paths": lambda d: d.replace(b'["v/"]', b"[]"),
    "base64 with spare bits": lambda d: d.replace(b'vgM="', b'vgN="'),
}


@pytest.mark.parametrize("path", OFFICIAL, ids=lambda p: str(p.relative_to(VECTORS)))
def test_what_the_official_client_wrote_is_exact(path):
    assert rewrite(path.read_bytes()) == path.read_bytes()


def test_the_example_is_exact():
    assert rewrite(TARGETS) == TARGETS


@pytest.mark.parametrize("name", BREAKING)
def test_every_breaking_form_is_found(name):
    broken = BREAKING[name](TARGETS)
    assert broken != TARGETS
    json.loads(broken)  # it is JSON all the same
    try:
        again = rewrite(broken)
    except NotExact:
        return
    assert again != broken
