"""What takes several steps, by several people: each types only what the program has printed the step before."""
import shlex

import pytest

from support.hints import Hint, without_carried
from support.policies import write_policy


@pytest.fixture
def store(notary_server):
    return notary_server


def words_of(command: str) -> list[str]:
    """For a client that gives its own options."""
    words = shlex.split(without_carried(command))
    assert words[0] == "countersign", command
    return words[1:]


def hint_of(outcome, row: str, which=0) -> list[str]:
    return words_of(Hint.of(outcome, row).commands[which])


def next_of(outcome) -> list[list[str]]:
    steps = outcome.repository["next"]
    assert all(without_carried(step) != step for step in steps), "a step at another server"
    return [words_of(step[step.index("countersign "):]) for step in steps]


@pytest.mark.parametrize("way", ["as it is printed", "by the job that signs the same tag again"])
def test_the_key_of_a_signer_is_rotated(team, way):
    new = team.world.identity()
    old = [k for k in team.admin.ok("delegation", "list", team.gun).repository["delegations"]
           if k["name"] == "targets/jenkins"][0]["keys"][0]["canonical_id"]
    added = team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", new.public)
    once, remove = next_of(added)
    assert remove[-2:] == ["--remove", old[:7]]
    too_early = team.admin.refused(10, *remove)
    # targets/releases as well, but carol was the last to sign that one.
    assert hint_of(too_early, "remaining-key-signs-first")[:3] == ["witness", team.gun, "targets/jenkins"]
    team.machines["jenkins"] = team.machine(new)
    if way == "as it is printed":
        team.machines["jenkins"].ok(*once)
    else:
        again = team.sign("jenkins")
        assert again.repository["published"] and again.repository["targets"][0]["status"] == "signed"
        assert set(again.repository["renewed"]) == {"targets/releases", "targets/jenkins"}
        assert team.sign("jenkins").repository["targets"][0]["status"] == "unchanged"
    team.admin.ok(*remove)
    assert old not in str(team.admin.ok("delegation", "list", team.gun).document)
    assert team.pulled() == {"1.0": team.image.digest}


def test_whoever_signs_first_goes_by_the_policy_too(team):
    policy = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol}, [{"images": ["**"]}])
    leave = ["signer", "remove", "carol", team.gun, "--policy", policy]
    first = hint_of(team.admin.refused(10, *leave), "remaining-key-signs-first")
    assert first[:3] == ["witness", "--policy", "FILE"]
    team.machines["jenkins"].ok(*[policy if word == "FILE" else word for word in first])
    team.admin.ok(*leave)
    assert team.pulled() == {"1.0": team.image.digest}
    new = team.world.identity()
    added = team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", new.public, "--policy", policy)
    once, remove = next_of(added)
    assert (once[1:3], remove[2:4]) == (["--policy", "FILE"], ["--policy", str(policy)])
    assert added.repository["next"][0].startswith(f"once the policy lists {new.key_id}, let jenkins sign once where ")
    # As long as it does not, the tag counts as nobody's, and that is said with the key.
    team.machine(new).ok("witness", team.gun, "targets/releases", "targets/jenkins")
    team.admin.ok("signer", "rotate", "jenkins", team.gun, "--remove", team.jenkins.key_id)
    only_ci = write_policy(team.world, {"jenkins": team.jenkins}, [{"images": ["**"]}])
    image = team.admin.refused(5, "verify", f"{team.gun}:1.0", "--policy", only_ci, "--explain").target("1.0")
    mend = Hint.read(image["reasons"][0]["mend"], "verdict-key-of-nobody")
    assert (mend.values["key"], mend.values["role"]) == (new.key_id, "targets/jenkins")
    listed = write_policy(team.world, {"jenkins": new}, [{"images": ["**"]}])
    team.admin.ok("verify", f"{team.gun}:1.0", "--policy", listed)


