"""Hints about whole repositories, their keys and their policies: each cause is provoked, what the hint says is done as
printed, and what was refused is done again."""
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.forged_keys import ec_key
from support.forger import ForgedRepository
from support.hints import Hint
from support.hostile_server import Answer
from support.hostile_signer import HostileSigner
from support.policies import write_policy


@pytest.fixture
def store(notary_local):
    return notary_local


@dataclass(frozen=True)
class Cause:
    row: str
    exit_code: int
    make: Callable  # team -> the command, or (who types it, the command)
    mend: Callable  # team, hint, args -> the command that is to be accepted then; None: the same
    about: str = ""

    def __str__(self):
        return self.row + self.about


def follow(team, hint, args):
    hint.follow(team.admin)


def without_option(count):
    return lambda team, hint, args: args[:-count]


def with_yes(team, hint, args):
    return [*args, "--yes"]


# --- repositories -------------------------------------------------------------------------------------------------

def root_keys_of_two(team):
    """One repository has a new root key, the other one the old one still."""
    other = team.world.store.gun("other")
    team.admin.ok("repo", "init", other)
    team.admin.ok("repo", "rotate", team.gun, "root")
    return ["repo", "init", team.world.store.gun("third")]


def retired_root_keys(team):
    """The only repository is gone; of its root keys the last is in force."""
    team.retired = []
    for _ in range(4):
        team.retired.append(team.admin.ok("repo", "pin", team.gun).repository["trust_root_canonical_id"])
        team.latest = team.admin.ok("repo", "rotate", team.gun, "root").repository["trust_root_canonical_id"]
    team.admin.ok("repo", "delete", team.gun, "--remote", "--yes")
    team.admin.pin = None
    return ["repo", "init", team.gun]


def has_chosen_the_latest(team, hint, args):
    assert team.latest.startswith(hint.values["key"]) and team.latest not in team.retired
    hint.follow(team.admin)
    assert team.admin.ok("repo", "pin", team.gun).repository["trust_root_canonical_id"] == team.latest


def has_chosen(team, hint, args):
    """The key with which most repositories go."""
    hint.follow(team.admin)
    team.admin.pin = None  # of another repository
    pinned = team.admin.ok("repo", "pin", args[-1]).repository["trust_root_canonical_id"]
    assert pinned.startswith(hint.values["key"])


def unknown(*words):
    def make(team):
        team.admin.pin = None  # of another repository
        return [*words, "registry.example.com/nobody/" + team.gun.split("/")[1]]
    return make


def misspelt(*options):
    return lambda team: ["repo", "delete", team.gun + "s", *options]


def spelt_right(team, hint, args):
    return [arg.replace(team.gun + "s", team.gun) for arg in args]


def deleted_by_another(team):
    other = team.world.admin(pin=team.admin.pin)
    other.ok("repo", "delete", team.gun, "--remote", "--yes")
    return ["repo", "delete", team.gun, "--remote", "--yes"]


def has_nothing_left(team, hint, args):
    Hint.of(team.admin.refused(6, *args), "nothing-to-delete")
    team.admin.pin = None
    return ["repo", "init", team.gun]


# --- policies -----------------------------------------------------------------------------------------------------

def policy(team, bound=None, **rule):
    rule = {"images": ["registry.example.com/**"], "teams": ["all"]} | rule
    team.policy = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol}, [rule],
                               {"all": ["jenkins", "carol"], "ci": ["jenkins"], "qa": ["carol"]}, bound)
    return ["--policy", team.policy]


def owner_changes(team, **rule):
    """Whoever owns the policy."""
    text = json.loads(team.policy.read_text())
    text["rules"][0].update(rule)
    team.policy.write_text(json.dumps(text))


def signing(tag, **rule):
    def make(team):
        return team.machines["jenkins"], ["sign", f"{team.gun}:{tag}", "--oci-layout", team.image.layout,
                                          *policy(team, **rule)]
    return make


def moving(**rule):
    def make(team):
        team.image = team.world.image("another")
        return signing("1.0", **rule)(team)
    return make


def carol_does(team, hint, args):
    if hint.commands:
        hint.follow(team.machines["carol"])
    team.machines["carol"].ok(*args)
    return ["list", team.gun]


def each_for_themselves_and_the_last_releases(team, hint, args):
    team.machines["jenkins"].ok(*args, "--role", "targets/jenkins")
    team.machines["carol"].ok(*args)


def revoking_immutable(team):
    return team.machines["jenkins"], ["revoke", f"{team.gun}:1.0", "--yes", *policy(team, immutable_tags=["1.*"])]


