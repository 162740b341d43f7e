"""Repositories with an oddity in a file of one of the four top roles. Each has one tag in `targets`; both clients see
the repository for the first time."""
import random
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

from proof.delegation_kinds import fixed_certificate, other_case, pem_forms
from proof.json_text import Literal, Members, Spelling, meaning, number, random_value
from proof.surroundings import Repository, body_of, file_of, key_of, pool, root_body, sign_top
from support.forged_keys import Key, b64, key_id, key_object
from support.forger import FRESH, TOP_ROLES as ROLES, admit, file_meta, target, targets_body


@dataclass
class Draft:
    rng: random.Random
    gun: str                                          # of the repository, to be
    files: dict = field(default_factory=dict)
    kinds: set = field(default_factory=set)

    def body_of(self, role: str) -> dict:
        """The honest body of a role over what is there so far."""
        files = Repository(self.files).complete()
        below = {"snapshot": ["root", "targets"], "timestamp": ["root", "targets", "snapshot"]}.get(role, [])
        self.files = {name: files[name] for name in below} | self.files  # a signature made twice is not the same
        return targets_body({"1.0": target("1.0")}) if role == "targets" else body_of(role, self.files)


KINDS = {}


def kind(name: str, weight=1.0):
    def register(change):
        assert name not in KINDS, name
        KINDS[name] = (change, weight)
        return change
    return register


def change_body(d, change, role=None):
    role = role or d.rng.choice(ROLES)
    body = d.body_of(role)
    body = change(body) or body
    d.files[role] = sign_top(role, body)


@kind("honest")
def _(d):
    pass


@kind("spelling", 3)
def _(d):
    role = d.rng.choice(ROLES)
    body = d.body_of(role)
    exact = sign_top(role, body)
    spelling = Spelling(d.rng, spaces=d.rng.choice([0, 0.3]), shuffle=d.rng.random() < 0.7, html=d.rng.random() < 0.5)
    text = spelling.write(body | {"expires": Literal(b'"' + body["expires"].encode() + b'"', body["expires"])})
    signatures = exact[exact.rindex(b',"signatures":'):]
    d.files[role] = b'{"signed":' + text + signatures


@kind("unknown member", 2)
def _(d):
    change_body(d, lambda body: body.update({d.rng.choice(["x", "spec_version"]): random_value(d.rng)}))


@kind("duplicate member", 1)
def _(d):
    role = d.rng.choice(ROLES)
    body = d.body_of(role)
    name = d.rng.choice(list(body))
    d.files[role] = sign_top(role, Members([(name, body[name]), *body.items()]))


@kind("member in another case", 1)
def _(d):
    def change(body):
        name = d.rng.choice([n for n in body if n != "_type"])
        body[other_case(d.rng, name)] = body.pop(name)
    change_body(d, change)


@kind("member missing", 2)
def _(d):
    change_body(d, lambda body: body.pop(d.rng.choice(list(body))) and None)


@kind("consistent_snapshot", 1)
def _(d):
    change_body(d, lambda body: body.update(consistent_snapshot=d.rng.choice([True, False])), "root")


@kind("wrong type", 2)
def _(d):
    def change(body):
        body[d.rng.choice(list(body))] = d.rng.choice([1, "x", [], {}, True, -1, "", [1], {"a": 1}])
    change_body(d, change)