def test_the_last_key_of_somebody_goes_out_of_a_role_that_others_share_only_on_purpose(team):
    """By the policy carol's signature in targets/jenkins says that carol has signed it."""
    policy = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol}, [{"images": ["**"]}])
    team.admin.ok("delegation", "add", team.gun, "targets/jenkins", "--key", team.carol.public)
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    out = ["signer", "rotate", "jenkins", team.gun, "--remove", team.jenkins.key_id]
    hint = Hint.of(team.admin.refused(10, *out, "--policy", policy), "remaining-keys-of-others")
    assert hint.values["who"] == "jenkins" and not hint.commands
    Hint.of(team.admin.refused(10, *out), "remaining-key-signs-first")
    new = team.world.identity()
    team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", new.public)
    team.machine(new).ok("witness", team.gun, "targets/releases", "targets/jenkins")
    team.admin.ok(*out)
    assert team.pulled() == {"1.0": team.image.digest}


def test_a_bare_key_is_exchanged_for_its_certificate_and_back(team):
    for form in (team.jenkins.certificate, team.jenkins.public):
        added = team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", form)
        text = team.admin.ok("delegation", "list", team.gun, output="text").stdout
        assert text.count(f"{team.jenkins.key_id} (in 2 forms)") == 2 and text.count(team.jenkins.key_id) == 2
        once, remove = next_of(added)
        team.machines["jenkins"].ok(*once)
        team.admin.ok(*remove)
        keys = {role["name"]: role["keys"] for role in team.admin.ok("delegation", "list", team.gun).repository["delegations"]}
        (only,) = keys["targets/jenkins"]
        assert only["certificate"] == (form == team.jenkins.certificate) and only["canonical_id"] == team.jenkins.key_id
        assert team.pulled()["1.0"] == team.image.digest
        team.sign("jenkins", f"with-{form.suffix[1:]}")


def test_a_key_that_another_signer_has_too_stays_and_that_is_said(team):
    team.admin.ok("signer", "add", "dave", team.gun, "--key", team.carol.public)
    left = team.admin.ok("signer", "remove", "carol", team.gun)
    (told,) = [w["message"] for w in left.document["warnings"] if w["code"] == "KEY_STAYS"]
    assert "of carol stays in targets/releases" in told and "targets/dave lists it too" in told
    team.sign("carol", "2.0")
    assert not [w for w in team.admin.ok("signer", "remove", "dave", team.gun, "--yes").document["warnings"] if w["code"] == "KEY_STAYS"]


def test_a_key_that_another_signer_has_is_told_when_it_replaces_one(team):
    rotated = team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", team.carol.public)
    (told,) = [w["message"] for w in rotated.document["warnings"] if w["code"] == "KEY_SHARED"]
    assert told == f"key {team.carol.key_id[:7]} of targets/jenkins is that of targets/carol too: what one signs is the other's as well"
    alone = team.admin.ok("signer", "rotate", "jenkins", team.gun, "--add", team.world.identity().public)
    assert not [w for w in alone.document["warnings"] if w["code"] == "KEY_SHARED"]


def test_a_signer_leaves_who_signed_last(team):
    leave = ["signer", "remove", "carol", team.gun]
    refused = team.admin.refused(10, *leave)
    assert "1.0" in refused.error[1]
    team.machines["jenkins"].ok(*hint_of(refused, "remaining-key-signs-first"))
    team.admin.ok(*leave)
    assert team.pulled() == {"1.0": team.image.digest}


def test_a_signer_leaves_at_once_and_what_they_signed_comes_back_when_another_signs(team):
    """carol cannot be waited for, and jenkins is on holiday."""
    team.admin.ok("signer", "remove", "carol", team.gun, "--yes")
    assert team.pulled() == {}
    unsigned = team.machines["jenkins"].refused(4, "sign", f"{team.gun}:2.0", "--oci-layout", team.image.layout)
    looked_at = team.machines["jenkins"].refused(4, *hint_of(unsigned, "role-signed-by-none-who-counts"))
    assert looked_at.error[1].endswith(": 1.0")
    team.machines["jenkins"].ok(*hint_of(looked_at, "content-of-others"))
    assert team.pulled() == {"1.0": team.image.digest}
    team.sign("jenkins", "2.0")


