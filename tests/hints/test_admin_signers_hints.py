"""Hints about who may sign: each cause is provoked, what the hint says is done as printed, and what was refused is
done again."""
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.forged_keys import DAY, TODAY, certificate, ec_key
from support.hints import Hint
from support.hostile_signer import HostileSigner, entry_of


@pytest.fixture
def store(notary_local):
    return notary_local


def ids_of(team, role: str) -> list[str]:
    roles = team.admin.ok("delegation", "list", team.gun).repository["delegations"]
    return [key["canonical_id"] for one in roles if one["name"] == role for key in one["keys"]]


def sign(team, tag="1.0", *args):
    return ["sign", f"{team.gun}:{tag}", "--oci-layout", team.image.layout, *args]


def only(machine):
    """The one key of a machine, as --signing-key takes it."""
    (key,) = machine.ok("key", "list").document["keys"]
    return key["canonical_id"]


@dataclass(frozen=True)
class Refusal:
    """What is typed, and refused."""
    exit_code: int
    args: list
    by: object = None  # the administrator


@dataclass(frozen=True)
class Cause:
    row: str
    make: Callable  # -> Refusal
    mend: Callable  # team, hint, args -> the command that is to be accepted then; None: the same
    about: str = ""

    def __str__(self):
        return self.row + self.about


def follow(*who, filled=None, which=0):
    """As it is printed: by the administrator, or by the machine of that name. `filled` is made with the team."""
    def mend(team, hint, args):
        client = team.machines[who[0]] if who else team.admin
        hint.follow(client, filled=filled(team) if filled else None, which=which)
    return mend


def instead(*words):
    """The same command with other words in the place of some: pairs of what stood there, and what does now."""
    changes = dict(zip(words[::2], words[1::2]))
    return lambda team, hint, args: [changes.get(arg, arg) for arg in args]


def add(team, role, *options):
    return ["delegation", "add", team.gun, role, *options]


def new_role(team, *names, role="targets/qa"):
    """A role of new keys, which nobody has signed."""
    for name in names:
        setattr(team, name, team.world.identity())
    team.admin.ok(*add(team, role, *(o for name in names for o in ("--key", getattr(team, name).public))))


# --- what is typed ------------------------------------------------------------------------------------------------

def misnamed(role, *options):
    return lambda team: Refusal(2, add(team, role, "--key", team.carol.public, *options))


def signer_called(name):
    return lambda team: Refusal(2, ["signer", "add", name, team.gun, "--key", team.world.identity().public])


def shows_roles_and_names_one(team, hint, args):
    hint.follow(team.machines["jenkins"])
    return ["targets/jenkins" if arg == "targets/jenkin" else arg for arg in args]


def key_of_qa(text, exit_code):
    def make(team):
        new_role(team, "one", "other")
        return Refusal(exit_code, ["delegation", "purge", team.gun, "--key", text])
    return make


def shows_keys_and_names_one(team, hint, args):
    hint.follow(team.admin)
    return [*args[:-1], ids_of(team, "targets/qa")[0][:7]]


def keys_that_begin_alike(team):
    seen = {}
    for number in itertools.count():
        key = ec_key(f"alike {number}")
        other = seen.setdefault(key.id[:4], key)
        if other is not key:
            break
    folder = team.world.folder("alike")
    team.alike = key.id
    for each in (key, other, ec_key("third")):
        path = each.write_public(folder / f"{each.id}.pub")
        team.admin.ok(*add(team, "targets/qa", "--key", path))
    return Refusal(10, ["delegation", "remove", team.gun, "targets/qa", "--key", key.id[:4]])


def more_digits(team, hint, args):
    return [*args[:-1], team.alike[:20].upper()]  # as other programs show them


def lapsed_certificate(team):
    key = ec_key("lapsed")
    path = team.world.folder("lapsed") / "dave's.crt"
    path.write_bytes(certificate(key.private, "dave", start=TODAY - 9 * DAY, end=TODAY - DAY))
    return Refusal(10, ["signer", "add", "dave", team.gun, "--key", path])