@kind("expiry", 3)
def _(d):
    expires = d.rng.choice([FRESH, FRESH[:-1] + ".5Z", FRESH[:-1] + "+02:00", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    change_body(d, lambda body: body.update(expires=expires))


@kind("version", 3)
def _(d):
    change_body(d, lambda body: body.update(version=d.rng.choice([0, -1, 1, 2, 17, 2_146_999_999])))


@kind("version near 2^31 and above", 0.5)
def _(d):
    change_body(d, lambda body: body.update(version=d.rng.choice([2**31 - 1, 2**31, 2**40])))


@kind("wrong signature", 3)
def _(d):
    role = d.rng.choice(ROLES)
    content = bytearray(sign_top(role, d.body_of(role)))
    at = content.rindex(b'"sig":"') + 7 + d.rng.randrange(80)
    content[at] = ord("A") if content[at] != ord("A") else ord("B")
    d.files[role] = bytes(content)


@kind("signed by another role's key", 2)
def _(d):
    role = d.rng.choice(ROLES[1:])
    other = d.rng.choice([r for r in ROLES[1:] if r != role])
    d.files[role] = sign_top(other, d.body_of(role))


@kind("another role's file", 1)
def _(d):
    role, other = d.rng.sample(ROLES, 2)
    d.files[role] = sign_top(role, d.body_of(other))


# --- hashes and lengths ------------------------------------------------------------------------------------------------

def change_meta(d, change):
    """`change` gets an entry of snapshot or timestamp."""
    role = d.rng.choice(["snapshot", "timestamp"])
    body = d.body_of(role)
    entry = d.rng.choice(list(body["meta"].values()))
    change(entry)
    d.files[role] = sign_top(role, body)


@kind("wrong hash", 2)
def _(d):
    change_meta(d, lambda entry: entry["hashes"].update({d.rng.choice(["sha256", "sha512"]): b64(b"x" * 32)}))


@kind("wrong sha512", 1)
def _(d):
    change_meta(d, lambda entry: entry["hashes"].update(sha512=b64(b"x" * 64)))


@kind("no sha512", 1)
def _(d):
    change_meta(d, lambda entry: entry["hashes"].pop("sha512"))


@kind("no sha256", 1)
def _(d):
    change_meta(d, lambda entry: entry["hashes"].pop("sha256"))


@kind("unknown hash", 1)
def _(d):
    change_meta(d, lambda entry: entry["hashes"].update(md5=b64(b"x" * 16)))


@kind("length too short", 1)
def _(d):
    change_meta(d, lambda entry: entry.update(length=entry["length"] - d.rng.randint(1, 100)))


@kind("length too long", 1)
def _(d):
    change_meta(d, lambda entry: entry.update(length=entry["length"] + d.rng.randint(1, 100)))


@kind("length negative", 0.5)
def _(d):
    change_meta(d, lambda entry: entry.update(length=-entry["length"]))


@kind("snapshot without an entry", 1)
def _(d):
    change_body(d, lambda body: body["meta"].pop(d.rng.choice(["root", "targets"])) and None, "snapshot")


@kind("snapshot with more entries", 1)
def _(d):
    more = d.rng.choice(["targets/gone", "timestamp", "x", "", "root.json", "targets/../x"])
    change_body(d, lambda body: body["meta"].update({more: file_meta(b"x")}), "snapshot")


# --- root --------------------------------------------------------------------------------------------------------------

def use_root_key(d, key, pem: bytes, more_keys: tuple[Key, ...] = (), threshold=1, also: tuple[Key, ...] = ()):
    """A root whose root role has this certificate; `also` sign as well."""
    keys = (key.wrapped(pem), *more_keys)
    body = root_body()
    del body["keys"][key_of("root").id]
    admit(body, "root", *keys, threshold=threshold)
    d.files["root"] = file_of(body, *(each.sign(meaning(body)) for each in (keys[0], *also)))


ROOT_KINDS = ("P-224", "P-256", "P-384", "P-521", "RSA-2048", "RSA-3072")


def root_key(d, kinds=ROOT_KINDS):
    kind_of_key = d.rng.choice(kinds)
    return kind_of_key, pool(kind_of_key, 0)


@kind("root key of another kind", 3)
def _(d):
    kind_of_key, key = root_key(d)
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*"))


@kind("weak or unknown root key", 1)
def _(d):
    kind_of_key, key = root_key(d, ("RSA-1024", "secp256k1"))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*"))


@kind("common name", 4)
def _(d):
    gun = d.gun
    name = d.rng.choice([gun, gun + "x", gun[:-1], gun.upper(), gun + "*", gun[:-1] + "*", gun.rpartition("/")[0] + "/*", gun + "/*", "*", "",
                         "*." + gun, gun.partition("/")[0], " " + gun, gun + "\0", "registry.example.com*", "r*/app", gun[0] + "*"])
    kind_of_key, key = root_key(d, ("P-256",))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name=name))


@kind("common name that ends in two stars", 0.5)
def _(d):
    kind_of_key, key = root_key(d, ("P-256",))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name=d.rng.choice(["**", d.gun[:-1] + "**"])))


@kind("several common names", 1)
def _(d):
    names = d.rng.choice([["*", "other"], ["other", "*"], ["other", "other"], [d.gun, "x"], ["x", d.gun], []])
    kind_of_key, key = root_key(d, ("P-256",))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, names=tuple(names)))


@kind("root certificate's dates", 3)
def _(d):
    dates = d.rng.choice([{"start": -20, "end": -10}, {"start": 0.5, "end": 20}, {"start": 0.9, "end": 20}, {"start": 1.2, "end": 20},
                          {"start": 10, "end": 20}, {"start": -1, "end": 0.5}, {"start": -1, "end": -0.1}])
    kind_of_key, key = root_key(d)
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*", **dates))


@kind("root certificate's extensions", 2)
def _(d):
    options = d.rng.choice([{"is_ca": True}, {"basic_constraints": False}, {"code_signing": False}, {"issuer_name": "other"},
                            {"issuer_name": "other", "issued_by": "P-384"}])
    kind_of_key, key = root_key(d)
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*", **options))


@kind("root certificate signed with SHA-1", 1)
def _(d):
    kind_of_key, key = root_key(d, ("P-256", "RSA-2048"))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*", digest=hashes.SHA1))