def test_the_last_signer_leaves_only_on_purpose(team):
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    team.admin.ok("signer", "remove", "carol", team.gun)
    leave = ["signer", "remove", "jenkins", team.gun]
    refused = team.admin.refused(2, *leave)
    assert refused.error == ("INVALID_ROLE", f"nobody would be left who signs targets/releases of {team.gun}")
    team.admin.ok(*leave, "--yes")
    assert team.pulled() == {}
    team.admin.ok("signer", "add", "carol", team.gun, "--key", team.carol.public)
    unsigned = team.machines["carol"].refused(4, "sign", f"{team.gun}:2.0", "--oci-layout", team.image.layout)
    looked_at = team.machines["carol"].refused(4, *hint_of(unsigned, "role-signed-by-none-who-counts"))
    team.machines["carol"].ok(*hint_of(looked_at, "content-of-others"))
    team.sign("carol", "2.0")
    assert team.pulled() == {"1.0": team.image.digest, "2.0": team.image.digest}


def test_the_snapshot_is_taken_from_the_server_only_on_purpose(team):
    rotate = ["repo", "rotate", team.gun, "snapshot"]
    refused = team.admin.refused(2, *rotate)
    assert "signs the snapshot" in refused.error[1] and "every signer can publish" in refused.error[1]
    team.sign("jenkins", "2.0")
    team.admin.ok(*hint_of(refused, "snapshot-of-the-server"))
    team.sign("jenkins", "3.0")
    team.admin.ok(*rotate, "--yes")
    broken = team.machines["jenkins"].refused(10, "sign", f"{team.gun}:4.0", "--oci-layout", team.image.layout)
    team.admin.ok(*hint_of(broken, "snapshot-of-clients"))
    team.sign("jenkins", "4.0")


def test_a_signer_of_a_repository_whose_snapshot_clients_hold_types_what_is_printed(world):
    """As notary makes one: the snapshot's key lies on the administrator's disk."""
    identity = world.identity()
    gun, notary = world.official_repository(identity, server_snapshot=False)
    passphrases = {"NOTARY_ROOT_PASSPHRASE": notary.root_passphrase,
                   **{f"NOTARY_{role}_PASSPHRASE": notary.passphrase for role in ("TARGETS", "SNAPSHOT", "DELEGATION")}}
    admin = world.client(trust_dir=notary.trust_dir, env=passphrases, pin=world.pin(gun))
    carol = world.identity()
    added = admin.ok("signer", "add", "carol", gun, "--key", carol.public)
    (warned,) = [w["message"] for w in added.document["warnings"] if w["code"] == "SNAPSHOT_BY_CLIENTS"]
    prepare = words_of(warned[warned.index("countersign "):])
    signer = world.ci(carol, pin=admin.pin)
    image = world.image()
    sign = ["sign", f"{gun}:1.0", "--oci-layout", image.layout, *carol.key_args]
    refused = signer.refused(10, *sign)
    assert hint_of(refused, "snapshot-of-clients") == prepare
    admin.ok(*prepare)
    signer.ok(*sign)
    assert world.notary().list(gun, "targets/releases")["1.0"][0] == image.digest
    # The official client that made the repository goes on with it.
    notary.addhash(gun, "2.0", image)
    assert set(world.notary().list(gun)) == {"1.0", "2.0"}


def test_what_is_still_due_after_a_refresh_is_said_with_the_keys_that_may_sign_it(team):
    refresh = ["repo", "refresh", team.gun, "--within-days", "2000"]
    office = team.admin.refused(5, *refresh)
    assert office.error[0] == "EXPIRY_DUE"
    assert office.repository["change"].endswith(": targets")
    assert {due["role"] for due in office.repository["still_due"]} == {"targets/releases", "targets/jenkins", "targets/carol"}
    keys = Hint.of(office, "role-due-elsewhere").values["keys"]
    assert all(f" of {due['role']}" in keys for due in office.repository["still_due"])
    jenkins = team.machines["jenkins"].refused(5, *hint_of(office, "role-due-elsewhere"))
    assert {due["role"] for due in jenkins.repository["still_due"]} == {"targets", "targets/carol"}
    assert jenkins.repository["change"].endswith(": targets/jenkins, targets/releases")
    everything = team.machine(team.jenkins, team.carol)
    rehearsed = everything.refused(5, *refresh, "--dry-run")
    assert {due["role"] for due in rehearsed.repository["still_due"]} == {"targets"}


