"""Roots: the chain from the one that was seen to the one in force, its certificates, and pins (sections 7.2, 7.3,
7.8)."""
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes

from support.attack import Attack, attacks
from support.forged_keys import DAY, TODAY, Key, certificate, ec_key, rsa_key
from support.forger import PAST, ForgedRepository
from support.hostile_server import Answer

THIEF = ec_key("thief")


def root_key(repo: ForgedRepository, name: str, **flaws) -> Key:
    return ec_key(name).certified(flaws.pop("common_name", repo.gun), **flaws)


def next_root(repo: ForgedRepository, key: Key, *, signers=None, version=None, expires=None):
    """A root with another root key, signed by the old one and the new one or by `signers`; not yet in force."""
    old = repo.signers["root"]
    body = repo.edit("root")
    body["version"] = version or body["version"]
    body["expires"] = expires or body["expires"]
    repo.entrust("root", key)
    repo.signers["root"] = [key]
    repo.put("root", repo.sealed("root", signers=signers or [*old, key]))


def chain(*links):
    """Each link is the options of `next_root`, or a function of the repository that makes them."""

    def play(repo):
        for number, link in enumerate(links, start=2):
            options = link(repo) if callable(link) else dict(link)
            next_root(repo, options.pop("key", None) or root_key(repo, f"root {number}"), **options)
        repo.publish()

    return play


def carries(version: int):
    """2.root.json to 4.root.json; what is served as 3.root.json carries another version."""

    def play(repo):
        chain({}, {})(repo)
        signers = repo.signers["root"]
        lying = repo.sealed("root", signers=signers, body=repo.bodies["root"] | {"version": version})
        chain({})(repo)
        repo.shelf.files["3.root.json"] = lying

    return play


def missing(version: int):
    def play(repo):
        chain({}, {}, {})(repo)
        del repo.shelf.files[f"{version}.root.json"]

    return play


def swapped(repo):
    chain({}, {}, {})(repo)
    files = repo.shelf.files
    files["2.root.json"], files["3.root.json"] = files["3.root.json"], files["2.root.json"]


def by(*names: str):
    """Signed by these: old, new, thief."""

    def options(repo):
        new = root_key(repo, f"root {repo.bodies['root']['version'] + 1}")
        keys = {"old": repo.signers["root"][0], "new": new, "thief": root_key(repo, "thief")}
        return {"key": new, "signers": [keys[name] for name in names]}

    return options


def of_the_thief(repo):
    """Keeps the version right and has nothing else."""
    thief = root_key(repo, "thief")
    return {"key": thief, "signers": [thief]}


def with_certificate(**flaws):
    """The next root's certificate is not as it should be."""
    return chain(lambda repo: {"key": root_key(repo, "flawed", **flaws)})


def with_key(make):
    return chain(lambda repo: {"key": make(repo)})


def in_the_middle(**flaws):
    """Such a certificate belongs to a root that is no longer in force."""
    return chain(lambda repo: {"key": root_key(repo, "flawed", **flaws)}, {})


def edited(change):
    """The next root, properly signed, with another body."""

    def play(repo):
        change(repo.edit("root"))
        repo.publish("root")

    return play


def jump(repo):
    repo.edit("root")["version"] = 5000
    repo.publish("root")


def threshold_of_two(*, signers: int):
    def play(repo):
        keys = [repo.signers["root"][0], root_key(repo, "second root")]
        repo.edit("root")
        repo.entrust("root", *keys, threshold=2)
        repo.signers["root"] = keys
        repo.publish("root")
        yield
        repo.edit("root")
        repo.signers["root"] = keys[:signers]
        repo.publish("root")

    return play


def threshold_lowered_by_itself(repo):
    """One of two key holders publishes a root that needs only him."""
    keys = [repo.signers["root"][0], root_key(repo, "second root")]
    repo.edit("root")
    repo.entrust("root", *keys, threshold=2)
    repo.signers["root"] = keys
    repo.publish("root")
    yield
    repo.edit("root")
    repo.entrust("root", keys[1], threshold=1)
    repo.signers["root"] = keys[1:]
    repo.publish("root")