def foreign(team):
    command = signing("2.0", teams=["ci"])(team)
    team.machines["carol"].ok("sign", f"{team.gun}:evil", "--oci-layout", team.world.image("evil").layout)
    return command


def rotated_behind_the_policy(team):
    """The policy has the key that jenkins had before."""
    options = policy(team, teams=["ci"])
    (team.policy.parent / "keys" / "jenkins.pub").write_bytes(team.world.identity().public.read_bytes())
    return team.machines["jenkins"], ["witness", team.gun, "targets/jenkins", *options]


def owner_adds_the_key(team, hint, args):
    assert hint.values["role"] == "targets/jenkins"
    (team.policy.parent / "keys" / "jenkins.pub").write_bytes(team.jenkins.public.read_bytes())


def new_key(team):
    """A second one of jenkins, on a machine of its own; the policy has the first."""
    new = team.world.identity()
    team.machines["new"] = team.machine(new)
    team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", new.public)
    return new


def signing_with_a_new_key(team):
    team.new = new_key(team)
    return team.machines["new"], ["witness", team.gun, "targets/jenkins", *policy(team, teams=["ci"])]


def taking_out_the_key_that_the_policy_has(team):
    team.new = new_key(team)
    team.sign("jenkins", "2.0")  # with the first one, and the last to sign releases
    return team.admin, ["signer", "rotate", "jenkins", team.gun, "--remove", team.jenkins.key_id, *policy(team, teams=["ci"])]


def owner_adds_the_new_key(team, hint, args):
    text = json.loads(team.policy.read_text())
    text["users"]["jenkins"]["keys"].append(team.new.certificate.read_text())
    team.policy.write_text(json.dumps(text))


def owner_adds_the_new_key_which_signs(team, hint, args):
    owner_adds_the_new_key(team, hint, args)
    team.machines["new"].ok("witness", team.gun, "targets/jenkins", "targets/releases")


def unbound(team):
    for tag in ("7", "8"):
        team.sign("jenkins", tag, "--no-bound")
    return team.machines["jenkins"], ["sign", f"{team.gun}:7", "--oci-layout", team.image.layout,
                                      *policy(team, bound="required", teams=["ci"])]


def shown_by(hint, client, *tags) -> list[str]:
    """What the hint shows of these tags, before anything is done about them."""
    hint.follow(client)
    return [line for line in hint.shown.splitlines() if line.partition(" ")[0] in tags]


def owner_prefers_until_it_is_bound(team, hint, args):
    lines = shown_by(hint, team.machines["jenkins"], "7", "8")
    assert len(lines) == 2 and all(team.image.digest in line and "targets/jenkins" in line for line in lines)
    text = json.loads(team.policy.read_text())
    team.policy.write_text(json.dumps(text | {"bound": "preferred"}))
    hint.follow(team.machines["jenkins"], filled={"FILE": team.policy}, which=1)
    team.policy.write_text(json.dumps(text))


def old_file_shown_again(team):
    """Before there was a policy jenkins signed along in releases what carol had brought in; somebody who may push shows
    that file as the role of jenkins."""
    team.machine_of_all().ok("revoke", f"{team.gun}:1.0", "--yes")
    team.evil = team.world.image("evil")
    team.machines["carol"].ok("sign", f"{team.gun}:evil", "--oci-layout", team.evil.layout, "--no-bound")
    team.sign("jenkins", "7", "--no-bound")
    HostileSigner(team.world.store, team.gun).show("targets/releases", "targets/jenkins")
    return team.machines["jenkins"], ["sign", f"{team.gun}:8", "--oci-layout", team.image.layout,
                                      *policy(team, bound="required", teams=["ci"])]


def drop_what_is_not_theirs(team, hint, args):
    (line,) = shown_by(hint, team.machines["jenkins"], "evil")
    assert team.evil.digest in line and "targets/jenkins" in line and "--bind" in hint.commands[1]
    team.machines["jenkins"].ok(*args, "--quarantine")
    for role in ("targets/jenkins", "targets/releases"):
        assert set(team.world.store.read(team.gun).targets(role)) == {"8"}


def signing_again_what_waits_for_others(team):
    client, args = signing("2.0", teams=["ci", "qa"])(team)
    client.ok(*args, "--role", "targets/jenkins")
    return client, args


def carol_signs_too(team, hint, args):
    carol = team.machines["carol"]
    carol.ok(*args, "--role", "targets/carol")


def in_a_shared_role(team):
    """carol, whose key the role of jenkins lists too."""
    team.admin.ok("delegation", "add", team.gun, "targets/jenkins", "--key", team.carol.public)
    return team.machines["carol"], ["sign", f"{team.gun}:2.0", "--oci-layout", team.image.layout,
                                    *policy(team, teams=["ci", "qa"]), "--role", "targets/carol", "--role",
                                    "targets/jenkins"]


