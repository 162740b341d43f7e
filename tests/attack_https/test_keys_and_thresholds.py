"""Who signed, with what, and how many of them. Keys of `targets` stand for those of every top role; keys of a
delegation are its parent's to list, so that a delegation without enough signatures is skipped and named."""
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from support.attack import Attack, attacks
from support.forged_keys import Key, b64, canonical, der, ec_key, ed25519_key, pss, rs, rsa_key, wire
from support.forger import envelope, with_other_private

STRANGER = ec_key("stranger")


def signed_by(role: str, *keys: Key):
    """The next version of a role, by these keys, whoever root or the parent lists."""

    def play(repo):
        if role not in ("snapshot", "timestamp"):
            repo.edit(role)
        repo.signers[role] = list(keys)
        repo.publish(*([role] if role not in ("snapshot", "timestamp") else []))

    return play


def forged_id(role: str):
    """A stranger's signature under the ID of the role's key."""
    return lambda repo: signed_by(role, with_other_private(repo.signers[role][0], STRANGER))(repo)


def under_the_id_of_another(role: str):
    """The stranger's key listed under the ID of the role's true key."""

    def play(repo):
        parent = role.rpartition("/")[0] or "root"
        body = repo.edit(parent)
        (body["delegations"] if parent == "targets" else body)["keys"][repo.signers[role][0].id] = STRANGER.object
        repo.publish(parent)

    return play


def revoked(role: str):
    """Root has given the role another key; the old one still signs."""

    def play(repo):
        old = repo.signers[role]
        repo.rotate(role, ec_key("next " + role))
        repo.edit("targets")
        repo.publish("root", "targets")
        yield
        signed_by(role, *old)(repo)

    return play


def revoked_from_delegation(repo):
    repo.edit("targets")
    repo.delegate("targets/jenkins", ec_key("next jenkins"))
    repo.edit("targets/jenkins")
    repo.publish("targets", "targets/jenkins")
    yield
    signed_by("targets/jenkins", repo.ci)(repo)


def signer_of_another_role(role: str, other: str):
    return lambda repo: signed_by(role, *repo.signers[other])(repo)


# --- thresholds


def threshold(number, *keys: Key, by=None, key_ids=None, times=1):
    """Targets need `number` of `keys`, and are signed by some of them."""

    def play(repo):
        repo.edit("root")
        repo.entrust("targets", *keys, threshold=number, key_ids=key_ids)
        repo.signers["targets"] = list(by or keys) * times
        repo.edit("targets")
        repo.publish("root", "targets")

    return play


def delegation_threshold(number, *keys: Key, by=None):
    def play(repo):
        repo.edit("targets")
        repo.delegate("targets/jenkins", *keys, threshold=number)
        repo.signers["targets/jenkins"] = list(by or keys)
        repo.edit("targets/jenkins")
        repo.publish("targets", "targets/jenkins")

    return play


def two_certificates(key: Key):
    return [key.certified("one"), key.certified("two")]


def without_keys(repo):
    repo.edit("root")["roles"]["targets"]["keyids"] = []
    repo.publish("root")


def key_that_is_not_listed(repo):
    repo.edit("root")["roles"]["targets"]["keyids"].append(STRANGER.id)
    repo.publish("root")


# --- signatures


def signatures(make, key: Key | None = None):
    """Targets with the signatures that `make` gives for key and message; the key is listed in root first."""

    def play(repo):
        if key:
            repo.rotate("targets", key)
        body = repo.edit("targets")
        made = make(key or repo.signers["targets"][0], canonical(body))
        repo.publish(*(["root"] if key else []), raw={"targets": envelope(body, made)})

    return play


def one(make):
    return lambda key, text: [make(key, text)]


def as_der(key, text):
    return key.signature("ecdsa", der(key.private, text))


def with_digest(digest):
    return one(lambda key, text: key.signature("ecdsa", rs(key.private, text, digest)))


def with_method(method):
    return one(lambda key, text: key.sign(text) | {"method": method})


def with_value(change):
    return one(lambda key, text: key.signature("ecdsa", change(rs(key.private, text))))


def rsa_with(method, scheme, digest):
    return one(lambda key, text: key.signature(method, key.private.sign(text, scheme, digest)))


def of_the_version_before(repo):
    """The signature of the last targets file on the next one."""
    old = repo.sealed("targets")
    body = repo.edit("targets")
    repo.publish(raw={"targets": re.sub(rb"^.*(?=,\"signatures\")", b'{"signed":' + wire(body), old)})


def over_the_wire_form(repo):
    """Signed as it stands in the file, with Go's escapes, and not in canonical form (notary #1411)."""
    repo.tag("a&b", "targets")
    body = repo.bodies["targets"]
    repo.publish(raw={"targets": envelope(body, [repo.signers["targets"][0].sign(wire(body))])})