def bare_root_key(repo):
    repo.edit("root")
    repo.entrust("root", ec_key("root"))
    repo.signers["root"] = [*repo.signers["root"], ec_key("root")]
    repo.publish("root")


def foreign_second_key(repo):
    """The root lists a certificate for another repository beside the true one, and wants both."""
    stranger = root_key(repo, "foreign", common_name="registry.example.com/other")
    repo.edit("root")
    repo.entrust("root", repo.signers["root"][0], stranger, threshold=2)
    repo.signers["root"] = [repo.signers["root"][0], stranger]
    repo.publish("root")


# --- pins


def pinned(pin):
    def play(repo):
        repo.pin = pin(repo) if callable(pin) else pin

    return play


def pinned_certificate_listed_only(repo):
    """A thief's repository: the pinned certificate stands in its root, and somebody else's key signs it."""
    thief = root_key(repo, "thief")
    repo.bodies["root"]["version"] = 1
    repo.entrust("root", repo.signers["root"][0], thief)
    repo.signers["root"] = [thief]
    repo.publish("root")


def forged_under_the_pinned_id(repo):
    """And with a signature that claims to be by the pinned key."""
    pinned_certificate_listed_only(repo)
    true = ec_key("root").certified(repo.gun)
    listed = next(key for key in repo.bodies["root"]["keys"] if key == repo.pin)
    repo.signers["root"].append(replace(true, private=THIEF.private))
    text = repo.sealed("root").replace(true.id.encode(), listed.encode())
    repo.publish(raw={"root": text})


def rotated_away_from_the_pin(repo):
    chain({}, {})(repo)


def root_in_pieces(repo):
    """404 for every version but the newest: nothing leads from the pin to it."""
    chain({}, {})(repo)
    for version in (1, 2):
        repo.shelf.answers[f"{version}.root.json"] = Answer(b"", 404)


BAD = "BAD_SIGNATURE"
CERTIFICATE = "BAD_ROOT_CERTIFICATE"
MALFORMED = "MALFORMED_METADATA"
LONG_AGO = dict(start=TODAY - 30 * DAY, end=TODAY - DAY)