def test_the_printed_step_of_a_rotation_is_run_with_a_key_on_a_token(team):
    new = team.world.identity("token-p256")
    rotated = team.admin.ok("signer", "rotate", "carol", team.gun, "--add", new.public)
    witness = next_of(rotated)[0]
    assert witness[-2:] == ["--key", new.key_id[:7]]
    carol = team.world.client(pin=team.admin.pin, env=new.env)
    nobody = carol.ok("key", "list", "--signing-key", new.key_id[:7], env={"COUNTERSIGN_PIN": ""})  # no log-in
    assert [key["canonical_id"] for key in nobody.document["keys"]] == [new.key_id]
    carol.ok(*witness)
    signed = {role["name"]: role["signed_by_key_ids"] for role in team.admin.ok("inspect", team.gun).repository["roles"]}
    assert new.key_id in signed["targets/carol"] and new.key_id in signed["targets/releases"]
    unknown = carol.refused(10, "witness", team.gun, "targets/carol", "--key", "0" * 8)
    assert unknown.error[0] == "KEY_NOT_FOUND"


def test_a_key_is_named_by_the_digits_that_are_printed(team):
    (key,) = [k for k in team.admin.ok("delegation", "list", team.gun).repository["delegations"]
              if k["name"] == "targets/carol"][0]["keys"]
    short = key["canonical_id"][:7]
    unknown = team.admin.refused(10, "delegation", "purge", team.gun, "--key", "0000000")
    assert unknown.error == ("KEY_NOT_FOUND", f"no delegation of {team.gun} lists a key whose ID begins with 0000000")
    team.admin.refused(2, "delegation", "purge", team.gun, "--key", "xyz")
    new = team.world.identity()
    team.admin.ok("signer", "rotate", "carol", team.gun, "--add", new.public)
    team.machines["jenkins"].ok("witness", team.gun, "targets/releases")
    team.machine(new).ok("witness", team.gun, "targets/carol")
    team.admin.ok("delegation", "purge", team.gun, "--key", short)
    assert key["canonical_id"] not in str(team.admin.ok("delegation", "list", team.gun).document)


def test_what_pullers_see_is_revoked_only_on_purpose(team):
    team.sign("jenkins", "2.0", "--role", "targets/jenkins")
    team.machines["jenkins"].ok("revoke", f"{team.gun}:2.0")  # nobody saw it
    refused = team.machines["jenkins"].refused(2, "revoke", f"{team.gun}:1.0")
    assert refused.error == ("USAGE", f"pullers of {team.gun} would no longer see 1.0")
    assert team.pulled() == {"1.0": team.image.digest}
    team.machines["jenkins"].ok("revoke", f"{team.gun}:1.0", "--dry-run")
    team.machines["jenkins"].ok("revoke", f"{team.gun}:1.0", "--yes")
    assert team.pulled() == {}


def test_a_whole_repository_is_revoked_only_on_purpose(team):
    for tag in ("2.0", "3.0"):
        team.sign("jenkins", tag)
    refused = team.machines["jenkins"].refused(2, "revoke", team.gun)
    assert "1.0, 2.0, 3.0" in refused.error[1]
    done = team.machines["jenkins"].ok("revoke", team.gun, "--yes")
    assert team.pulled() == {}
    assert [(t["name"], t["roles"]) for t in done.repository["targets"]] == [("1.0", ["targets/carol"])]
    team.machines["jenkins"].refused(6, "revoke", team.gun, "--yes")