def key_of(object_: dict):
    """Targets have a key of this form; the one that they had is what signs."""

    def play(repo):
        true = repo.signers["targets"][0]
        odd = replace(true, **{name: value(true) for name, value in object_.items()})
        repo.rotate("targets", odd)
        repo.edit("targets")
        repo.publish("root", "targets")

    return play


RSA = rsa_key("targets")
P384 = ec_key("p384", ec.SECP384R1)
K1 = ec_key("secp256k1", ec.SECP256K1)
BAD = "BAD_SIGNATURE"
MALFORMED = "MALFORMED_METADATA"
BELOW = dict(unusable=("targets/jenkins",), says="below threshold", hidden=(("1.0", "targets/jenkins"),), sign=None,
             why="a delegation below its threshold is skipped and named (section 7.4); sign goes on with the roles "
                 "that its key can sign alone")
A, B, C = ec_key("a"), ec_key("b"), ec_key("c")

ATTACKS = attacks(
    *(Attack(f"{role} signed by a stranger", signed_by(role, STRANGER), BAD)
      for role in ("timestamp", "snapshot", "targets")),
    *(Attack(f"{role} signed by a stranger under the true key's ID", forged_id(role), BAD)
      for role in ("timestamp", "snapshot", "targets")),
    *(Attack(f"a stranger's key listed under the ID of the key of {role}", under_the_id_of_another(role), MALFORMED,
             says="another ID") for role in ("timestamp", "targets", "targets/jenkins")),
    *(Attack(f"{role} signed by the key of {other}", signer_of_another_role(role, other), BAD)
      for role, other in [("timestamp", "snapshot"), ("snapshot", "timestamp"), ("targets", "targets/releases"),
                          ("targets", "snapshot")]),
    *(Attack(f"{role} signed by a key that root has revoked", revoked(role), BAD)
      for role in ("timestamp", "snapshot", "targets")),
    Attack("targets/releases signed by a stranger", signed_by("targets/releases", STRANGER), BAD, newcomer=None,
           unusable=("targets/releases",), hidden=(("1.0", "targets/releases"),),
           why="a delegation below its threshold is skipped and named (section 7.4)"),
    Attack("targets/jenkins signed by a stranger", signed_by("targets/jenkins", STRANGER), **BELOW | dict(sign=BAD)),
    Attack("targets/jenkins signed by a key that its parent has revoked", revoked_from_delegation, **BELOW),
    # Thresholds count distinct key pairs.
    Attack("one signature where two are wanted", threshold(2, A, B, by=[A]), BAD),
    Attack("the same signature twice", threshold(2, A, B, by=[A], times=2), BAD),
    Attack("the same key bare and in a certificate", threshold(2, A, A.certified("one")), BAD),
    Attack("the same key in two certificates", threshold(2, *two_certificates(A)), BAD),
    Attack("the same RSA key bare and in a certificate", threshold(2, RSA, RSA.certified("one")), BAD),
    Attack("an ID that the role lists twice", threshold(2, A, key_ids=[A.id, A.id], times=2), BAD),
    Attack("two signatures, one by a stranger", threshold(2, A, B, by=[A, STRANGER]), BAD),
    Attack("a threshold above the keys", threshold(3, A, B), BAD),
    *(Attack(f"threshold {number}", threshold(number, A), MALFORMED)
      for number in (0, -1, 2**53, 2**31, "1", None, True)),
    Attack("a role without keys", without_keys, BAD),
    Attack("a role with a key that is not listed", key_that_is_not_listed, MALFORMED),
    Attack("two distinct keys where two are wanted", threshold(2, A, B), why="that is what a threshold asks for"),
    Attack("two of three where two are wanted", threshold(2, A, B, C, by=[C, A]), why="any two will do"),
    Attack("a delegation with one signature where two are wanted", delegation_threshold(2, A, B, by=[A]), **BELOW),
    Attack("a delegation signed by one key bare and in a certificate",
           delegation_threshold(2, A, A.certified("one")), **BELOW),
    Attack("a delegation with threshold 0", delegation_threshold(0, A), MALFORMED),
    # Signatures.
    Attack("no signatures", signatures(lambda key, text: []), BAD),
    Attack("signatures that are null", signatures(lambda key, text: None), BAD),
    Attack("an empty signature", signatures(one(lambda key, text: key.signature("ecdsa", b""))), BAD),
    Attack("a signature over the version before", of_the_version_before, BAD),
    Attack("a signature over the file's form", over_the_wire_form, BAD),
    Attack("a signature under an ID in upper case",
           signatures(one(lambda key, text: key.sign(text) | {"keyid": key.id.upper()})), BAD),
    Attack("257 signatures", signatures(lambda key, text: [key.sign(text)] * 257), MALFORMED, says="too many"),
    Attack("useless signatures before a good one",
           signatures(lambda key, text: [STRANGER.sign(text), key.sign(text) | {"method": "md5"}, key.sign(text)]),
           why="unknown IDs and methods are skipped (section 4.2)"),
    # Which algorithm is for the key to say, never for the signature (NCC 1).
    *(Attack(f"an EC key's signature that says {method}", signatures(with_method(method)), BAD)
      for method in ("rsapss", "rsapkcs1v15", "eddsa", "none", "", "hmac")),
    Attack("an EC signature in DER", signatures(one(as_der)), BAD),
    Attack("an EC signature over SHA-384", signatures(with_digest(hashes.SHA384())), BAD),
    Attack("a P-384 signature over SHA-384", signatures(with_digest(hashes.SHA384()), P384), BAD),
    Attack("an EC signature over SHA-1", signatures(with_digest(hashes.SHA1())), BAD),
    Attack("an EC signature of zeros", signatures(with_value(lambda value: bytes(64))), BAD),
    Attack("an EC signature with a byte more", signatures(with_value(lambda value: value + b"\0")), BAD),
    Attack("an EC signature with r and s too wide",
           signatures(one(lambda key, text: key.signature("ecdsa", rs(key.private, text, wider=1)))), BAD),
    Attack("an EC signature without s", signatures(with_value(lambda value: value[:32])), BAD),
    Attack("a signature whose base64 has a line break",
           signatures(one(lambda key, text: key.sign(text) | {"sig": key.sign(text)["sig"][:40] + "\n" +
                                                              key.sign(text)["sig"][40:]})), MALFORMED),
    Attack("a key on a curve that Notary does not know", signatures(one(lambda key, text: key.sign(text)), K1), BAD),
    Attack("an RSA key of 1024 bits", signatures(one(lambda key, text: key.sign(text)), rsa_key("short", 1024)), BAD),
    Attack("an RSA-PSS signature with a salt of 20",
           signatures(rsa_with("rsapss", pss(20), hashes.SHA256()), RSA), BAD),
    Attack("an RSA-PSS signature over SHA-384",
           signatures(rsa_with("rsapss", pss(32, hashes.SHA384()), hashes.SHA384()), RSA), BAD),
    Attack("an RSA-PSS signature that says PKCS#1 v1.5",
           signatures(rsa_with("rsapkcs1v15", pss(), hashes.SHA256()), RSA), BAD),
    Attack("a PKCS#1 v1.5 signature that says PSS",
           signatures(rsa_with("rsapss", padding.PKCS1v15(), hashes.SHA256()), RSA), BAD),
    Attack("a PKCS#1 v1.5 signature over SHA-512",
           signatures(rsa_with("rsapkcs1v15", padding.PKCS1v15(), hashes.SHA512()), RSA), BAD),
    Attack("a PKCS#1 v1.5 signature over SHA-1",
           signatures(rsa_with("rsapkcs1v15", padding.PKCS1v15(), hashes.SHA1()), RSA), BAD),
    Attack("an RSA key's signature that says ecdsa", signatures(with_method("ecdsa"), RSA), BAD),
    Attack("an EC key that says rsa", key_of({"keytype": lambda key: "rsa"}), BAD),
    Attack("an EC key that says ed25519", key_of({"keytype": lambda key: "ed25519"}), BAD),
    Attack("a key of an unknown type", key_of({"keytype": lambda key: "gpg"}), BAD),
    Attack("a key in PEM without a certificate",
           key_of({"public": lambda key: b"-----BEGIN PUBLIC KEY-----\n" + b64(key.public).encode() +
                   b"\n-----END PUBLIC KEY-----\n"}), BAD),
    Attack("a key with a byte behind it", key_of({"public": lambda key: key.public + b"\0"}), BAD),
    # What the specification admits.
    Attack("a PKCS#1 v1.5 signature", signatures(rsa_with("rsapkcs1v15", padding.PKCS1v15(), hashes.SHA256()), RSA),
           why="accepted on reading (section 4.2)"),
    Attack("a method in upper case", signatures(with_method("ECDSA")), why="compared without case (section 4.2)"),
    Attack("a P-384 signature over SHA-256", signatures(with_digest(hashes.SHA256()), P384),
           why="SHA-256 for every curve (section 4.2)"),
    Attack("an Ed25519 key", signatures(one(lambda key, text: key.sign(text)), ed25519_key("targets")),
           why="servers have such keys (section 4.1)"),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_keys_and_thresholds(attack, play):
    play(attack)