def names_bare_key(team, hint, args):
    return [*args[:-1], hint.follow(team.admin) or pytest.fail("names no file")]


# --- what would leave a role without signatures ---------------------------------------------------------------------

def purge_of_an_only_key(team):
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    return Refusal(2, ["delegation", "purge", team.gun, "--key", ids_of(team, "targets/carol")[0]])


def adds_another_key(team, hint, args):
    assert not hint.commands  # and none that takes the role away
    new = team.world.identity()
    team.admin.ok(*add(team, "targets/carol", "--key", new.public))
    team.machine(new).ok("witness", team.gun, "targets/carol")
    return args


def two_forms(team):
    new_role(team, "one", "other")
    team.admin.ok(*add(team, "targets/qa", "--key", team.one.certificate))
    return Refusal(2, add(team, "targets/qa", "--threshold", "2"))


def raised_threshold(team):
    return Refusal(10, add(team, "targets/releases", "--threshold", "2"))


def with_both_keys(team, hint, args):
    return [*args, *(o for who in (team.jenkins, team.carol) for o in ("--signing-key", who.key_args[1]))]


def rotation_in_one_step(team):
    team.new = team.world.identity()
    old = ids_of(team, "targets/jenkins")[0]
    return Refusal(10, ["signer", "rotate", "jenkins", team.gun, "--add", team.new.public, "--remove", old])


def in_two_steps(team, hint, args):
    assert hint.values["role"] == "targets/jenkins"
    team.admin.ok(*args[:-2])
    team.machine(team.new).ok("witness", team.gun, hint.values["role"])
    team.machines["carol"].ok("witness", team.gun, "targets/releases")


def last_signer(team):
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    team.admin.ok("signer", "remove", "carol", team.gun)
    return Refusal(2, ["signer", "remove", "jenkins", team.gun])


def lets_dave_in(team, hint, args):
    team.dave = team.world.identity()
    hint.follow(team.admin, filled={"NAME": "dave", "KEY.pub": team.dave.public})
    next_hint = Hint.of(team.admin.refused(10, *args), "remaining-key-signs-first")
    next_hint.follow(team.machine(team.dave))


def hides_tags(team):
    return Refusal(2, ["delegation", "remove", team.gun, "targets/releases"])


def with_yes(team, hint, args):
    return [*args, "--yes"]


def rotated_with_the_root(role):
    return lambda team: Refusal(2, ["repo", "rotate", team.gun, role])


def gives_new_key(team, hint, args):
    new = team.world.identity()
    hint.follow(team.admin, filled={"NEW.pub": new.public})
    role = args[-1]
    assert new.key_id in ids_of(team, role)
    return ["delegation", "list", team.gun]  # what was typed is never right


def rotation_of_nothing(team):
    return Refusal(2, ["signer", "rotate", "jenkins", team.gun])


def says_which(team, hint, args):
    new = team.world.identity()
    hint.follow(team.admin, filled={"NEW.pub": new.public})
    return [*args, "--add", new.public]


# --- roles below others ---------------------------------------------------------------------------------------------

def below_a_role(role="targets/qa/night"):
    def make(team):
        new_role(team, "one", role="targets/qa")
        team.machines["one"] = team.machine(team.one)
        return Refusal(6, add(team, role, "--key", team.world.identity().public), team.machines["one"])
    return make


def below_nothing(team):
    team.one = team.world.identity()
    team.machines["one"] = team.machine(team.one)
    return Refusal(6, add(team, "targets/qa/night", "--key", team.world.identity().public), team.machines["one"])


def adds_and_signs_what_stands_above(team, hint, args):
    hint.follow(team.admin, which=0)
    hint.follow(team.admin, filled={"PUBLIC": team.one.public}, which=1)
    Hint.of(team.machines["one"].refused(6, *args), "role-above-not-signed").follow(team.machines["one"])


# --- who signs ------------------------------------------------------------------------------------------------------

