"""Delegation files with oddities, for both clients to judge. Each kind is one thing that is odd; an input has none, one
or several of them. The signature is right unless the kind is about signatures: it is over what the text means."""
import base64
import random
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization

from proof.json_text import Literal, Members, Spelling, find_dicts, meaning, number, random_text, random_value
from proof.surroundings import certificate, pool, sign_pkcs1, sign_pss, sign_top, signature
from support.forged_keys import Key, b64, der, key_id, key_object, rs, spki
from support.forger import FRESH, target, targets_body

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# What happens when one oddity has taken away what another would change.
TAKEN_AWAY = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
MISSING = object()  # stands for a member that is left out
KEY_KINDS = ["P-256"] * 6 + ["P-224", "P-384", "P-521", "RSA-2048", "RSA-3072", "Ed25519"]


@dataclass
class Draft:
    """A delegation on its way to its file. Kinds change it before or after it is signed."""
    rng: random.Random
    name: str                        # of the role
    key: Key = None
    listed: dict = None              # the key as the parent lists it
    body: dict = None
    spelling: Spelling = None
    message: bytes = None            # what is signed, if not what the body means
    make_signature: object = None    # message -> entry
    signatures: list = None          # entries, after signing
    envelope: dict = field(default_factory=dict)     # more members
    after: list = field(default_factory=list)        # bytes -> bytes
    keys: dict = None                # the parent's map, ID -> key object
    role: dict = None                # the parent's entry
    kinds: set = field(default_factory=set)
    children: dict = field(default_factory=dict)     # files of roles below this one
    alone: bool = False              # may well make the official client refuse everything: not in one repository with others
    late: list = field(default_factory=list)  # run on self when signatures stand

    def file(self) -> bytes:
        message = self.message if self.message is not None else meaning(self.body)
        try:
            self.signatures = [self.make_signature(message)]
        except TAKEN_AWAY:  # by a kind that changed the key
            self.signatures = [signature(self.key, message, self.listed)]
        for change in self.late:
            try:
                change(self)
            except TAKEN_AWAY:
                if len(self.kinds) < 2:
                    raise
        if isinstance(self.body, dict):
            for name, value in self.body.items():
                if isinstance(value, str) and name.lower() == "expires":  # no escapes here: a kind of its own
                    self.body[name] = Literal(Spelling(self.rng).string(value), value)
        envelope = self.envelope | {"signed": self.body, "signatures": self.signatures}
        content = self.spelling.write(envelope)
        for change in self.after:
            content = change(content)
        return content


def plain_draft(rng: random.Random, name: str) -> Draft:
    key = pool(rng.choice(KEY_KINDS), rng.randrange(2))
    draft = Draft(rng, name, key, key.object, spelling=Spelling(rng))
    prefix = name.rpartition("/")[2] + "-"
    targets = {}
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        text = prefix + random_text(rng, 6)
        targets[text.rstrip() + "."] = target(text, length=rng.randint(1, 10000)) | (
            {"custom": random_value(rng)} if rng.random() < 0.7 else {})
    draft.body = targets_body(targets, version=rng.randint(1, 50))
    draft.make_signature = lambda message: signature(draft.key, message, draft.listed)
    return draft


def define_role(draft: Draft):
    """What the parent says, unless a kind said it already."""
    draft.keys = {key_id(draft.listed): draft.listed} if draft.keys is None else draft.keys
    own = {"keyids": sorted(draft.keys), "name": draft.name, "paths": [""], "threshold": 1}
    role = own if draft.role is None else own | draft.role
    draft.role = {name: value for name, value in role.items() if value is not MISSING}


KINDS = {}


def kind(name: str, weight=1.0, alone=False):
    def register(change):
        assert name not in KINDS, name
        KINDS[name] = (change, weight, alone)
        return change
    return register


def any_target(draft: Draft) -> dict:
    targets = draft.body.get("targets")
    return draft.rng.choice(list(targets.values())) if isinstance(targets, dict) and targets else target("lost")


def put_custom(draft: Draft, value):
    """Somewhere in custom data, or as custom data."""
    entry = any_target(draft)
    place = draft.rng.choice(["alone", "member", "element", "name"])
    if place == "name" and isinstance(value, Literal) and isinstance(value.value, str):
        entry["custom"] = Members([(value, 1)])
    elif place == "element":
        entry["custom"] = [1, value]
    elif place == "member":
        entry["custom"] = {"a": {"b": value}}
    else:
        entry["custom"] = value


# --- spelling ----------------------------------------------------------------------------------------------------------

@kind("white space", 4)
def _(d):
    d.spelling.spaces = d.rng.choice([0.1, 0.5, 1.0])


@kind("order of members", 6)
def _(d):
    d.spelling.shuffle = True


@kind("escapes that are not needed", 6)
def _(d):
    d.spelling.escapes = d.rng.choice([0.1, 0.5, 1.0])


@kind("escapes in a time", 0.5, alone=True)
def _(d):
    d.body["expires"] = Literal(Spelling(d.rng, escapes=0.5).string(d.body["expires"]), d.body["expires"])


@kind("HTML characters raw", 3)
def _(d):
    d.spelling.html = False
    put_custom(d, random_text(d.rng) + "<>&\u2028\u2029")


@kind("signed over the wire form", 2)
def _(d):
    any_target(d)["custom"] = "<>&" + random_text(d.rng)
    d.message = Spelling(d.rng).write(d.body)


@kind("signed over the text as it stands", 3)
def _(d):
    d.spelling.shuffle = d.rng.random() < 0.5
    d.spelling.spaces = d.rng.choice([0, 0.3])
    text = d.spelling.write(d.body)
    d.message = text
    d.body = Literal(text, d.body)


@kind("byte order mark", 0.3, alone=True)
def _(d):
    d.after.append(lambda content: b"\xef\xbb\xbf" + content)


@kind("bytes after the document", 0.5, alone=True)
def _(d):
    extra = d.rng.choice([b"x", b"{}", b"\0", b",", b"\xa0", b"\x0c", b"\xc2\xa0", b"null"])
    d.after.append(lambda content: content + extra)


