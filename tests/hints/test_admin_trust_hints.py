"""Hints about trust data that a reader refuses: what the owner or the server's administrator is told to do is done, and
the reader reads. The repositories are forged, so that one thing is wrong with each."""
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.ailing import in_other_form, lapsed_root, misshapen_targets, unsigned_targets
from support.forged_keys import DAY, TODAY, ec_key
from support.forger import FRESH, PAST, ForgedRepository
from support.hints import Hint, without_carried
from support.world import World


@pytest.fixture
def store(hostile_server):
    return hostile_server


class Case:
    """A forged repository, which takes what is published; a reader of it, its owner, and jenkins who signs."""

    def __init__(self, world: World):
        self.world = world
        self.gun = world.store.gun()
        self.shelf = world.store.shelf(self.gun)
        self.ci = ec_key("ci")
        self.repo = ForgedRepository(self.gun, self.shelf, self.ci)
        for role in ("snapshot", "timestamp"):
            self.shelf.files[f"{role}.key"] = json.dumps(self.repo.signers[role][0].object).encode()
        self.keys = {"root": self.repo.signers["root"][0], "targets": self.repo.signers["targets"][0], "ci": self.ci}
        self.reader = world.client(pin=self.repo.pin)
        self.owner = self.machine("root", "targets")
        self.jenkins = self.machine("ci")

    def machine(self, *keys):
        client = self.world.admin(pin=self.repo.pin)
        for name in keys:
            client.ok("key", "import", self.keys[name].write(self.world.folder("key") / f"{name}.pem"))
        return client

    def lose(self, role: str):
        """No form of the file is left."""
        for name in [name for name in self.shelf.files if name.startswith((f"{role}.", f"{self.repo.bodies[role]['version']}.{role}."))]:
            del self.shelf.files[name]


@dataclass(frozen=True)
class Cause:
    row: str
    break_it: Callable  # the case
    mend: Callable  # the case, the hint; what it returns is typed in the end, not what was refused
    by: str = "reader"
    command: tuple = ("list", "{gun}")
    exit_code: int = 4
    about: str = ""

    def __str__(self):
        return self.row + self.about


def forge(change):
    """What a change of support.ailing does to the repository."""
    return lambda case: change(case.repo)


def through_the_clinic(make):
    """The same of one that is made for a clinic."""
    class Clinic:
        def __init__(self, case):
            self.case = case

        def forged(self, name, change):
            change(self.case.repo)
    return lambda case: make(Clinic(case))


def follow(who, which=0, filled=None):
    return lambda case, hint: hint.follow(getattr(case, who), which=which, filled=filled(case) if filled else None) and None


def restored(*roles, **fields):
    """The server's administrator puts right what these roles say."""
    def mend(case, hint):
        for role in roles:
            case.repo.edit(role).update(fields)
        case.repo.publish(*(role for role in roles if role not in ("snapshot", "timestamp")))
    return mend


def expire(role):
    def change(case):
        case.repo.edit(role)["expires"] = PAST
        case.repo.publish(*([role] if role != "timestamp" else []))
    return change


def forget_newest(case):
    """The server has less than the reader has seen."""
    old = case.repo.state()
    case.repo.tag("2.0")
    case.repo.publish("targets/releases", "targets/jenkins")
    case.reader.ok("list", case.gun)
    case.newest = case.repo.state()
    case.repo.show(old, "timestamp", "snapshot")


def short_of_a_root(case):
    case.reader.ok("list", case.gun)
    case.repo.edit("root")["version"] += 5000
    case.repo.publish("root")


def with_other_pin(case):
    case.reader.pin = "ab" * 32


def without_pin(case):
    case.reader.pin = None


def pins_what_the_owner_prints(case, hint):
    name, *words = hint.words
    printed = case.owner.ok(name, *words, output="text").stdout.split()
    case.reader.pin = printed[0]
    assert case.reader.pin == case.repo.pin


def damaged_memory(case):
    case.reader.pin = None
    case.reader.ok("list", case.gun, "--trust-on-first-use")
    (root,) = (case.reader.trust_dir / "tuf").rglob("root.json")
    root.write_text("{")