def stranger(*args):
    def make(team):
        team.dave = team.world.identity()
        team.machines["dave"] = team.machine(team.dave)
        return Refusal(10, sign(team, "2.0", *args), team.machines["dave"])
    return make


def listed_only_in_own_role(team):
    refusal = stranger()(team)
    team.admin.ok(*add(team, "targets/dave", "--key", team.dave.public))
    return Refusal(10, ["doctor", team.gun], refusal.by)


def in_a_role_below(team):
    below_a_role()(team)
    one = team.machines["one"]
    one.ok("witness", team.gun, "targets/qa")
    one.ok(*add(team, "targets/qa/night", "--key", team.world.identity().public))
    return Refusal(10, sign(team, "2.0", "--role", "targets/qa/night"), one)


def its_owner_lets_it_in(team, hint, args):
    hint.follow(team.machines["one"], filled={"KEY.pub": team.one.public})


def nobody_signs_releases(team):
    team.gun = team.world.store.gun("bare")
    team.admin.init(team.gun)
    return Refusal(6, sign(team, "2.0"), team.machine(team.jenkins))


def no_key(team):
    return Refusal(10, sign(team, "2.0"), team.machine())


def with_jenkins_key(team, hint, args):
    return [*args, *team.jenkins.key_args]


def two_signatures(command, exit_code=10):
    def make(team):
        team.admin.ok(*with_both_keys(team, None, raised_threshold(team).args))
        return Refusal(exit_code, command(team), team.machines["jenkins"])
    return make


def with_the_other_key(team, hint, args):
    assert hint.values["keys"] == only(team.machines["carol"])[:7]
    return [*args, *team.jenkins.key_args, *team.carol.key_args]


def without_the_targets_key(team):
    return Refusal(10, add(team, "targets/qa", "--key", team.jenkins.public), team.machines["jenkins"])


def signing_targets(team):
    return Refusal(10, sign(team, "2.0", "--role", "targets"), team.machines["jenkins"])


def the_administrator_does(team, hint, args):
    assert hint.values["role"] == "targets"
    team.admin.ok(*args)
    return ["list", team.gun]


def in_roles_of_others(team):
    team.sign("jenkins", "2.0", "--role", "targets/jenkins")
    return Refusal(10, ["revoke", f"{team.gun}:2.0"], team.machines["carol"])


def jenkins_does(team, hint, args):
    team.machines["jenkins"].ok(*args)
    return ["list", team.gun]


def limited_to(prefix, role="targets/qa"):
    def make(team):
        team.admin.ok(*add(team, role, "--key", team.jenkins.public, "--path", prefix))
        return Refusal(5, sign(team, "1.0", "--role", role), team.machines["jenkins"])
    return make


def limited_from_above(team):
    limited_to("qa-")(team)
    team.sign("jenkins", "qa-1", "--role", "targets/qa")
    team.machines["jenkins"].ok(*add(team, "targets/qa/night", "--key", team.jenkins.public))
    return Refusal(5, sign(team, "1.0", "--role", "targets/qa/night"), team.machines["jenkins"])


def admitted_above_and_then_here(team, hint, args):
    assert hint.values["role"] == "targets/qa"
    hint.follow(team.admin)
    Hint.of(team.machines["jenkins"].refused(5, *args), "path-not-covered").follow(team.machines["jenkins"])


def without_a_path(team):
    team.admin.ok("delegation", "remove", team.gun, "targets/releases", "--path", "", "--yes")
    return Refusal(5, ["doctor", team.gun], team.machines["jenkins"])


# --- roles that cannot be read ----------------------------------------------------------------------------------------

def carol_is_gone(*command):
    def make(team):
        team.admin.ok("signer", "remove", "carol", team.gun, "--yes")
        return Refusal(4, list(command) or sign(team, "2.0"), team.machines["jenkins"])
    return make