@kind("white space that JSON does not know", 0.3, alone=True)
def _(d):
    extra = d.rng.choice([b"\x0b", b"\x0c", b"\xc2\xa0", b"\xe2\x80\xa8", b"\0"])
    d.after.append(lambda content: content.replace(b":", b":" + extra, 1))


@kind("truncated", 0.3, alone=True)
def _(d):
    d.after.append(lambda content: content[:d.rng.randrange(len(content))])


@kind("syntax", 0.8, alone=True)
def _(d):
    old, new = d.rng.choice([(b"}", b",}"), (b"]", b",]"), (b'"', b"'"), (b":", b"="), (b":1", b":01"), (b":1", b":+1"),
                             (b":1", b":.1"), (b":1", b":1."), (b":1", b":0x1"), (b":1", b":NaN"), (b":1", b":Infinity"),
                             (b"null", b"NULL"), (b"null", b"nul"), (b'"}', b'"}/**/'), (b"\\u003c", b"\\x3c"),
                             (b'":', b'"::'), (b"{", b"{{"), (b":1", b":1e"), (b":1", b":--1"), (b'":"', b'":"\\u12')])
    d.after.append(lambda content: content.replace(old, new, 1))


# --- strings -----------------------------------------------------------------------------------------------------------

@kind("control character escaped, in custom data", 3)
def _(d):
    put_custom(d, "".join(chr(d.rng.randrange(0x20)) for _ in range(d.rng.randint(1, 4))) + random_text(d.rng))


@kind("control character escaped, in a name", 1)
def _(d):
    # Without those that the official client's table is laid out with.
    control = chr(d.rng.choice([0, 1, 7, 8, 0x1b, 0x1f]))
    d.body["targets"][d.name.rpartition("/")[2] + "-a" + control + "b"] = target("x")


@kind("control character raw", 0.4, alone=True)
def _(d):
    put_custom(d, Literal(b'"a' + bytes([d.rng.randrange(0x20)]) + b'b"', "a b"))


