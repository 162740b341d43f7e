"""Older states, other states under a known version, and versions so high that nobody can follow. Whoever plays these
holds the keys of snapshot and timestamp, as a server does."""
import pytest

from support.attack import Attack, attacks
from support.forged_keys import DAY, TODAY, ec_key
from support.forger import DELEGATIONS, ForgedRepository, other_repository

LIMIT = 2**31 - 1  # versions from here on lock every publisher out, on servers with SQL storage
NEWCOMER = "the protocol gives nobody who has seen nothing a way to tell an older, still fresh state (promises 7)"


def renew(repo: ForgedRepository, role: str):
    """A new version of the role and of the frame around it."""
    if role not in ("snapshot", "timestamp"):
        repo.edit(role)
        repo.publish(role)
    else:
        repo.publish()


def older(role: str):
    def play(repo):
        old = repo.state()
        renew(repo, role)
        yield
        repo.publish(raw={role: old.files[role]})

    return play


def same_version(role: str):
    expires = (TODAY + 900 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    def play(repo):
        def lie(body):
            body |= {"version": body["version"] - 1, "expires": expires}

        if role in ("snapshot", "timestamp"):
            repo.publish(**{role: lie})
        else:
            repo.bodies[role]["expires"] = expires
            repo.publish(role)

    return play


def older_and_shorter_targets(repo):
    old = repo.state()
    repo.tag("a-tag-that-makes-the-file-longer", "targets")
    repo.publish("targets")
    yield
    repo.publish(raw={"targets": old.files["targets"]})


def whole_state(repo):
    old = repo.state()
    for role in ("root", "targets", *DELEGATIONS):
        renew(repo, role)
    yield
    repo.show(old)


def vanished(*roles: str):
    def play(repo):
        repo.publish(snapshot=lambda body: [body["meta"].pop(role) for role in roles])

    return play


def made_anew(repo):
    """A server that lost its data, and somebody who set the repository up again under the same name."""
    repo.show(other_repository(repo, gun=repo.gun).state())


def revived_in_an_older_version(repo):
    old = repo.state()
    definition = [role for role in repo.bodies["targets"]["delegations"]["roles"]]
    repo.tag("2.0", "targets/jenkins")
    repo.publish("targets/jenkins")
    yield
    repo.edit("targets")["delegations"]["roles"] = [role for role in definition if role["name"] != "targets/jenkins"]
    file = repo.files.pop("targets/jenkins")
    repo.publish("targets")
    yield
    repo.edit("targets")["delegations"]["roles"] = definition
    repo.files["targets/jenkins"] = file
    repo.publish("targets", raw={"targets/jenkins": old.files["targets/jenkins"]})


def removed_by_its_parent(repo):
    repo.edit("targets")["delegations"]["roles"].pop()
    del repo.files["targets/jenkins"]
    repo.publish("targets")


def version(role: str, number):
    def play(repo):
        if role in ("snapshot", "timestamp"):
            repo.publish(**{role: lambda body: body.update(version=number)})
        else:
            repo.edit(role)["version"] = number
            repo.publish(role)

    return play


def back_after(role: str, *, rotated: bool):
    """A stolen key announces a huge version; then the owner publishes again, with a new key for the role or not."""

    def play(repo):
        last = repo.bodies[role]["version"]
        version(role, LIMIT - 10)(repo)
        yield
        repo.bodies[role]["version"] = last + 1
        if rotated and role.startswith("targets/"):
            repo.edit("targets")
            repo.delegate(role, ec_key("next " + role))
            repo.publish("targets", role)
        elif rotated:
            repo.rotate(role, ec_key("next " + role))
            repo.publish("root", *([role] if role == "targets" else []))
        else:
            repo.publish(*([role] if role.startswith("targets") else []))

    return play


RECOVERY = "a role whose keys were replaced starts over (NCC 3, and what section 7.4 says of rotated keys)"

ATTACKS = attacks(
    # An older file of one role; the rest is new and fits. Official clients let some of these pass (section 7.5).
    *(Attack(f"older {role} under a newer frame", older(role), "ROLLBACK", newcomer=None, why=NEWCOMER)
      for role in ("snapshot", "timestamp", "targets", *DELEGATIONS)),
    Attack("older root named by a newer snapshot", older("root"), "HASH_MISMATCH", says="root", newcomer=None,
           why=NEWCOMER),
    # The official client drops its cached targets by a size check, and with it the version to compare with.
    Attack("older targets that are shorter than those seen", older_and_shorter_targets, "ROLLBACK", newcomer=None,
           why=NEWCOMER),
    Attack("a whole older state that is still fresh", whole_state, "ROLLBACK", newcomer=None, why=NEWCOMER),
    # Other content under the version that was seen: official clients allow it for all roles (section 7.5).
    *(Attack(f"other {role} under the same version", same_version(role), "ROLLBACK", newcomer=None, why=NEWCOMER)
      for role in ("root", "snapshot", "timestamp", "targets", *DELEGATIONS)),
    # Delegations that are left out: official clients take that for "not published yet" (section 7.4).
    *(Attack(f"{role} left out of the snapshot", vanished(role), "ROLLBACK", says=role, newcomer=None, why=NEWCOMER)
      for role in DELEGATIONS),
    Attack("all delegations left out of the snapshot", vanished(*DELEGATIONS), "ROLLBACK", newcomer=None, why=NEWCOMER),
    Attack("a removed delegation is revived in an older version", revived_in_an_older_version, "ROLLBACK",
           newcomer=None, why=NEWCOMER),
    Attack("a delegation that its parent has removed leaves the snapshot", removed_by_its_parent,
           why="who signs for a name is its parent's to say"),
    Attack("a server that lost its data, set up anew with other keys", made_anew, "ROLLBACK",
           newcomer="PIN_MISMATCH"),
    # Fast-forward.
    *(Attack(f"{role} version {number}", version(role, number), "MALFORMED_METADATA", says="version")
      for role, number in [("timestamp", LIMIT), ("timestamp", 2**31), ("snapshot", 2**31), ("targets", 2**53),
                           ("timestamp", 0), ("snapshot", -1), ("targets", 0)]),
    *(Attack(f"{role} falls back from a huge version under the same key", back_after(role, rotated=False), "ROLLBACK",
             newcomer=None, why=NEWCOMER) for role in ("timestamp", "snapshot", "targets", "targets/jenkins")),
    *(Attack(f"{role} starts over from a huge version with another key", back_after(role, rotated=True), why=RECOVERY)
      for role in ("timestamp", "snapshot", "targets", "targets/jenkins")),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_rollback(attack, play):
    play(attack)