def test_a_repository_that_was_seen_and_is_gone_is_not_created_again_by_itself(team):
    other = team.world.client(pin=team.admin.pin, env=team.admin.env)
    team.admin.ok("repo", "delete", team.gun, "--remote", "--yes")
    init = ["repo", "init", team.gun]
    refused = team.machines["jenkins"].refused(4, *init)
    assert refused.error[0] == "ROLLBACK"
    team.machines["jenkins"].ok(*hint_of(refused, "seen-here-and-gone"))
    made = other.ok(*init)  # with another root than the one that is pinned, which is said
    assert "ROOT_NOT_PINNED" in [warning["code"] for warning in made.document["warnings"]]


def test_whoever_may_not_move_a_tag_may_not_make_room_for_another_image_either(team):
    rules = [{"images": ["**"], "teams": ["ci"], "movers": ["ci"]}, {"images": ["**:release"], "teams": ["ci", "qa"], "movers": ["qa"]}]
    policy = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol}, rules, {"ci": ["jenkins"], "qa": ["carol"]})
    by_policy = ("--policy", policy)
    team.sign("carol", "release", "--role", "targets/carol", *by_policy)
    team.sign("jenkins", "release", *by_policy)
    revoke = ["revoke", f"{team.gun}:release", "--yes", *by_policy]
    refused = team.machines["jenkins"].refused(5, *revoke)
    assert refused.error[0] == "TAG_MOVED" and Hint.of(refused, "revoked-by-movers").values["movers"] == "carol"
    team.machines["carol"].ok(*revoke)


def test_nobody_is_told_to_sign_what_a_stranger_has_released(team):
    """carol is nobody to the policy."""
    policy = write_policy(team.world, {"jenkins": team.jenkins}, [{"images": ["**"]}])
    wanted = team.world.image("wanted")
    team.sign("carol", "9.9")
    subject = f"{team.gun}:9.9"
    explained = team.admin.refused(5, "verify", f"{subject}@{wanted.digest}", "--policy", policy, "--explain")
    reasons = {reason["code"]: reason["mend"] for reason in explained.target("9.9")["reasons"]}
    Hint.read(reasons["OTHER_DIGEST"], "verdict-released-by-a-stranger")
    assert Hint.read(reasons["SIGNATURES_MISSING"], "verdict-signature-missing").values["image"] == subject
    assert team.image.digest not in str(reasons)
    demanding = write_policy(team.world, {"jenkins": team.jenkins}, [{"images": ["**"], "roles": ["targets/audit"]}])
    missing = team.admin.refused(5, "verify", f"{team.gun}:1.0", "--policy", demanding, "--explain").target("1.0")["reasons"]
    assert Hint.read(missing[0]["mend"], "verdict-role-to-be-made").values["role"] == "targets/audit"
    # Whoever holds a demanded role holds it by the policy, too, though their signature counts for nothing else.
    held = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol},
                        [{"images": ["**"], "teams": ["ci"], "roles": ["targets/carol"]}], {"ci": ["jenkins"]})
    team.sign("jenkins", "3.0", "--role", "targets/jenkins")
    team.sign("carol", "3.0", "--role", "targets/carol", "--policy", held)
    team.sign("jenkins", "3.0", "--policy", held, "--quarantine")


def test_what_a_key_has_vouched_for_that_went_out_of_the_policy_is_nobodys(team):
    """Also on the machine that remembers what it has signed last."""
    both = write_policy(team.world, {"jenkins": team.jenkins, "carol": team.carol}, [{"images": ["**"]}])
    team.sign("carol", "evil", "--policy", both)
    team.sign("jenkins", "good", "--policy", both)
    only_ci = write_policy(team.world, {"jenkins": team.jenkins}, [{"images": ["**"]}])
    ci = team.machines["jenkins"]
    refresh = ["repo", "refresh", team.gun, "--within-days", "2000"]
    assert ci.refused(5, *refresh, "--policy", only_ci).error[0] == "FOREIGN_ENTRY"
    signed = team.sign("jenkins", "new", "--policy", only_ci, "--quarantine").repository
    assert signed["attempts"] == 1 and signed["targets"][0]["status"] == "signed"
    assert {entry["name"] for entry in signed["quarantined"]} == {"evil"}
    assert set(team.pulled()) == {"1.0", "good", "new"}