def for_herself(team, hint, args):
    assert hint.values["names"] == "jenkins"
    hint.follow(team.machines["carol"])
    assert "targets/carol" in hint.shown
    return args[:-2]


CAUSES = [
    Cause("several-root-keys", 10, root_keys_of_two, has_chosen),
    Cause("several-root-keys", 10, retired_root_keys, has_chosen_the_latest, " after a rotation"),
    Cause("no-such-repository", 6, unknown("list"), follow),
    Cause("no-such-repository", 6, lambda team: [*unknown("signer", "add", "dave")(team), "--key", team.carol.public],
          follow, " to administer"),
    Cause("nothing-to-delete", 6, misspelt("--remote", "--yes"), spelt_right),
    Cause("nothing-to-delete", 6, misspelt("--yes"), spelt_right, " here"),
    Cause("forgotten-here", 6, deleted_by_another, has_nothing_left),
    Cause("consent", 2, lambda team: ["repo", "delete", team.gun, "--remote"], with_yes),
    Cause("consent", 2, lambda team: (team.machines["jenkins"], ["revoke", f"{team.gun}:1.0"]), with_yes, " to revoke"),
    Cause("not-managed-by-server", 2, lambda team: ["repo", "rotate", team.gun, "targets", "--server-managed"],
          without_option(1)),
    Cause("key-of-the-server", 2, lambda team: ["repo", "rotate", team.gun, "timestamp", "--key", team.carol.key_args[1]],
          without_option(2)),
    Cause("top-role-name", 2, lambda team: ["repo", "rotate", team.gun, "releases"],
          lambda team, hint, args: [*args[:-1], "targets"]),
    Cause("repository-comes-first", 2, lambda team: ["repo", "rotate", "targets", team.gun],
          lambda team, hint, args: hint.words),
    Cause("revoke-what", 2, lambda team: (team.machines["jenkins"],
                                          ["revoke", f"{team.gun}:1.0@{team.image.digest}", "--yes"]),
          lambda team, hint, args: ["revoke", hint.values["image"], "--yes"]),
    Cause("no-rule", 5, signing("2.0", images=["registry.example.org/**"]),
          lambda team, hint, args: owner_changes(team, images=["registry.example.com/**"])),
    Cause("signer-does-not-count", 5, signing("2.0", teams=["qa"]), carol_does),
    Cause("others-move-it", 5, moving(movers=["qa"]), carol_does),
    Cause("released-too-early", 5, signing("2.0", teams=["ci", "qa"]), each_for_themselves_and_the_last_releases),
    Cause("immutable-tag-revoked", 5, revoking_immutable,
          lambda team, hint, args: owner_changes(team, immutable_tags=["v*"])),
    Cause("signature-of-another-replaced", 5, in_a_shared_role, for_herself),
    Cause("new-key-of-no-user", 5, signing_with_a_new_key, owner_adds_the_new_key),
    Cause("new-key-of-no-user", 10, taking_out_the_key_that_the_policy_has, owner_adds_the_new_key_which_signs, " to stay"),
    Cause("entries-unbound", 5, unbound, owner_prefers_until_it_is_bound),
    Cause("entries-unbound", 5, old_file_shown_again, drop_what_is_not_theirs, " of somebody else"),
    Cause("verdict-signature-missing", 5, signing_again_what_waits_for_others, carol_signs_too, " but signed"),
    Cause("key-of-no-user", 5, rotated_behind_the_policy, owner_adds_the_key),
    Cause("foreign-entries", 5, foreign, lambda team, hint, args: [*args, "--quarantine"]),
]


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_what_was_refused_is_done_after_the_hint_was_followed(team, cause):
    made = cause.make(team)
    client, args = made if isinstance(made, tuple) else (team.admin, made)
    hint = Hint.of(client.refused(cause.exit_code, *args), cause.row)
    client.ok(*(cause.mend(team, hint, args) or args))


def test_what_is_due_is_renewed_for_the_days_that_were_asked_about(team):
    """What was signed today is due within 1200 days again, but no longer within fewer."""
    hint = Hint.of(team.machines["jenkins"].refused(5, "expiry", team.gun, "--warn-days", "1200"), "role-due")
    assert hint.values["days"] == "1200"
    before = team.world.store.read(team.gun).versions
    hint.follow(team.machine_of_all())
    after = team.world.store.read(team.gun).versions
    assert {role for role in before if after[role] > before[role]} >= {"targets", "targets/releases", "targets/jenkins"}
    team.machines["jenkins"].ok("expiry", team.gun, "--warn-days", "1000")