def looked_at_and_taken_over(team, hint, args):
    """The command shows what is in it, and says so by refusing to sign that."""
    shown = team.machines["jenkins"].refused(4, *hint.words)
    assert shown.error[1].endswith(": 1.0")
    Hint.of(shown, "content-of-others").follow(team.machines["jenkins"], which=0)


def odd_entry(team):
    """Somebody leaves behind an entry that says no SHA-256, and nobody else can write it."""
    hostile = HostileSigner(team.world.store, team.gun, team.carol)
    entry = entry_of(team.image)
    entry["hashes"] = {"md5": "AAAA"}
    hostile.put("targets/carol", {"odd": entry})
    new = team.world.identity()
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    team.admin.ok("delegation", "remove", team.gun, "targets/carol")
    team.admin.ok("signer", "add", "carol", team.gun, "--key", new.public)
    team.machines["new"] = team.machine(new)
    return Refusal(2, ["witness", team.gun, "targets/carol", "--adopt"], team.machines["new"])


def last_version(team):
    hostile = HostileSigner(team.world.store, team.gun, team.carol)
    hostile.put("targets/carol", {"9": entry_of(team.image)}, ahead=2**31 - 3)
    return Refusal(4, sign(team, "2.0"), team.machines["carol"])


CAUSES = [
    Cause("role-name", misnamed("root"), instead("root", "targets/qa")),
    Cause("role-name", misnamed("Targets/QA"), instead("Targets/QA", "targets/qa"), " in capitals"),
    Cause("nearly-releases", misnamed("targets/release"), instead("targets/release", "targets/releases")),
    Cause("signer-name", signer_called("Dave"), instead("Dave", "dave")),
    Cause("signer-called-releases", signer_called("releases"), instead("releases", "gitlab")),
    Cause("releases-is-no-signer", lambda team: Refusal(2, ["signer", "remove", "releases", team.gun, "--yes", "--dry-run"]),
          lambda team, hint, args: hint.follow(team.admin) or instead("releases", "carol")(team, hint, args)),
    Cause("releases-is-no-signer", lambda team: Refusal(2, [
        "signer", "rotate", "releases", team.gun, "--add", team.world.identity().public, "--dry-run"]),
          lambda team, hint, args: hint.follow(team.admin) or instead("releases", "carol")(team, hint, args), " rotated"),
    Cause("adopt-or-empty-not-both",
          lambda team: Refusal(2, ["witness", team.gun, "targets/jenkins", "--adopt", "--empty"], team.machines["jenkins"]),
          lambda team, hint, args: args[:-1]),
    Cause("adopt-or-empty-not-both", misnamed("targets/qa", "--all-paths", "--path", "1"),
          lambda team, hint, args: args[:-2], " with paths"),
    Cause("role-unknown", lambda team: Refusal(6, ["witness", team.gun, "targets/jenkin"], team.machines["jenkins"]),
          shows_roles_and_names_one),
    Cause("role-unknown", lambda team: Refusal(6, sign(team, "2.0", "--role", "targets/jenkin"), team.machines["jenkins"]),
          shows_roles_and_names_one, " to sign"),
    Cause("role-unknown", lambda team: Refusal(6, add(team, "targets/qa", "--path", "1")),
          lambda team, hint, args: hint.follow(team.admin) or [*args, "--key", team.jenkins.public], " without a key"),
    Cause("keys-listed", key_of_qa("xyz", 2), shows_keys_and_names_one),
    Cause("keys-listed", key_of_qa("0000000", 10), shows_keys_and_names_one, " but unknown"),
    Cause("key-id-ambiguous", keys_that_begin_alike, more_digits),
    Cause("certificate-of-a-signer-lapsed", lapsed_certificate, names_bare_key),
    Cause("too-few-keys", purge_of_an_only_key, adds_another_key),
    Cause("key-in-two-forms", two_forms, follow()),
    Cause("threshold-raised", raised_threshold, with_both_keys),
    Cause("rotation-in-one-step", rotation_in_one_step, in_two_steps),
    Cause("last-signer", last_signer, lets_dave_in),
    Cause("consent", hides_tags, with_yes),
    Cause("signer-gets-new-key", rotated_with_the_root("targets/jenkins"), gives_new_key),
    Cause("signer-gets-new-key", rotation_of_nothing, says_which, " without keys"),
    Cause("delegation-gets-new-key", rotated_with_the_root("targets/releases"), gives_new_key),
    Cause("role-above-not-signed", below_a_role(), follow("one")),
    Cause("role-above-unknown", below_nothing, adds_and_signs_what_stands_above),
    Cause("no-key-named", no_key, with_jenkins_key),
    Cause("no-releases-role", nobody_signs_releases,
          follow(filled=lambda team: {"NAME": "jenkins", "KEY.pub": team.jenkins.public})),
    Cause("key-not-in-any-role", stranger(),
          follow(filled=lambda team: {"NAME": "dave", "KEY.pub": team.dave.public})),
    Cause("key-not-in-signers-role", stranger("--role", "targets/carol"),
          follow(filled=lambda team: {"KEY.pub": team.dave.public})),
    Cause("key-not-in-releases", listed_only_in_own_role, follow(filled=lambda team: {"KEY.pub": team.dave.public})),
    Cause("key-not-in-releases", in_a_role_below, its_owner_lets_it_in, " but below another"),
    Cause("more-keys-needed", two_signatures(lambda team: sign(team, "2.0")), with_the_other_key),
    Cause("threshold-not-met", two_signatures(lambda team: ["doctor", team.gun]), follow()),
    Cause("role-key-elsewhere", without_the_targets_key, the_administrator_does),
    Cause("role-key-elsewhere", signing_targets, the_administrator_does, " to sign"),
    Cause("tag-of-others", in_roles_of_others, jenkins_does),
    Cause("path-not-covered", limited_to("qa-"), follow()),
    Cause("path-not-covered", limited_from_above, admitted_above_and_then_here, " by the role above"),
    Cause("no-path", without_a_path, follow()),
    Cause("role-unreadable", lambda team: carol_is_gone("doctor", team.gun)(team), looked_at_and_taken_over),
    Cause("role-signed-by-none-who-counts", carol_is_gone(), looked_at_and_taken_over),
    Cause("content-of-no-use", odd_entry, lambda team, hint, args: hint.follow(team.machines["new"]) or args[:-1]),
    Cause("last-version-of-a-role", last_version, follow()),
]


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_what_was_refused_is_done_after_the_hint_was_followed(team, cause):
    refusal = cause.make(team)
    client = refusal.by or team.admin
    before = team.world.store.state(team.gun)
    hint = Hint.of(client.refused(refusal.exit_code, *refusal.args), cause.row)
    assert team.world.store.state(team.gun) == before, "what is refused changes nothing"
    client.ok(*(cause.mend(team, hint, refusal.args) or refusal.args))