@kind("invalid UTF-8", 2)
def _(d):
    bad = d.rng.choice([b"\xff", b"\x80", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x80"])
    # Go makes one U+FFFD of every byte that is none of UTF-8.
    put_custom(d, Literal(b'"a' + bad + b'z"', "a" + "\ufffd" * len(bad) + "z"))


@kind("lone surrogate", 2)
def _(d):
    text, value = d.rng.choice([
        (b'"\\ud800"', "\ufffd"), (b'"\\udc00"', "\ufffd"), (b'"a\\uDBFFz"', "a\ufffdz"),
        (b'"\\ud800\\u0041"', "\ufffdA"), (b'"\\udc00\\ud800"', "\ufffd\ufffd"), (b'"\\ud83d\\ud83d\\ude00"', "\ufffd\U0001f600")])
    put_custom(d, Literal(text, value))


@kind("replacement character", 1)
def _(d):
    put_custom(d, d.rng.choice(["\ufffd", "a\ufffdz", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe"]))


@kind("escaped quote and backslash", 2)
def _(d):
    put_custom(d, "".join(d.rng.choice(['"', "\\", "\\u0041", "\\n", "/"]) for _ in range(5)))


# --- numbers -----------------------------------------------------------------------------------------------------------

@kind("integral floats", 5)
def _(d):
    n = d.rng.randint(-10**6, 10**6)
    put_custom(d, number(d.rng.choice(["7.7e1", "1E3", "5.0", "1e0", "0e0", "0.0", "-0.0", "1e+2", "100e-2", "1e15", "2.50E1",
                                       f"{n}.0", f"{n}e2", f"{n}.25e2", f"{n}000e-3", "0.1e1", "1e-0"])))


@kind("minus zero", 0.5)
def _(d):
    put_custom(d, number("-0"))


@kind("numbers up to 2^53", 3)
def _(d):
    n = (1 << 53) - d.rng.choice([0, 0, 1, 2, 3, d.rng.randrange(1000)])
    put_custom(d, number(d.rng.choice([f"{n}", f"-{n}", f"{n}.0", f"{n}e0", "9.007199254740992e15", "9.007199254740991e15"])))


@kind("numbers beyond 2^53", 3)
def _(d):
    n = d.rng.choice([(1 << 53) + d.rng.randint(1, 9), (1 << 54) + d.rng.randrange(99), (1 << 60), (1 << 63) - 1, 1 << 63, 1 << 64,
                      10**17 + 1, 10**22])
    put_custom(d, number(d.rng.choice([f"{n}", f"-{n}", f"{n}.0", "1e300", "9.1e15", "1e19"])))


@kind("numbers that no float holds", 0.3, alone=True)
def _(d):
    put_custom(d, Literal(d.rng.choice([b"1e400", b"-1e999", b"1" + b"0" * 400]), 0))


@kind("tiny numbers", 0.5)
def _(d):
    put_custom(d, Literal(d.rng.choice([b"1e-400", b"-1e-999", b"0e999999", b"4e-324"][:3]), 0))


@kind("fractions", 2)
def _(d):
    text = d.rng.choice([b"0.5", b"-1.25", b"1e-1", b"1.0000000001", b"9007199254740991.5", b"4e-324", b"0.1e0"])
    put_custom(d, Literal(text, float(text)))


# --- members -----------------------------------------------------------------------------------------------------------

@kind("duplicate member in custom data", 3)
def _(d):
    a, b = random_value(d.rng), random_value(d.rng)
    name = random_text(d.rng)
    any_target(d)["custom"] = Members([(name, a), ("z", 1), (name, b)])


@kind("duplicate member in signed", 2)
def _(d):
    name = d.rng.choice(["version", "expires", "_type"])
    first = d.rng.choice([d.body[name], {"version": 7, "expires": "2028-01-01T00:00:00Z", "_type": "Targets"}[name]])
    d.body = Members([(name, first), *d.body.items()])


@kind("duplicate name of a target", 1)
def _(d):
    targets = d.body["targets"]
    name, entry = next(iter(targets.items()))
    d.body["targets"] = Members([(name, target("first")), *targets.items()])
    # Go merges into the same entry; here both have the same members, so the last one stands.
    d.body["targets"].pairs[0] = (name, {"hashes": {"sha256": b64(b"x" * 32)}, "length": 5})
    entry.pop("custom", None)


@kind("duplicate member in the envelope", 1, alone=True)
def _(d):
    where = d.rng.choice(["signed", "signatures"])
    d.after.append(lambda content: content[:-1] + b"," + {
        "signed": b'"signed":' + Spelling(d.rng).write(d.body),
        "signatures": b'"signatures":' + Spelling(d.rng).write(d.signatures)}[where] + b"}")


@kind("unknown member", 5)
def _(d):
    name = d.rng.choice(["x", "spec_version", "", "comment", "X", "\u00e9", "__proto__", "expires ", random_text(d.rng)])
    d.rng.choice([d.body, d.body["delegations"], any_target(d)]).setdefault(name, random_value(d.rng))


@kind("unknown member in the envelope", 2)
def _(d):
    d.envelope[d.rng.choice(["x", "comment", "SignedBy"])] = random_value(d.rng)


@kind("unknown member in a signature", 2)
def _(d):
    d.late.append(lambda d: d.signatures[0].update({d.rng.choice(["x", "cert", "isvalid"]): random_value(d.rng)}))


# Names that Go takes for the member although they are not: it ignores case, and two letters fold to others.
def other_case(rng, name: str) -> str:
    options = [name.upper(), name.capitalize(), name.swapcase()]
    options += [name.replace("s", "\u017f", 1)] if "s" in name else []
    options += [name.replace("k", "\u212a", 1)] if "k" in name else []
    return rng.choice([o for o in options if o != name])


@kind("member of signed in another case", 2, alone=True)
def _(d):
    name = d.rng.choice(["targets", "delegations", "version", "expires", "_type"])
    d.body[other_case(d.rng, name)] = d.body.pop(name)


@kind("member of signed twice, in two cases", 1.5, alone=True)
def _(d):
    name = d.rng.choice(["targets", "version", "expires", "_type"])
    d.body[other_case(d.rng, name)] = {"targets": {d.name.rpartition("/")[2] + "-other": target("o")}, "version": 9, "expires": FRESH,
                                       "_type": d.rng.choice(["Targets", "Root"])}[name]


@kind("member of a target in another case", 1.5, alone=True)
def _(d):
    entry = any_target(d)
    name = d.rng.choice(["hashes", "length"])
    entry[other_case(d.rng, name)] = entry.pop(name)


@kind("member of the envelope in another case", 1, alone=True)
def _(d):
    name = d.rng.choice([b"signed", b"signatures"])
    new = other_case(d.rng, name.decode()).encode()
    d.after.append(lambda content: content.replace(b'"' + name + b'"', b'"' + new + b'"', 1))


@kind("member of a signature in another case", 1.5)
def _(d):
    name = d.rng.choice(["keyid", "method", "sig"])

    def change(d):
        d.signatures[0][other_case(d.rng, name)] = d.signatures[0].pop(name)
    d.late.append(change)


@kind("no delegations", 2)
def _(d):
    d.rng.choice([lambda: d.body.pop("delegations"), lambda: d.body.update(delegations=None),
                  lambda: d.body.update(delegations={}), lambda: d.body["delegations"].update(keys=None),
                  lambda: d.body["delegations"].update(roles=None), lambda: d.body["delegations"].pop("keys"),
                  lambda: d.body["delegations"].pop("roles")])()
    left = d.body.get("delegations") or {}
    if left.get("roles") and not left.get("keys"):  # the roles are another kind's
        d.kinds.add("delegates to a key that is not listed")


@kind("no targets", 1)
def _(d):
    d.rng.choice([lambda: d.body.pop("targets"), lambda: d.body.update(targets=None), lambda: d.body.update(targets={})])()


@kind("member missing", 1.5, alone=True)
def _(d):
    d.body.pop(d.rng.choice(["version", "expires", "_type"]))


@kind("member null", 1.5, alone=True)
def _(d):
    d.body[d.rng.choice(["version", "expires", "_type"])] = None


@kind("member of a target missing", 1)
def _(d):
    any_target(d).pop(d.rng.choice(["hashes", "length"]), None)


@kind("member of a target null", 1)
def _(d):
    any_target(d)[d.rng.choice(["hashes", "length", "custom"])] = None


@kind("target null", 0.5)
def _(d):
    d.body["targets"][d.name.rpartition("/")[2] + "-null"] = None


@kind("member of a signature missing", 1, alone=True)
def _(d):
    d.late.append(lambda d: d.signatures[0].pop(d.rng.choice(["keyid", "method", "sig"])))


@kind("member of a signature null", 1, alone=True)
def _(d):
    d.late.append(lambda d: d.signatures[0].update({d.rng.choice(["keyid", "method", "sig"]): None}))


@kind("wrong type", 3, alone=True)
def _(d):
    holder = d.rng.choice(find_dicts(d.body))
    names = [name for name in holder if name not in ("custom", "x")]
    if names:
        holder[d.rng.choice(names)] = d.rng.choice([1, "x", [], {}, True, -1, "", [1], {"a": 1}])


@kind("wrong type in the envelope", 0.7, alone=True)
def _(d):
    def change(d):
        where = d.rng.choice(["list", "entry", "member"])
        wrong = d.rng.choice([1, "x", {}, True, [[]]])
        if where == "list":
            d.signatures = wrong
        elif where == "entry":
            d.signatures = [*d.signatures, wrong]
        else:
            d.signatures[0][d.rng.choice(["keyid", "method", "sig"])] = wrong
    d.late.append(change)


@kind("another _type", 1, alone=True)
def _(d):
    d.body["_type"] = d.rng.choice(["targets", "TARGETS", "Root", "Snapshot", "", "Targets ", "Target", "T\u0430rgets"])


# --- values ------------------------------------------------------------------------------------------------------------

@kind("deeply nested custom data", 1)
def _(d):
    depth = d.rng.choice([5, 10, 20, 26, 27, 28])
    put_nested(d, depth)


@kind("custom data nested beyond 32 levels", 1)
def _(d):
    put_nested(d, d.rng.choice([29, 30, 31, 32, 33, 60, 200]))


def put_nested(d, depth: int):
    """`depth` levels below the member `custom`, which is the fifth level."""
    value = 1
    for i in range(depth):
        value = [value] if d.rng.random() < 0.5 else {"a": value}
    any_target(d)["custom"] = value


@kind("expiry with a fraction or an offset", 4)
def _(d):
    d.body["expires"] = FRESH[:-1] + d.rng.choice([
        ".5Z", ".50Z", ".000Z", ".123456789Z", ".1234567890123Z", "+00:00", "-00:00", "+02:00", "-11:30", ".25+05:45", "+23:59"])


@kind("expiry at the edge", 1)
def _(d):
    d.body["expires"] = d.rng.choice(["9999-12-31T23:59:59Z", "2100-02-28T00:00:00Z", "2096-02-29T12:00:00Z", "9999-12-31T23:59:59-23:59"])


@kind("expired", 1.5)
def _(d):
    d.body["expires"] = d.rng.choice(["2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
                                      "1969-12-31T23:59:59Z", "2020-01-01T00:00:00.5+02:00"])


@kind("expiry that is no time", 1.5, alone=True)
def _(d):
    d.body["expires"] = d.rng.choice([
        "", "never", "2030-13-01T00:00:00Z", "2030-02-30T00:00:00Z", "2030-00-01T00:00:00Z", "2030-01-00T00:00:00Z", "2030-01-01",
        "2030-01-01T00:00:00", "2030-01-01 00:00:00Z", "2030-01-01t00:00:00z", "2030-01-01T00:00:60Z", "2030-01-01T24:00:00Z",
        "2030-01-01T00:60:00Z", "20300101T000000Z", "+2030-01-01T00:00:00Z", "12030-01-01T00:00:00Z", "2030-01-01T00:00:00.Z",
        "2030-01-01T00:00:00+0200", "2030-01-01T00:00:00+02", "2030-01-01T00:00:00Z ", " 2030-01-01T00:00:00Z", "2030-1-1T00:00:00Z",
        "2031-02-29T00:00:00Z", "2030-01-01T00:00Z", "1893456000", "2030-01-01T00:00:00+02:00Z", "2100-02-29T00:00:00Z"])


@kind("expiry as only old Go readers take it", 0.7, alone=True)
def _(d):
    d.body["expires"] = d.rng.choice(["2030-01-01T0:00:00Z", "2030-01-01T00:00:00,5Z", "2030-01-01T00:00:00+24:00",
                                      "2030-01-01T00:00:00+02:60", "2030-01-01T00:00:00-99:99", "2030-01-01T1:00:00Z"])


@kind("version", 2)
def _(d):
    d.body["version"] = d.rng.choice([1, 2, 100, 2_147_000_000, 2**31 - 2])


@kind("version below one", 0.7, alone=True)
def _(d):
    d.body["version"] = d.rng.choice([0, -1, -2**31, Literal(b"-0", 0)])


@kind("version near 2^31 and above", 1)
def _(d):
    d.body["version"] = d.rng.choice([2**31 - 1, 2**31, 2**31 + 1, 2**32, 2**53 - 1])


@kind("number of the format spelt as a float", 1, alone=True)
def _(d):
    holder, name = d.rng.choice([(d.body, "version"), (any_target(d), "length")])
    holder[name] = number(d.rng.choice(["1.0", "1e0", "10E1", "2.5e1", "100e-1"]))


@kind("number of the format with a fraction or too large", 0.7, alone=True)
def _(d):
    holder, name = d.rng.choice([(d.body, "version"), (any_target(d), "length")])
    text = d.rng.choice([b"1.5", b"1e-1", b"9223372036854775808", b"1e400", b"-9223372036854775809"])
    holder[name] = Literal(text, float(text) if text[:2] != b"1e4" else 0)


@kind("length", 2)
def _(d):
    any_target(d)["length"] = d.rng.choice([0, 1, -1, -2**53, 2**31, 2**53, 2**40])


@kind("no sha256", 2)
def _(d):
    entry = any_target(d)
    entry["hashes"] = d.rng.choice([{}, {"sha512": b64(b"x" * 64)}, {"md5": b64(b"x" * 16)}, {"SHA256": b64(b"x" * 32)}])


@kind("sha256 of another size", 2)
def _(d):
    any_target(d)["hashes"] = {"sha256": b64(b"x" * d.rng.choice([0, 1, 16, 31, 33, 64]))}


@kind("more hashes", 2)
def _(d):
    any_target(d).setdefault("hashes", {}).update({
        d.rng.choice(["sha512", "sha1", "md5", "blake2", "", random_text(d.rng)]): b64(b"y" * d.rng.choice([0, 16, 64]))})


@kind("hash with line breaks in its base64", 1)
def _(d):
    text = b64(b"x" * 32)
    cut = d.rng.randrange(len(text) + 1)
    any_target(d)["hashes"] = {"sha256": text[:cut] + d.rng.choice(["\n", "\r\n", "\r"]) + text[cut:]}


@kind("hash with spare bits in its base64", 0.5)
def _(d):
    text = b64(b"x" * 32)  # ends in "eHg=": the last digit has two bits to spare
    any_target(d)["hashes"] = {"sha256": text[:-2] + ALPHABET[ALPHABET.index(text[-2]) + d.rng.randint(1, 3)] + "="}


@kind("hash that is no base64", 1, alone=True)
def _(d):
    text = b64(b"\xff" * 32)
    any_target(d)["hashes"] = {"sha256": d.rng.choice([
        text.rstrip("="), text + "=", text.replace("/", "_"), " " + text, text + " ", text[:10] + " " + text[10:], "=" + text, "xyz",
        text[:-4] + "====", b"x".hex() * 32 + "g", text + text, "\t" + text])}


@kind("names of targets", 4)
def _(d):
    prefix = d.name.rpartition("/")[2] + "-"
    for _ in range(d.rng.randint(1, 4)):
        name = prefix + d.rng.choice(["a/b", "..", "/", "a b", "A", "a" * 300, "\u0130", "e\u0301", "\u00e9", "\ud7ff", "sha256:x", "-", "x\\",
                                      '"', "null", "\x7f", "\u200f"]) + "."
        d.body["targets"][name] = target(name)


@kind("the empty name", 0.5)
def _(d):
    d.body["targets"][""] = target("empty")
    d.role = (d.role or {}) | {"paths": ["never-"]}  # all inputs of a repository would claim it


@kind("paths", 3)
def _(d):
    prefix = d.name.rpartition("/")[2]
    d.body["targets"] |= {prefix + "-v/1": target("1"), prefix + "-v": target("2"), prefix + "-w\u00e9": target("3")}
    d.role = (d.role or {}) | {"paths": d.rng.choice([
        [prefix + "-v/"], [prefix + "-v"], [prefix + "-v", prefix + "-w"], [prefix + "-w\u00e9"], [prefix + "-w\u00e9x"], [], ["never"],
        [prefix + "-V"], [prefix + "-*"], [prefix + "-v/1"], ["", "x"], [prefix, prefix]])}


@kind("paths missing or null", 0.7)
def _(d):
    define_role(d)
    if d.rng.random() < 0.5:
        d.role["paths"] = None
    else:
        d.role["paths"] = MISSING


# --- delegations of the delegation -------------------------------------------------------------------------------------

@kind("delegates further", 3)
def _(d):
    key = pool("P-256", d.rng.randrange(2))
    d.body["delegations"] = {"keys": {key.id: key.object}, "roles": [
        {"keyids": [key.id], "name": f"{d.name}/{leaf}", "paths": d.rng.choice([[""], [], ["v"]]), "threshold": 1}
        for leaf in d.rng.sample(["a", "b", "-", "_", "0"], d.rng.randint(1, 3))]}


@kind("paths of a child", 3)
def _(d):
    key, prefix = pool("P-256", 0), d.name.rpartition("/")[2]
    parent = d.rng.choice([[""], [prefix + "-v"], [prefix + "-v", prefix + "-w"], [prefix + "-v/"], []])
    child = d.rng.choice([[""], [prefix + "-v"], [prefix + "-v/"], [prefix + "-"], [prefix + "-v", prefix + "-"], [prefix + "-x", prefix + "-w/"],
                          ["never", ""], []])
    grandchild = d.rng.choice([[""], [prefix + "-v/1"], [prefix + "-v", prefix + "-w/1"]])
    d.role = (d.role or {}) | {"paths": parent}

    def entry(name, paths):
        return {"keys": {key.id: key.object},
                "roles": [{"keyids": [key.id], "name": name, "paths": paths, "threshold": 1}]}

    def file(leaf, delegations=None):
        names = [f"{prefix}-{start}{leaf}" for start in ("v/1", "v/", "v", "w/1", "w", "x", "")]
        body = targets_body({name: target(name) for name in names})
        body["delegations"] = delegations or body["delegations"]
        return sign_top(d.name + "/" + leaf, body, key)
    d.body["delegations"] = entry(d.name + "/c", child)
    d.children = {d.name + "/c": file("c", entry(d.name + "/c/g", grandchild)), d.name + "/c/g": file("g")}


def delegate(d, **changes):
    key = pool("P-256", 0)
    d.body["delegations"] = {"keys": {key.id: key.object}, "roles": [
        {"keyids": [key.id], "name": d.name + "/a", "paths": [""], "threshold": 1} | changes]}
    return d.body["delegations"]


@kind("delegates without keys", 1)
def _(d):
    delegate(d, keyids=d.rng.choice([None, []]))


@kind("delegates to a role that is not its child", 0.7, alone=True)
def _(d):
    delegate(d, name=d.rng.choice(["targets/x", "targets/x/y", d.name + "/a/b", d.name]))


@kind("delegates to what is no delegation", 0.7, alone=True)
def _(d):
    delegate(d, name=d.rng.choice(["targets", "root", "x", d.name + "/", d.name + "/A", d.name + "/..", d.name + "//a", "", d.name + "/.",
                                   d.name + "/a b", d.name + "/\u00e9"]))


@kind("delegates with a threshold that cannot be", 0.7, alone=True)
def _(d):
    delegate(d, threshold=d.rng.choice([0, -1, 2**31, 2**40]))


@kind("delegates with a threshold that is not met", 0.7)
def _(d):
    delegate(d, threshold=d.rng.choice([2, 3, 1000]))


@kind("delegates twice to one role", 0.7)
def _(d):
    roles = delegate(d)["roles"]
    roles.append(dict(roles[0]))


@kind("delegates to a key that is not listed", 0.7)
def _(d):
    delegate(d)["keys"] = {}


@kind("delegates to a key under another ID", 0.7)
def _(d):
    delegations = delegate(d)
    key = next(iter(delegations["keys"].values()))
    delegations["keys"] = {"0" * 64: key}
    delegations["roles"][0]["keyids"] = ["0" * 64]


@kind("delegates to a key of an unknown kind", 0.7)
def _(d):
    key = key_object(d.rng.choice(["unknown", "", "ECDSA", "sphincs"]), b"xyz")
    delegate(d, keyids=[key_id(key)])["keys"] = {key_id(key): key}


@kind("delegates to a key ID that is none", 0.7)
def _(d):
    delegate(d, keyids=[d.rng.choice(["", "x", "A" * 64, "0" * 63, "0" * 65])])


@kind("delegates to a key that is no object", 0.5, alone=True)
def _(d):
    delegate(d)["keys"] = {"0" * 64: d.rng.choice([None, {}, {"keytype": "ecdsa"}, {"keyval": {}}, {"keytype": "ecdsa", "keyval": {}}])}


# --- signatures --------------------------------------------------------------------------------------------------------

def change_sig(d, change):
    """`change` turns the bytes of the signature into others."""
    def late(d):
        d.signatures[0]["sig"] = b64(change(base64.b64decode(d.signatures[0]["sig"])))
    d.late.append(late)


@kind("wrong signature", 3)
def _(d):
    def flip(sig):
        at = d.rng.randrange(len(sig) * 8)
        return sig[:at // 8] + bytes([sig[at // 8] ^ 1 << at % 8]) + sig[at // 8 + 1:]
    change_sig(d, flip)


@kind("signed over something else", 2)
def _(d):
    d.message = d.rng.choice([b"", b"{}", meaning(d.body) + b"\n", meaning(d.body)[:-1]])


@kind("signature of another size", 2)
def _(d):
    change = d.rng.choice([lambda s: b"", lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: s[:len(s) // 2],
                           lambda s: s + s, lambda s: b"\0" * len(s), lambda s: s[:len(s) // 2] + b"\0" * (len(s) // 2),
                           lambda s: b"\xff" * len(s), lambda s: b"\0" * (len(s) // 2) + s[len(s) // 2:]])
    change_sig(d, change)


@kind("method in upper case", 2)
def _(d):
    d.late.append(lambda d: d.signatures[0].update(method=d.rng.choice([str.upper, str.capitalize, str.swapcase])(d.signatures[0]["method"])))


@kind("another method", 2)
def _(d):
    method = d.rng.choice(["ecdsa", "rsapss", "rsapkcs1v15", "eddsa", "", "none", "ed25519", "rsa", "pycrypto-pkcs#1 pss", "ecdsa ", "ecd\u017fa"])
    d.late.append(lambda d: d.signatures[0].update(method=method))


def use_key(d, kinds):
    d.key = pool(d.rng.choice(kinds), 0)
    d.listed = d.key.object


@kind("ECDSA as DER", 1)
def _(d):
    use_key(d, ["P-224", "P-256", "P-384", "P-521"])
    d.make_signature = lambda message: signature(d.key, message, d.listed, sig=b64(der(d.key.private, message)))


@kind("ECDSA with another digest", 1)
def _(d):
    use_key(d, ["P-224", "P-256", "P-384", "P-521"])
    digest = d.rng.choice([hashes.SHA384, hashes.SHA512, hashes.SHA1, hashes.SHA224])
    d.make_signature = lambda message: signature(
        d.key, message, d.listed, sig=b64(rs(d.key.private, message, digest())))


@kind("ECDSA of another width", 1)
def _(d):
    use_key(d, ["P-224", "P-256", "P-384", "P-521"])
    d.make_signature = lambda message: signature(
        d.key, message, d.listed, sig=b64(rs(d.key.private, message, wider=d.rng.choice([1, 2, 8]))))


@kind("ECDSA with s replaced by n - s", 1)
def _(d):
    use_key(d, ["P-256"])
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    change_sig(d, lambda sig: sig[:32] + (n - int.from_bytes(sig[32:], "big")).to_bytes(32, "big"))


@kind("RSA with PKCS#1 v1.5", 2)
def _(d):
    use_key(d, ["RSA-2048", "RSA-3072"])
    d.make_signature = lambda message: signature(d.key, message, d.listed, method="rsapkcs1v15", sig=b64(sign_pkcs1(d.key, message)))


@kind("RSA, PKCS#1 v1.5 and PSS mixed up", 1)
def _(d):
    use_key(d, ["RSA-2048", "RSA-3072"])
    if d.rng.random() < 0.5:
        d.make_signature = lambda message: signature(d.key, message, d.listed, sig=b64(sign_pkcs1(d.key, message)))
    else:
        d.make_signature = lambda message: signature(d.key, message, d.listed, method="rsapkcs1v15")


@kind("RSA-PSS with another salt or digest", 1)
def _(d):
    use_key(d, ["RSA-2048", "RSA-3072"])
    options = d.rng.choice([{"salt": 0}, {"salt": 20}, {"salt": 31}, {"salt": 33}, {"salt": 222}, {"digest": hashes.SHA512, "salt": 32},
                            {"digest": hashes.SHA1, "salt": 32}, {"mgf": hashes.SHA1, "salt": 32}])
    d.make_signature = lambda message: signature(d.key, message, d.listed, sig=b64(sign_pss(d.key, message, **options)))


@kind("signature with line breaks in its base64", 1)
def _(d):
    def late(d):
        text = d.signatures[0]["sig"]
        cut = d.rng.randrange(len(text))
        d.signatures[0]["sig"] = text[:cut] + d.rng.choice(["\n", "\r\n"]) + text[cut:]
    d.late.append(late)


@kind("signature with spare bits in its base64", 1)
def _(d):
    use_key(d, ["P-256", "Ed25519"])  # 64 bytes: "==" at the end, four bits to spare

    def late(d):
        text = d.signatures[0]["sig"]
        d.signatures[0]["sig"] = text[:-3] + ALPHABET[ALPHABET.index(text[-3]) + d.rng.randint(1, 15)] + "=="
    d.late.append(late)


@kind("signature that is no base64", 1, alone=True)
def _(d):
    def late(d):
        text = d.signatures[0]["sig"]
        d.signatures[0]["sig"] = d.rng.choice([text + "=", " " + text, text + "!", text.rstrip("=") + "A", "%" + text[1:], text[:9] + " " + text[9:],
                                               text.replace("A", "-", 1) + "_"])
    d.late.append(late)


@kind("other signatures beside the right one", 3)
def _(d):
    def late(d):
        others = [{"keyid": "0" * 64, "method": "ecdsa", "sig": b64(b"x" * 64)}, {"keyid": "", "method": "", "sig": ""},
                  {"keyid": "x", "method": "unknown", "sig": b64(b"x")}, signature(pool("P-256", 7), meaning(d.body), d.listed),
                  pool("P-256", 7).sign(meaning(d.body)), dict(d.signatures[0]), dict(d.signatures[0], sig=b64(b"y" * 64)),
                  dict(d.signatures[0], method="rsapss")]
        for other in d.rng.sample(others, d.rng.randint(1, 4)):
            d.signatures.insert(d.rng.randint(0, len(d.signatures)), other)
    d.late.append(late)


@kind("many signatures", 0.3)
def _(d):
    def late(d):
        count = d.rng.choice([10, 100, 200, 255])
        d.signatures = [{"keyid": "%064x" % i, "method": "ecdsa", "sig": b64(b"x" * 64)} for i in range(count)] + d.signatures
    d.late.append(late)


@kind("more than 256 signatures", 0.2)
def _(d):
    def late(d):
        d.signatures = [{"keyid": "%064x" % i, "method": "ecdsa", "sig": ""} for i in range(d.rng.choice([256, 300, 1000]))] + d.signatures
    d.late.append(late)


@kind("no signatures", 0.5, alone=True)
def _(d):
    def late(d):
        d.signatures = d.rng.choice([[], None])
    d.late.append(late)


@kind("key ID in another spelling", 1)
def _(d):
    change = d.rng.choice([str.upper, lambda i: i + " ", lambda i: " " + i, lambda i: i[:-1], lambda i: "0x" + i])
    d.late.append(lambda d: d.signatures[0].update(keyid=change(d.signatures[0]["keyid"])))


# --- thresholds --------------------------------------------------------------------------------------------------------

def several_keys(d, count: int, threshold: int, signers: int):
    keys = [pool("P-256", 20 + i) for i in range(count)]
    d.keys = {key.id: key.object for key in keys}
    d.role = (d.role or {}) | {"threshold": threshold}
    d.late.append(lambda d: setattr(d, "signatures", [key.sign(d.message or meaning(d.body)) for key in keys[:signers]]))


@kind("threshold met", 2)
def _(d):
    count = d.rng.randint(1, 4)
    threshold = d.rng.randint(1, count)
    several_keys(d, count, threshold, d.rng.randint(threshold, count))


@kind("threshold not met", 2)
def _(d):
    count = d.rng.randint(2, 4)
    threshold = d.rng.randint(2, count)
    several_keys(d, count, threshold, d.rng.randint(1, threshold - 1))


@kind("one key signs twice for a threshold of two", 1)
def _(d):
    several_keys(d, 2, 2, 1)
    d.late.append(lambda d: d.signatures.append(pool("P-256", 20).sign(meaning(d.body))))


@kind("one key, bare and in a certificate, for a threshold of two", 1)
def _(d):
    key = pool("P-256", 20)
    both = [key, key.wrapped(fixed_certificate("P-256", 20))]
    d.keys = {each.id: each.object for each in both}
    d.role = (d.role or {}) | {"threshold": 2}
    d.late.append(lambda d: setattr(d, "signatures", [each.sign(meaning(d.body)) for each in both]))


@kind("threshold above the number of keys", 1, alone=True)
def _(d):
    d.role = (d.role or {}) | {"threshold": d.rng.choice([2, 5, 2**31 - 1])}


@kind("key ID twice in its role", 1)
def _(d):
    several_keys(d, 1, d.rng.choice([1, 2]), 1)
    d.role["keyids"] = list(d.keys) * 2


@kind("key IDs in the role that have no key", 1, alone=True)
def _(d):
    define_role(d)
    d.role["keyids"] = ["0" * 64, *d.role["keyids"]]


@kind("role without keys", 1)
def _(d):
    define_role(d)
    d.role["keyids"] = d.rng.choice([[], None])


# --- keys --------------------------------------------------------------------------------------------------------------

_certificates = {}


def fixed_certificate(kind_of_key: str, number_of_key: int, **options) -> bytes:
    """Made once: the same certificate has the same ID everywhere."""
    what = (kind_of_key, number_of_key, tuple(sorted(options.items())))
    if what not in _certificates:
        options = dict(options)
        issuer = options.pop("issued_by", None)
        names = options.pop("names", (options.pop("name", "test"),))
        _certificates[what] = certificate(pool(kind_of_key, number_of_key), *names,
                                          issuer=issuer and pool(issuer).private, **options)
    return _certificates[what]


def list_certificate(d, pem_change=lambda pem: pem, kinds=("P-256", "P-384", "P-521", "RSA-2048"), **options):
    d.key = pool(d.rng.choice(kinds), 0)
    kind_of_key = next(k for k in kinds if pool(k, 0) is d.key)
    d.listed = d.key.wrapped(pem_change(fixed_certificate(kind_of_key, 0, **options))).object


@kind("certificate", 4)
def _(d):
    list_certificate(d, kinds=("P-224", "P-256", "P-384", "P-521", "RSA-2048", "RSA-3072"))


@kind("certificate expired, not yet valid, of a CA, or by an issuer", 2)
def _(d):
    list_certificate(d, **d.rng.choice([{"start": -20, "end": -10}, {"start": 10, "end": 20}, {"is_ca": True}, {"issuer_name": "other"},
                                        {"basic_constraints": False}, {"name": "\u00e9 <&>"}, {"issuer_name": "x", "issued_by": "P-384"}]))


@kind("certificate signed with SHA-1", 0.7)
def _(d):
    list_certificate(d, kinds=("P-256", "RSA-2048"), digest=hashes.SHA1)


def pem_forms(d):
    other = fixed_certificate("P-384", 1)
    body = lambda pem: base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))  # noqa: E731
    wrap = lambda der, columns: b"-----BEGIN CERTIFICATE-----\n" + b"\n".join(  # noqa: E731
        b64(der).encode()[i:i + columns] for i in range(0, len(b64(der)), columns)) + b"\n-----END CERTIFICATE-----\n"
    return {
        "CRLF": lambda pem: pem.replace(b"\n", b"\r\n"),
        "no final newline": lambda pem: pem.rstrip(b"\n"),
        "text before": lambda pem: b"subject=/CN=x\n" + pem,
        "text after": lambda pem: pem + b"text\n",
        "76 columns": lambda pem: wrap(body(pem), 76),
        "one line": lambda pem: wrap(body(pem), 100000),
        "16 columns": lambda pem: wrap(body(pem), 16),
        "another certificate behind": lambda pem: pem + other,
        "a key behind": lambda pem: pem + b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "trailing spaces": lambda pem: pem.replace(b"\n", b" \n"),
        "a blank line inside": lambda pem: pem.replace(b"-----\n", b"-----\n\n", 1),
    }


@kind("PEM in another form", 3)
def _(d):
    list_certificate(d, d.rng.choice(list(pem_forms(d).values())))


@kind("PEM with headers", 1)
def _(d):
    list_certificate(d, lambda pem: pem.replace(b"-----\n", b"-----\nrole: x\n\n", 1))


@kind("PEM that does not begin with a certificate", 1.5)
def _(d):
    other = fixed_certificate("P-384", 1)
    list_certificate(d, d.rng.choice([
        lambda pem: b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" + pem,
        lambda pem: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + pem,
        lambda pem: other + pem, lambda pem: pem[:-30], lambda pem: b"", lambda pem: b"x" + pem,
        lambda pem: pem.replace(b"BEGIN CERTIFICATE", b"BEGIN TRUSTED CERTIFICATE"), lambda pem: pem.replace(b"\n", b"\r"),
        lambda pem: base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))]))


@kind("PEM with a broken block before the certificate", 1)
def _(d):
    list_certificate(d, d.rng.choice([
        lambda pem: b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n" + pem,
        lambda pem: b"-----BEGIN CERTIFICATE-----\n" + pem, lambda pem: b"-----BEGIN PUBLIC KEY-----\n" + pem]))


@kind("PEM of a certificate with another label", 0.5)
def _(d):
    label = d.rng.choice([b"X509 CERTIFICATE", b"PUBLIC KEY", b"X"])
    list_certificate(d, lambda pem: pem.replace(b"CERTIFICATE", label))


@kind("PEM indented, or with headers inside", 0.5)
def _(d):
    list_certificate(d, d.rng.choice([lambda pem: b" " + pem, lambda pem: pem.replace(b"\n", b"\nx: y\n", 3)]))


@kind("key and its type disagree", 2)
def _(d):
    d.listed = key_object(d.rng.choice([t for t in ("ecdsa", "rsa", "ed25519", "ecdsa-x509", "rsa-x509") if t != d.key.keytype]),
                          d.listed["keyval"]["public"])


@kind("key of an unknown type", 1)
def _(d):
    d.listed = key_object(d.rng.choice(["", "unknown", d.key.keytype.upper(), d.key.keytype + " ", "ecdsa-sha2-nistp256", "x509"]),
                          d.listed["keyval"]["public"])


@kind("curve that Notary does not know", 0.7)
def _(d):
    use_key(d, ["secp256k1"])


@kind("weak RSA key", 0.7)
def _(d):
    use_key(d, ["RSA-1024"])


@kind("certificate of a weak RSA key", 0.5)
def _(d):
    list_certificate(d, kinds=("RSA-1024",))


@kind("bare key in another spelling", 1.5)
def _(d):
    use_key(d, ["P-256", "P-384"])
    public = d.key.public
    pem = b"-----BEGIN PUBLIC KEY-----\n" + b64(public).encode() + b"\n-----END PUBLIC KEY-----\n"
    d.listed = key_object("ecdsa", d.rng.choice([pem, public[-65:], b"", b"x", public[:-1], public[:-1] + bytes([public[-1] ^ 1])]))


@kind("bare key with bytes behind it", 0.7)
def _(d):
    use_key(d, ["P-256", "P-384", "RSA-2048"])
    d.listed = key_object(d.key.keytype, d.key.public + d.rng.choice([b"\0", b"xyz", d.key.public]))


@kind("EC point compressed", 0.7)
def _(d):
    use_key(d, ["P-256", "P-384"])
    point = d.key.private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    full = d.key.private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    saved = len(full) - len(point)
    public = bytearray(d.key.public[:-len(full)] + point)
    public[1] -= saved  # lengths of the outer sequence and of the bit string
    public[-len(point) - 2] -= saved
    d.listed = key_object("ecdsa", bytes(public))


@kind("key with line breaks or spare bits in its base64", 1)
def _(d):
    text = d.listed["keyval"]["public"]
    cut = d.rng.randrange(len(text))
    d.listed = key_object(d.listed["keytype"], text[:cut] + d.rng.choice(["\n", "\r\n"]) + text[cut:])


@kind("Ed25519 key of another size", 0.5)
def _(d):
    use_key(d, ["Ed25519"])
    raw = d.key.public
    d.listed = key_object("ed25519", d.rng.choice([raw[:-1], raw + b"\0", b"", raw * 2, spki(d.key.private)]))


@kind("private member of a key that is not null", 1, alone=True)
def _(d):
    define_role(d)
    for key in d.keys.values():
        key = dict(key, keyval=dict(key["keyval"], private=d.rng.choice(["", "AAAA"])))
        d.keys = {key_id(dict(key, keyval=dict(key["keyval"], private=None))): key}


@kind("unknown members in a key", 1, alone=True)
def _(d):
    define_role(d)
    d.keys = {i: dict(key, x=1, keyval=dict(key["keyval"], y=2)) for i, key in d.keys.items()}


def make_input(rng: random.Random, name: str) -> Draft:
    """One delegation with its file; most have one oddity."""
    draft = plain_draft(rng, name)
    count = rng.choices([0, 1, 2, 3], [8, 72, 15, 5])[0]
    # What must be alone in its repository costs a run of both clients: not too many of these.
    alone = rng.random() < 0.06
    names = [name for name, (_, _, may_be_alone) in KINDS.items() if alone or not may_be_alone]
    if alone and count == 1:
        names = [name for name in names if KINDS[name][2]]
    for what in rng.choices(names, [KINDS[name][1] for name in names], k=count):
        if what in draft.kinds:
            continue
        change, _, must_be_alone = KINDS[what]
        try:
            change(draft)
        except TAKEN_AWAY:
            if count == 1:
                raise
            continue
        draft.kinds.add(what)
        draft.alone |= must_be_alone
    return draft