def test_after_a_rotation_the_one_root_key_in_use_is_that_of_the_next_repository(team):
    rotated = team.admin.ok("repo", "rotate", team.gun, "root").repository["trust_root_canonical_id"]
    made = team.admin.ok("repo", "init", team.world.store.gun("next")).repository
    assert made["trust_root_canonical_id"] == rotated


def rehearsed(client, *args):
    return client.ok(*args, "--dry-run").repository, client.ok(*args, "--dry-run", output="text").stdout


@pytest.mark.parametrize("args, made_by", [
    (["root"], "this machine"), (["targets"], "this machine"), (["snapshot"], "this machine"),
    (["snapshot", "--server-managed"], "the server"), (["timestamp"], "the server")], ids=" ".join)
def test_a_rehearsed_rotation_tells_which_keys_come_and_go(team, args, made_by):
    rotate = ["repo", "rotate", team.gun, *args]
    before = team.world.store.state(team.gun)
    shown, text = rehearsed(team.admin, *rotate)
    (role,) = shown["would_change"]
    assert (role["name"], role["keys_added"], role["new_key_by"]) == (args[0], [], made_by)
    assert f"would add a new key to {args[0]}, made by {made_by}" in text
    assert ("which takes --yes" in text) == (args == ["snapshot"])
    assert team.world.store.state(team.gun) == before
    (done,) = team.admin.ok(*rotate, *(["--yes"] if args == ["snapshot"] else [])).repository["changed"]
    assert done["keys_removed"] == role["keys_removed"] and len(done["keys_added"]) == 1
    assert f"would take key {role['keys_removed'][0][:7]} out of {args[0]}" in text


def test_a_rehearsed_creation_tells_whose_keys_it_makes(team):
    init = ["repo", "init", team.world.store.gun("next")]
    shown, text = rehearsed(team.admin, *init)
    roles = {role["name"]: role for role in shown["would_change"]}
    assert {name: role.get("new_key_by") for name, role in roles.items()} == {
        "root": None, "targets": "this machine", "snapshot": "the server", "timestamp": "the server"}
    assert [file["role"] for file in shown["would_publish"]] == ["root", "targets"]
    assert "would add a new key to targets, made by this machine" in text
    assert roles["root"]["keys_added"] == [team.admin.ok(*init).repository["trust_root_canonical_id"]]


def test_a_rehearsed_deletion_says_that_it_takes_yes(team):
    delete = ["repo", "delete", team.gun, "--remote"]
    assert rehearsed(team.admin, *delete)[1].rstrip().endswith("which takes --yes")
    assert "--yes" not in rehearsed(team.admin, *delete, "--yes")[1]


# --- while somebody else creates it ---------------------------------------------------------------------------------

class Newcomer:
    """Somebody who creates a repository on a server that has nothing yet."""

    def __init__(self, world, hostile):
        self.gun = hostile.gun()
        self.world = world
        self.shelf = hostile.shelf(self.gun)
        self.repo = ForgedRepository(self.gun, self.shelf, ec_key("ci"))
        self.theirs = dict(self.shelf.files)
        keys = {f"{role}.key": json.dumps(self.repo.signers[role][0].object).encode() for role in ("snapshot", "timestamp")}
        self.shelf.files = dict(keys)
        self.admin = world.admin(store=hostile)


@pytest.fixture
def newcomer(world, hostile_server):
    return Newcomer(world, hostile_server)


def test_whoever_was_second_reads_with_the_pin_of_whoever_was_first(newcomer):
    def taken(parts):
        newcomer.shelf.files |= newcomer.theirs
        return Answer(b"{}", status=409)
    newcomer.shelf.on_post = taken
    init = ["repo", "init", newcomer.gun]
    hint = Hint.of(newcomer.admin.refused(9, *init), "created-by-others")
    owner = newcomer.world.client(store=newcomer.admin.store, pin=newcomer.repo.pin)
    (newcomer.admin.pin,) = owner.ok(*hint.words, output="text").stdout.split()
    newcomer.admin.ok(*init)


def test_a_creation_of_which_nobody_knows_is_asked_about_by_repeating_it(newcomer):
    take = newcomer.shelf.on_post

    def takes_and_falls_silent(parts):
        take(parts)
        newcomer.shelf.everything = Answer(b"gone", status=500)
    newcomer.shelf.on_post = takes_and_falls_silent
    hint = Hint.of(newcomer.admin.refused(12, "repo", "init", newcomer.gun), "creation-unknown")
    newcomer.shelf.everything = None
    hint.follow(newcomer.admin)
    again = newcomer.admin.ok("repo", "init", newcomer.gun, output="text").stdout
    assert "is initialised already" in again