def pins_it_again(case, hint):
    case.reader.pin = case.repo.pin


def never_mind(case, hint):
    return ["list", case.gun, "--reset-cache", "--trust-on-first-use"]


def lost_file(case):
    case.kept = dict(case.shelf.files)
    case.lose("targets")


def after_the_repair(case, hint):
    """Which does not help: the server has it in no form."""
    refused = case.owner.refused(4, *hint.words)
    assert refused.error[0] == "REPOSITORY_BROKEN"
    case.shelf.files.update(case.kept)


def lost_role(case):
    case.lose("targets/jenkins")


def misshapen_role(role="targets/jenkins"):
    def change(case):
        case.repo.edit(role)["targets"] = []
        case.repo.publish(role)
    return change


def without_version(case):
    case.repo.edit("targets/jenkins")["version"] = "nine"
    case.repo.publish("targets/jenkins")


def version(role, number):
    def change(case):
        case.repo.edit(role)["version"] = number
        case.repo.publish(role)
    return change


def root_for_another(case):
    case.newest = case.repo.state()
    (before,) = case.repo.signers["root"]
    case.repo.rotate("root", before.certified("registry.example.com/another"))
    case.repo.signers["root"] = [before, *case.repo.signers["root"]]
    case.repo.publish("root")


def version_restored(case, hint):
    case.repo.bodies["targets/jenkins"]["version"] = 9
    case.repo.publish("targets/jenkins")


def shows_it_again(case, hint):
    """The server's administrator, whom the reader has asked. A reader who took what was shown would have had to
    delete the repository for everybody."""
    assert not hint.commands
    case.repo.show(case.newest, "root", "timestamp", "snapshot")


def created_anew(case, hint):
    """By its owner, who tells the readers the new pin."""
    at = next(i for i, command in enumerate(hint.commands) if " repo delete " in command)
    _, *delete = shlex.split(without_carried(hint.commands[at]))
    Hint.of(case.owner.refused(2, *delete), "consent")
    case.owner.ok(*delete, "--yes")
    case.owner.pin = None
    hint.follow(case.owner, which=at + 1)
    (case.reader.pin,) = case.owner.ok("repo", "pin", case.gun, output="text").stdout.split()
    for client in (case.jenkins, case.owner):
        client.pin = case.reader.pin
    return ["list", case.gun, "--reset-cache"]


def delegations_without_end(case):
    body, key = case.repo.edit("targets/releases"), case.ci
    body["delegations"] = {"keys": {key.id: key.object}, "roles": [
        {"name": f"targets/releases/d{i}", "keyids": [key.id], "paths": [""], "threshold": 1} for i in range(513)]}
    case.repo.publish("targets/releases")


def certificate_soon_due(case):
    (before,) = case.repo.signers["root"]
    case.repo.rotate("root", before.certified(case.gun, end=TODAY + 100 * DAY))
    case.repo.signers["root"] = [before, *case.repo.signers["root"]]
    case.repo.publish("root")


def new_certificate(case, hint):
    """The owner's own pin was that of the old certificate; readers get the new one from the owner."""
    hint.follow(case.owner)
    case.reader.pin = case.owner.pin = json.loads(case.shelf.files["root.json"])["signed"]["roles"]["root"]["keyids"][0]


def expired_root_and_certificate(case):
    through_the_clinic(lapsed_root)(case)
    for role in ("root", "targets"):
        case.repo.edit(role)["expires"] = PAST
    case.repo.publish("root", "targets")


def refreshed_and_then_a_new_certificate(case, hint):
    """Nothing that is signed by a root with such a certificate is read: the one command leads to the other."""
    _, *refresh = shlex.split(without_carried(hint.commands[1]))
    further = Hint.of(case.owner.refused(4, *refresh), "root-certificate-lapsed")
    new_certificate(case, further)


SIGN = ("sign", "{gun}:2.0@sha256:" + "00" * 32, "--size", "1")