def test_what_carries_no_targets_is_no_role_to_sign(team):
    refused = team.machines["jenkins"].refused(2, *sign(team, "2.0", "--role", "root"))
    assert refused.error == ("INVALID_ROLE", "root holds no targets")
    Hint.of(refused, "role-name")
    team.machines["jenkins"].ok(*sign(team, "2.0", "--role", "targets/jenkins"))


def test_a_rehearsal_tells_which_keys_come_and_go_and_which_tags_vanish(team):
    new, old = team.world.identity(), ids_of(team, "targets/carol")[0]

    def rehearsed(*args):
        before = team.world.store.state(team.gun)
        shown = team.admin.ok(*args, "--dry-run").repository
        text = team.admin.ok(*args, "--dry-run", output="text").stdout
        assert team.world.store.state(team.gun) == before
        return shown, text

    shown, text = rehearsed("signer", "rotate", "carol", team.gun, "--add", new.public)
    assert {role["name"]: (role["role"], role["keys_added"], role["keys_removed"]) for role in shown["would_change"]} == {
        role: ("changed", [new.key_id], []) for role in ("targets/releases", "targets/carol")}
    assert shown["would_hide"] == [] and f"would add key {new.key_id[:7]} to targets/carol" in text

    remove = ["signer", "remove", "carol", team.gun]
    refused = team.admin.refused(10, *remove, "--dry-run")  # as the run: more than --yes is missing
    assert refused.error == team.admin.refused(10, *remove).error
    shown, text = rehearsed(*remove, "--yes")
    assert {role["name"]: (role["role"], role["keys_removed"]) for role in shown["would_change"]} == {
        "targets/releases": ("changed", [old]), "targets/carol": ("removed", [old])}
    assert shown["would_hide"] == ["1.0"], "carol was the last to sign the releases"
    assert "pullers would no longer see 1.0, which takes --yes" in text
    assert f"would take targets/carol out, with key {old[:7]}" in text

    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    assert rehearsed("signer", "remove", "carol", team.gun)[0]["would_hide"] == []
    assert rehearsed("delegation", "remove", team.gun, "targets/releases")[0]["would_hide"] == ["1.0"]
    shown, text = rehearsed(*add(team, "targets/qa", "--key", new.public))
    assert [(role["name"], role["role"]) for role in shown["would_change"]] == [("targets/qa", "new")]


