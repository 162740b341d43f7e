"""Files that are genuine, each by itself, and do not belong together; and what snapshot and timestamp say of them."""
import hashlib

import pytest

from support.attack import Attack, attacks
from support.forged_keys import b64, ec_key
from support.forger import DELEGATIONS, ForgedRepository, other_repository


def swap(name_of, other):
    """A file under the name by which another one is asked for."""

    def play(repo):
        repo.shelf.files[f"{name_of}.{hashlib.sha256(repo.files[name_of]).hexdigest()}.json"] = repo.files[other]
        repo.shelf.files[f"{name_of}.json"] = repo.files[other]

    return play


def old_under_a_new_name(role: str):
    """The server's newest frame names the newest file; what it serves under that name is the one before."""

    def play(repo):
        old = repo.state()
        if role == "snapshot":
            repo.publish()
        else:
            repo.edit(role)
            repo.publish(role)
        digest = hashlib.sha256(repo.files[role]).hexdigest()
        repo.shelf.files[f"{role}.json"] = repo.shelf.files[f"{role}.{digest}.json"] = old.files[role]

    return play


def old_snapshot_with_new_timestamp(repo):
    old = repo.state()
    repo.publish()
    yield
    repo.publish()
    repo.shelf.files = {name: old.files["snapshot"] if "snapshot" in name else data
                        for name, data in repo.shelf.files.items()}


def in_the_place_of(role: str, other: str):
    """The snapshot names another role's file for this role."""

    def play(repo):
        repo.publish(raw={role: repo.files[other]})

    return play


def delegations_with_keys_of_their_own(repo: ForgedRepository):
    repo.edit("targets")
    repo.delegate("targets/alice", ec_key("alice"))
    repo.tag("alice", "targets/alice")
    repo.publish("targets", "targets/alice")


def swapped_between_signers(repo):
    delegations_with_keys_of_their_own(repo)
    repo.bodies["targets/jenkins"]["version"] = 7  # above what was seen of alice
    repo.publish("targets/jenkins")
    yield
    repo.publish(raw={"targets/alice": repo.files["targets/jenkins"]})


def swapped_between_roles_of_one_signer(repo):
    repo.tag("candidate", "targets/jenkins")
    repo.publish("targets/jenkins")
    yield
    repo.publish(raw={"targets/releases": repo.files["targets/jenkins"]})


def both_roles_are_asked(scene):
    """What verify with both roles rests on: it sees the candidate in both, as the CI system's key signed it."""
    seen = scene.list().target("candidate")
    assert seen["roles"] == list(DELEGATIONS)


def of_another_repository(*roles: str, same_keys=False):
    """Higher in version than what was seen, so that it is no rollback."""

    def play(repo):
        other = other_repository(repo, same_keys=same_keys)
        for role in roles:
            other.bodies[role]["version"] = 2 if role == "root" else 7
        other.publish(*(role for role in roles if role != "snapshot"))
        repo.publish(raw={role: other.files[role] for role in roles})

    return play


def its_tags_are_seen(scene):
    assert scene.list().target("theirs")["roles"] == ["targets/jenkins"]


def of_another_repository_of_the_same_signer(repo):
    other = other_repository(repo, same_keys=True)
    other.tag("theirs", "targets/jenkins", version=7)
    other.publish("targets/jenkins")
    repo.publish(raw={"targets/jenkins": other.files["targets/jenkins"]})


def snapshot_says(role: str, **lies):
    def play(repo):
        repo.publish(snapshot=lambda body: tell(body["meta"][role], lies))

    return play


def timestamp_says(**lies):
    def play(repo):
        repo.publish(timestamp=lambda body: tell(body["meta"]["snapshot"], lies))

    return play


def tell(meta: dict, lies: dict):
    """`length`: more than the truth; `without`: a hash that is left out; others: hashes."""
    for name, value in lies.items():
        if name == "length":
            meta["length"] += value
        elif name == "without":
            del meta["hashes"][value]
        elif name == "is":
            meta.clear()
            meta |= value
        else:
            meta["hashes"][name] = value


def named_but_wrong(repo):
    """The snapshot gives the hash of targets that nobody ever served."""
    digest = hashlib.sha256(b"never served").digest()
    repo.publish(snapshot=lambda body: tell(body["meta"]["targets"], {"sha256": b64(digest)}))
    repo.shelf.files[f"targets.{digest.hex()}.json"] = repo.files["targets"]


def withheld(name: str):
    def play(repo):
        role = name
        repo.publish()
        digest = hashlib.sha256(repo.files[role]).hexdigest()
        for file in (f"{role}.json", f"{role}.{digest}.json"):
            del repo.shelf.files[file]

    return play


def without_entry(role: str):
    return lambda repo: repo.publish(snapshot=lambda body: body["meta"].pop(role))


def one_byte_more(role: str):
    """The snapshot has the hash of the true file; the server appends a space, which JSON does not mind."""

    def play(repo):
        for name, data in repo.shelf.files.items():
            if data == repo.files[role]:
                repo.shelf.files[name] = data + b" "

    return play