CAUSES = [
    Cause("not-pinned", without_pin, pins_what_the_owner_prints),
    Cause("not-pinned", without_pin, lambda case, hint: ["list", case.gun, "--trust-on-first-use"], about=" on first use"),
    Cause("pinned-otherwise", with_other_pin, pins_what_the_owner_prints),
    Cause("memory-damaged", damaged_memory, pins_it_again),
    Cause("memory-damaged", damaged_memory, never_mind, about=" and dropped"),
    Cause("root-jumps", short_of_a_root, follow("reader", filled=lambda case: {"REF": case.repo.pin})),
    Cause("rolled-back", forget_newest, lambda case, hint: case.repo.show(case.newest)),
    Cause("expired", expire("targets"), follow("owner", which=1)),
    Cause("expired", expire("root"), follow("owner", which=1), about=" root"),
    Cause("expired", expired_root_and_certificate, refreshed_and_then_a_new_certificate, about=" with its certificate"),
    Cause("timestamp-expired-for-readers", expire("timestamp"), restored("timestamp", expires=FRESH)),
    Cause("root-certificate-lapsed", through_the_clinic(lapsed_root), new_certificate),
    Cause("root-certificate-due", certificate_soon_due, new_certificate, "owner", ("repo", "refresh", "{gun}"), 5),
    Cause("top-role-not-signed", forge(unsigned_targets),
          lambda case, hint: (case.repo.signers.update(targets=[case.keys["targets"]]), case.repo.publish("targets")) and None),
    Cause("metadata-malformed", forge(misshapen_targets), restored("targets", targets={})),
    Cause("file-unservable", forge(in_other_form("targets")), follow("owner")),
    Cause("file-unservable", lost_file, after_the_repair, about=" nor mended"),
    Cause("role-lost", lost_role, follow("owner"), "owner", ("repo", "repair", "{gun}")),
    Cause("delegation-unservable", forge(in_other_form("targets/jenkins")), follow("jenkins"), "jenkins", ("doctor", "{gun}")),
    Cause("role-malformed", misshapen_role(), follow("jenkins"), "jenkins", SIGN),
    Cause("role-malformed", misshapen_role("targets/releases"), follow("jenkins"), "jenkins", SIGN, about=" releases"),
    Cause("delegations-beyond-limits", delegations_without_end,
          follow("jenkins", filled=lambda case: {"ROLE": "targets/releases/d9"}), "jenkins",
          (*SIGN, "--role", "targets/releases/d7")),
    Cause("role-without-version", without_version, version_restored, "jenkins", ("witness", "{gun}", "targets/jenkins", "--empty")),
    Cause("last-version-of-a-top-role", version("targets", 2**31 - 2), created_anew, "owner",
          ("delegation", "remove", "{gun}", "targets/jenkins")),
    Cause("root-certificate-of-no-use", root_for_another, shows_it_again),
]


@pytest.fixture
def case(world):
    return Case(world)


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_what_was_refused_is_done_after_the_hint_was_followed(case, cause):
    cause.break_it(case)
    client, command = getattr(case, cause.by), [word.format(gun=case.gun) for word in cause.command]
    hint = Hint.of(client.refused(cause.exit_code, *command), cause.row)
    client.ok(*(cause.mend(case, hint) or command))


def test_a_trust_root_of_a_misspelt_repository_is_told(case):
    pin, case.reader.pin = case.repo.pin, None
    wrong = case.reader.refused(4, "list", case.gun, "--trust-root", f"{case.gun}s={pin}")
    assert f"warning[TRUST_ROOT_UNUSED]: --trust-root names {case.gun}s," in wrong.stderr
    hint = Hint.of(wrong, "not-pinned")
    right = case.reader.ok("list", case.gun, "--trust-root", f"{hint.values['repo']}={pin}")
    assert right.document["warnings"] == []
    by_variable = case.reader.ok("list", case.gun, env={"COUNTERSIGN_TRUST_ROOT": f"{case.gun}={pin}\n{case.gun}s={pin}"})
    assert f"warning[TRUST_ROOT_UNUSED]: COUNTERSIGN_TRUST_ROOT names {case.gun}s," in by_variable.stderr