ATTACKS = attacks(
    # The chain. The official client accepts 3.root.json with version 7 (section 7.2).
    *(Attack(f"3.root.json carries version {version}", carries(version), "ROLLBACK", says=f"version {version}")
      for version in (1, 2, 4, 7)),
    *(Attack(f"{version}.root.json is missing", missing(version), "REPOSITORY_BROKEN", newcomer="PIN_MISMATCH")
      for version in (2, 3)),
    Attack("2.root.json and 3.root.json in each other's place", swapped, "ROLLBACK"),
    Attack("a root 5000 versions later", jump, "ROLLBACK", newcomer=None,
           why="it is signed by the pinned key, and a newcomer has no earlier version to come from"),
    Attack("next root signed by nobody but its own new key", chain(by("new")), BAD, newcomer=BAD),
    Attack("next root signed by its predecessor's key only", chain(by("old")), BAD),
    Attack("next root signed by a thief", chain(by("thief")), BAD),
    Attack("next root signed by a thief and the new key", chain(by("thief", "new")), BAD),
    Attack("a thief's next root", chain(of_the_thief), BAD),
    Attack("intermediate root signed by nobody but its own new key", chain(by("new"), {}), BAD),
    Attack("intermediate root signed by its predecessor's key only", chain(by("old"), {}), BAD),
    Attack("a thief's intermediate root", chain(of_the_thief, {}), BAD),
    Attack("one of two signatures where the present root wants two", threshold_of_two(signers=1), BAD),
    Attack("one of two key holders lowers the threshold", threshold_lowered_by_itself, BAD),
    Attack("both signatures where the present root wants two", threshold_of_two(signers=2),
           why="that is what the threshold asks for"),
    Attack("a chain of five roots", chain({}, {}, {}, {}), why="each is signed by its predecessor and itself (7.2)"),
    Attack("expired intermediate root", chain({"expires": PAST}, lambda repo: {"expires": "2099-01-01T00:00:00Z"}),
           why="only the last root must not be expired (section 7.2)"),
    Attack("expired last root", chain({}, {"expires": PAST}), "EXPIRED", says="root"),
    # Certificates of the root in force.
    Attack("root certificate for another repository", with_certificate(common_name="registry.example.com/other"),
           CERTIFICATE, says="registry.example.com/other"),
    Attack("root certificate for a longer name", with_certificate(common_name="registry.example.com/"), CERTIFICATE),
    Attack("root certificate for a pattern that does not match", with_certificate(common_name="registry.example.org/*"),
           CERTIFICATE),
    Attack("expired root certificate", with_certificate(**LONG_AGO), CERTIFICATE, says="expired"),
    Attack("root certificate that is not valid yet", with_certificate(start=TODAY + 30 * DAY), CERTIFICATE),
    Attack("root certificate of a CA", with_certificate(is_ca=True), CERTIFICATE),
    Attack("root certificate signed with SHA-1", with_certificate(digest=hashes.SHA1()), CERTIFICATE, says="SHA1"),
    Attack("root certificate of an RSA key of 1024 bits",
           with_key(lambda repo: rsa_key("short", 1024).certified(repo.gun)), CERTIFICATE),
    Attack("root certificate that says RSA and holds an EC key",
           with_key(lambda repo: replace(root_key(repo, "flawed"), keytype="rsa-x509")), CERTIFICATE),
    *(Attack(f"root certificate with {what}",
             with_key(lambda repo, change=change: replace(key := root_key(repo, "flawed"), public=change(key.public))),
             CERTIFICATE)
      for what, change in {"CRLF": lambda pem: pem.replace(b"\n", b"\r\n"), "no final newline": lambda pem: pem[:-1],
                           "text before it": lambda pem: b"hello\n" + pem}.items()),
    Attack("two leaf certificates in one bundle",
           with_key(lambda repo: replace(key := root_key(repo, "flawed"),
                                         public=key.public + certificate(THIEF.private, repo.gun))), CERTIFICATE),
    Attack("bare root key", bare_root_key, CERTIFICATE, says="not a certificate"),
    Attack("second root key with a certificate for another repository", foreign_second_key, BAD),
    Attack("expired certificate of an intermediate root", in_the_middle(**LONG_AGO),
           why="dates only matter for the last root of the chain (section 7.2)"),
    Attack("root certificate for all repositories of the host", with_certificate(common_name="registry.example.com/*"),
           why="a name that ends in * is a prefix (section 7.3)"),
    # What root says.
    *(Attack(f"root without the role {role}", edited(lambda body, role=role: body["roles"].pop(role)), MALFORMED)
      for role in ("timestamp", "targets", "root")),
    Attack("root with threshold 0 for itself", edited(lambda body: body["roles"]["root"].update(threshold=0)),
           MALFORMED),
    Attack("root that is called Targets", edited(lambda body: body.update(_type="Targets")), MALFORMED),
    Attack("root that is called root", edited(lambda body: body.update(_type="root")), MALFORMED),
    # Pins. Official clients ignore them once a root is cached, and for rotations (section 7.8).
    Attack("pin of another key", pinned("0" * 64), "PIN_MISMATCH"),
    Attack("pinned certificate listed in a root that it has not signed", pinned_certificate_listed_only, "ROLLBACK",
           newcomer="PIN_MISMATCH"),
    Attack("signature under the pinned ID by another key", forged_under_the_pinned_id, "ROLLBACK",
           newcomer="PIN_MISMATCH"),
    Attack("nothing leads from the pin to the root in force", root_in_pieces, "REPOSITORY_BROKEN",
           newcomer="PIN_MISMATCH"),
    Attack("pin of the first of three roots", rotated_away_from_the_pin,
           why="a pin is kept across rotations: the chain leads from it to the root in force"),
    Attack("pin by the canonical key ID", pinned(lambda repo: ec_key("root").id), why="either form of the ID is a pin"),
)


@pytest.mark.filterwarnings("ignore:SHA1 signatures")
@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_root_chain(attack, play):
    play(attack)