def test_a_path_that_is_empty_is_not_every_tag_unsaid(team):
    new_role(team, "one")
    refused = team.admin.refused(2, *add(team, "targets/qa", "--path", ""))
    Hint.of(refused, "path-empty")
    team.admin.ok(*add(team, "targets/qa", "--all-paths"))


def test_keys_that_are_added_leave_a_role_the_paths_that_it_has(team):
    qa, role = team.world.identity(), "targets/qa"
    team.admin.ok(*add(team, role, "--key", team.carol.public, "--path", "qa-"))
    args = add(team, role, "--key", qa.public)

    def told(*more, output="json"):
        outcome = team.admin.ok(*args, *more, output=output)
        return outcome.stdout if output == "text" else outcome.repository

    (change,) = told("--dry-run")["would_change"]
    assert change == {"name": role, "role": "changed", "keys_added": [qa.key_id], "keys_removed": []}
    assert told()["changed"] == [change]
    args = add(team, role, "--threshold", "2")
    assert f"would have {role} signed by 2 of its keys, not 1" in told("--dry-run", output="text")
    (change,) = told()["changed"]
    assert (change["threshold_before"], change["threshold"]) == (1, 2)
    args = add(team, role, "--all-paths")
    assert f"would admit all tags to {role}" in told("--dry-run", output="text")
    assert told()["changed"][0]["paths_added"] == [""]


def test_what_a_signer_had_signed_before_is_told_when_it_counts_again(team):
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    team.admin.ok("signer", "remove", "carol", team.gun)
    args = ["signer", "add", "carol", team.gun, "--key", team.carol.public]
    rehearsed = team.admin.ok(*args, "--dry-run")
    assert rehearsed.repository["revives"] == [{"role": "targets/carol", "tags": ["1.0"]}]
    assert "would revive in targets/carol: 1.0" in team.admin.ok(*args, "--dry-run", output="text").stdout
    added = team.admin.ok(*args)
    assert added.repository["revives"] == rehearsed.repository["revives"]
    assert [w["code"] for w in added.document["warnings"]] == ["REVIVED"]
    assert "revives" not in team.admin.ok("signer", "add", "dave", team.gun, "--key", team.world.identity().public).repository


def test_a_key_of_another_signer_is_not_taken_out_as_if_it_were_this_ones(team):
    (carols,) = ids_of(team, "targets/carol")
    (jenkins,) = ids_of(team, "targets/jenkins")
    args = ["signer", "rotate", "jenkins", team.gun, "--remove", carols]
    refused = team.admin.refused(10, *args)
    assert refused.error == ("KEY_NOT_FOUND",
                             f"targets/jenkins of {team.gun} does not list key {carols[:7]}, but {jenkins[:7]}")
    Hint.of(refused, "keys-listed")
    assert set(ids_of(team, "targets/releases")) == {carols, jenkins}