SHORT = b64(b"\x00" * 31)
ZERO = b64(b"\x00" * 32)
ZERO_512 = b64(b"\x00" * 64)
HASH = "HASH_MISMATCH"
BAD = "MALFORMED_METADATA"
LONG = "SERVER_ERROR"  # a body over its announced length is a fault of the network (promises 8)
NOT_THE_OTHERS = "what is wrong with one delegation is no reason to distrust the others; it is skipped and named"
UNNAMED = "metadata does not carry its repository's name: a limit of the protocol"
# Length is only an upper limit for official clients (section 7.5).
ATTACKS = attacks(
    Attack("an old snapshot under the name of the one that a new timestamp names", old_snapshot_with_new_timestamp,
           HASH),
    *(Attack(f"an old {role} file under the name of the new one", old_under_a_new_name(role), HASH)
      for role in ("snapshot", "targets", *DELEGATIONS)),
    *(Attack(f"{role} under the name of {name}", swap(name, role), error, seen=name == "targets")
      for name, role, error in [("targets", "targets/releases", HASH), ("targets/jenkins", "targets/releases", HASH),
                                ("snapshot", "targets", BAD), ("snapshot", "timestamp", BAD),
                                ("targets/releases", "targets", LONG)]),
    *(Attack(f"the snapshot names {other} as {role}", in_the_place_of(role, other), error)
      for role, other, error in [("targets", "targets/releases", "BAD_SIGNATURE"), ("targets", "root", BAD),
                                 ("targets", "timestamp", BAD)]),
    Attack("the timestamp names the targets as snapshot", in_the_place_of("snapshot", "targets"), BAD),
    Attack("one signer's file as another signer's", swapped_between_signers, unusable=("targets/alice",),
           says="below threshold", why="a delegation below its threshold is skipped and named (section 7.4)",
           hidden=(("1.0", "targets/alice"), ("alice", "targets/alice"))),
    # Docker puts a signer's key into both roles. Different keys, or a policy, are what helps.
    Attack("one role's file as that of another role with the same key", swapped_between_roles_of_one_signer,
           why="files do not carry their role's name: the limit of the protocol in promises 1",
           check=both_roles_are_asked),
    *(Attack(f"{role} of another repository", of_another_repository(role), "BAD_SIGNATURE")
      for role in ("snapshot", "timestamp", "targets")),
    Attack("root of another repository", of_another_repository("root"), "BAD_SIGNATURE",
           newcomer="BAD_ROOT_CERTIFICATE"),
    Attack("snapshot of another repository that has the same keys", of_another_repository("snapshot", same_keys=True),
           HASH, says="root"),
    Attack("targets of another repository that has the same keys", of_another_repository("targets", same_keys=True),
           why=UNNAMED),
    Attack("a delegation of another repository that has the same signer", of_another_repository_of_the_same_signer,
           why=UNNAMED, check=its_tags_are_seen),
    Attack("delegations of another repository", of_another_repository(*DELEGATIONS), "BAD_SIGNATURE", newcomer=None,
           unusable=DELEGATIONS,
           why="delegations below their threshold are skipped and named (section 7.4)"),
    Attack("timestamp that names a file that is not there", timestamp_says(sha256=ZERO), "REPOSITORY_BROKEN"),
    Attack("timestamp that lies about the sha512 of the snapshot", timestamp_says(sha512=ZERO_512), HASH,
           says="sha512"),
    Attack("timestamp that gives a length one too small", timestamp_says(length=-1), LONG),
    Attack("timestamp that gives a length one too large", timestamp_says(length=1), HASH),
    Attack("timestamp without the sha256 of the snapshot", timestamp_says(without="sha256"), BAD, says="SHA-256"),
    Attack("timestamp with a sha256 of 31 bytes", timestamp_says(sha256=SHORT), BAD),
    Attack("timestamp with a negative length", timestamp_says(length=-(2**40)), BAD),
    Attack("timestamp whose entry is empty", timestamp_says(**{"is": {}}), BAD),
    *(Attack(f"snapshot that lies about the sha512 of {role}", snapshot_says(role, sha512=ZERO_512), HASH,
             says="sha512") for role in ("root", "targets", *DELEGATIONS)),
    *(Attack(f"snapshot that gives a length one too large for {role}", snapshot_says(role, length=1), HASH)
      for role in ("root", "targets", "targets/releases")),
    Attack("snapshot that names targets that are another file", named_but_wrong, HASH),
    *(Attack(f"snapshot without an entry for {role}", without_entry(role), BAD) for role in ("root", "targets")),
    Attack("snapshot without the sha256 of targets", snapshot_says("targets", without="sha256"), BAD),
    *(Attack(f"one more byte behind {role}", one_byte_more(role), LONG, seen=role == "targets")
      for role in ("snapshot", "targets", *DELEGATIONS)),
    Attack("one more byte behind root", one_byte_more("root"), LONG, seen=True),
    *(Attack(f"{role} is named and withheld", withheld(role), "REPOSITORY_BROKEN", seen=role == "targets")
      for role in ("snapshot", "targets")),
    # Official clients refuse the whole repository for these (section 7.4).
    Attack("targets/jenkins is named and withheld", withheld("targets/jenkins"), sign="REPOSITORY_BROKEN",
           unusable=("targets/jenkins",), says="missing", hidden=(("1.0", "targets/jenkins"),), why=NOT_THE_OTHERS),
    Attack("targets/releases is named and withheld", withheld("targets/releases"), "REPOSITORY_BROKEN", newcomer=None,
           unusable=("targets/releases",), hidden=(("1.0", "targets/releases"),), why=NOT_THE_OTHERS),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_mix_and_match(attack, play):
    play(attack)