@kind("root certificate signed with SHA-384 or SHA-512", 1)
def _(d):
    kind_of_key, key = root_key(d, ("P-256", "P-384", "RSA-2048"))
    use_root_key(d, key, fixed_certificate(kind_of_key, 0, name="*", digest=d.rng.choice([hashes.SHA384, hashes.SHA512])))


@kind("root certificate's PEM in another form", 3)
def _(d):
    kind_of_key, key = root_key(d, ("P-256", "RSA-2048"))
    form = d.rng.choice(list(pem_forms(d).values()))
    use_root_key(d, key, form(fixed_certificate(kind_of_key, 0, name="*")))


@kind("bundle of certificates", 2)
def _(d):
    leaf = fixed_certificate("P-256", 0, name="*")
    authority = fixed_certificate("P-384", 0, name="ca", is_ca=True)
    other = fixed_certificate("P-521", 0, name="*")
    pem = d.rng.choice([leaf + authority, authority + leaf, leaf + other, leaf + authority + authority, leaf + leaf, authority])
    use_root_key(d, pool("P-256", 0), pem)


@kind("root key bare", 1)
def _(d):
    body, key = root_body(), Key.of(key_of("root").private)
    del body["keys"][key_of("root").id]
    admit(body, "root", key)
    d.files["root"] = sign_top("root", body, key)


@kind("several root keys", 3)
def _(d):
    first, second = pool("P-256", 0), pool("P-384", 0)
    name = d.rng.choice(["*", "*", "other"])  # a certificate for somebody else does not count
    wrapped = second.wrapped(fixed_certificate("P-384", 0, name=name))
    both = d.rng.random() < 0.5
    use_root_key(d, first, fixed_certificate("P-256", 0, name="*"), (wrapped,), d.rng.choice([1, 2]), (wrapped,) if both else ())


@kind("one root key in two certificates", 1)
def _(d):
    key = pool("P-256", 0)
    wrapped = key.wrapped(fixed_certificate("P-256", 0, name="*", end=100))
    use_root_key(d, key, fixed_certificate("P-256", 0, name="*"), (wrapped,), 2, (wrapped,))


def change_root(d, change):
    def changed(body):
        change(body)
        return body
    change_body(d, changed, "root")


@kind("role of root missing", 1)
def _(d):
    change_root(d, lambda body: body["roles"].pop(d.rng.choice(ROLES)))


@kind("more roles in root", 1)
def _(d):
    role = {"keyids": [key_of("targets").id], "threshold": 1}
    change_root(d, lambda body: body["roles"].update({d.rng.choice(["mirrors", "targets/x", "x", "ROOT"]): role}))


@kind("threshold of a top role", 2)
def _(d):
    role, threshold = d.rng.choice(ROLES), d.rng.choice([0, -1, 2, 3])
    change_root(d, lambda body: body["roles"][role].update(threshold=threshold))


@kind("key that is not listed in root", 1)
def _(d):
    role = d.rng.choice(ROLES)
    change_root(d, lambda body: body["roles"][role]["keyids"].append("0" * 64))


@kind("key in root that nobody uses", 1)
def _(d):
    key = pool("P-384", 3)
    change_root(d, lambda body: body["keys"].update({key.id: key.object}))


@kind("unknown key in root that nobody uses", 1)
def _(d):
    key = key_object(d.rng.choice(["unknown", "ecdsa", "rsa"]), b"xyz")
    change_root(d, lambda body: body["keys"].update({key_id(key): key}))


@kind("key in root under another ID", 1)
def _(d):
    def change(body):
        role = d.rng.choice(ROLES)
        (old,) = body["roles"][role]["keyids"]
        body["keys"]["1" * 64] = body["keys"].pop(old)
        body["roles"][role]["keyids"] = ["1" * 64]
    change_root(d, change)


@kind("no keys of a top role", 1)
def _(d):
    role = d.rng.choice(ROLES)
    change_root(d, lambda body: body["roles"][role].update(keyids=d.rng.choice([[], None])))


@kind("numbers of the format", 1)
def _(d):
    change_body(d, lambda body: body.update(version=number(d.rng.choice(["1.0", "1e0", "10E-1"]))))


@kind("bytes around the document", 1)
def _(d):
    role = d.rng.choice(ROLES)
    content = sign_top(role, d.body_of(role))
    before, after = d.rng.choice([(b" ", b""), (b"", b"\n"), (b"\xef\xbb\xbf", b""), (b"", b"x"), (b"", b"\0"), (b"\n\t", b" \r")])
    d.files[role] = before + content + after


def make_repository(rng: random.Random, gun: str, name: str | None = None) -> tuple[Draft, dict[str, bytes]]:
    """One oddity each, of the given kind or of any."""
    draft = Draft(rng, gun)
    draft.files["targets"] = sign_top("targets", draft.body_of("targets"))
    name = name or rng.choices(list(KINDS), [weight for _, weight in KINDS.values()])[0]
    draft.kinds.add(name)
    KINDS[name][0](draft)
    return draft, Repository(draft.files).complete()
