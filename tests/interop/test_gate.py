"""The gate that every signature passes, attacked on a real notary-server: hostile signers write what no client writes,
and show every file under every role that lists its keys, which the server takes. In two forms: entries that say for
which role they were signed, and entries that do not (--no-bound, or by the official clients)."""
import datetime
import json
import shlex
import time

import pytest

from support.forged_keys import b64
from support.hints import Hint, without_carried
from support.hostile_signer import BOUND, HostileSigner, bound_to, entry_of, key_of, with_newline
from support.policies import released, write_policy

RELEASES, JENKINS, ALICE = "targets/releases", "targets/jenkins", "targets/alice"
BELOW = "targets/releases/x"
FORMS = {"bound": [], "unbound": ["--no-bound"]}
EVERYBODY = [{"images": ["registry.example.com/**"], "teams": ["ci"]}]
BOTH_TEAMS = [{"images": ["registry.example.com/**"], "teams": ["ci", "qa"]}]
PROVENANCE = "countersign.provenance/v1"


@pytest.fixture
def store(notary_local):
    return notary_local


class Scene:
    """jenkins is the CI, alice is QA, moby signs releases too and is nobody to the policy. Tag 1.0 is the CI's."""

    def __init__(self, world, form: str = "bound", rules=None):
        self.world, self.form = world, form
        self.jenkins, self.alice, self.moby = (world.identity() for _ in range(3))
        self.gun, self.admin = world.repository(self.jenkins)
        for name in ("alice", "moby"):
            self.admin.ok("signer", "add", name, self.gun, "--key", getattr(self, name).public)
        self.hostile = self.hand_of(self.moby)
        self.rules = rules or EVERYBODY
        self.policy, self.demanding = self.write_policy(), self.write_policy(bound="required")
        self.ci = self.machine_of(self.jenkins)
        self.cluster = world.client(pin=self.admin.pin)
        self.good, self.evil, self.next = (world.image(name) for name in ("good", "evil", "next"))
        self.sign("1.0", self.good, policy=not rules)

    def hand_of(self, *identities):
        return HostileSigner(self.world.store, self.gun, *identities)

    def machine_of(self, identity):
        return self.world.ci(identity, pin=self.admin.pin)

    def write_policy(self, users=("jenkins", "alice"), bound=None, **identities):
        users = {name: getattr(self, name) for name in users} | identities
        return write_policy(self.world, users, self.rules, {"ci": ["jenkins"], "qa": ["alice"]}, bound)

    def signing(self, tag, image, *args, who=None, policy=True):
        return ["sign", f"{self.gun}:{tag}", "--oci-layout", image.layout, *(["--policy", self.policy] if policy else []),
                *FORMS[self.form], *(who or self.jenkins).key_args, *args]

    def sign(self, tag, image, *args, **options):
        return self.ci.ok(*self.signing(tag, image, *args, **options))

    def entry(self, image, for_role: str) -> dict:
        """By a hostile hand, and in the bound form with a forged word for the role under which it will be shown."""
        return entry_of(image, {BOUND: bound_to(self.gun, for_role)} if self.form == "bound" else None)

    def stamp(self) -> bytes:
        """Equal before and after exactly if nothing was published."""
        return self.world.store.timestamp(self.gun)

    def refuses(self, client, command, *naming, error="FOREIGN_ENTRY"):
        before = self.stamp()
        outcome = client.refused(5, *command)
        assert outcome.error[0] == error, str(outcome)
        for text in naming:
            assert text in outcome.error[1], str(outcome)
        assert self.stamp() == before, "something was published"
        return outcome

    def refuses_evil(self, client, command, *naming, tag="evil"):
        outcome = self.refuses(client, command, f"{tag} ({self.evil.digest})", *naming)
        assert tag in [entry["name"] for entry in outcome.repository["foreign_entries"]]

    def drops(self, client, command, *names):
        outcome = client.renewed(*command, "--quarantine")
        assert sorted(e["name"] for e in outcome.repository["quarantined"]) == sorted(names), str(outcome)
        assert "warning[QUARANTINED]" in outcome.stderr
        return outcome

    def verdict(self, image, policy=None) -> str:
        """Of a tag, or of a digest (@sha256:…), as a cluster sees it."""
        name = image if image.startswith("@") else f":{image}"
        outcome = self.cluster.run("verify", self.gun + name, "--policy", policy or self.policy)
        (target,) = outcome.repository["targets"]
        assert outcome.exit_code == {"allowed": 0, "refused": 5}[target["verdict"]], str(outcome)
        self.reasons = target.get("reasons", [])
        return target["verdict"]

    def has_signed(self, role: str, identity) -> bool:
        signatures = json.loads(self.world.store.read(self.gun).files[role])["signatures"]
        return key_of(identity).id in [signature["keyid"] for signature in signatures]

    def tags(self, role: str) -> set[str]:
        return set(self.world.store.read(self.gun).targets(role))


def custom(scene, role: str, tag: str):
    return scene.world.store.read(scene.gun).signed(role)["targets"][tag].get("custom")


@pytest.fixture(params=FORMS)
def scene(request, world):
    return Scene(world, request.param)


@pytest.fixture
def bound_scene(world):
    return Scene(world)


@pytest.fixture(params=FORMS)
def two_teams(request, world):
    """Both teams must sign."""
    return Scene(world, request.param, BOTH_TEAMS)


# --- 1. Role swap -------------------------------------------------------------------------------------------------


def let_x_sign(scene):
    """Moby lets the CI's key sign targets/releases/x beside his own, and signs `evil` into it."""
    hostile, ci = scene.hostile, key_of(scene.jenkins)
    releases = hostile.file(RELEASES, lambda body: hostile.delegate_to(body, BELOW, *hostile.keys, ci))
    entries = {tag: scene.entry(scene.evil, JENKINS) for tag in ("evil", "other")}
    below = hostile.file(BELOW, lambda body: body["targets"].update(entries), ahead=100)
    scene.world.store.post(scene.gun, {RELEASES: releases, BELOW: below})


def nightly(scene):
    return ["repo", "refresh", scene.gun, "--within-days", "2000", "--signing-key", scene.jenkins.key_args[1]]


def revocation(scene):
    return ["revoke", f"{scene.gun}:1.0", "--yes", *scene.jenkins.key_args]


def next_tag(scene, tag="1.1"):
    return scene.signing(tag, scene.next, policy=False)


def show_as_jenkins(scene, role):
    """Posts the role's bytes as the CI's file, and puts evil into releases: what is left to do once the CI signed."""
    scene.hostile.show(role, JENKINS)
    scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, RELEASES)})


@pytest.mark.parametrize("command", [nightly, revocation, next_tag], ids=lambda f: f.__name__)
def test_a_role_below_releases_that_lists_the_ci_key_is_never_signed_on_the_way(scene, command):
    let_x_sign(scene)
    before = scene.world.store.read(scene.gun).files[BELOW]
    guarded = [*command(scene), "--policy", scene.policy]
    scene.refuses(scene.ci, guarded, f"delegation {BELOW}")
    scene.drops(scene.ci, guarded, BELOW)
    now = scene.world.store.read(scene.gun)
    assert now.files[BELOW] == before and not now.signed(RELEASES)["delegations"]["roles"]
    assert scene.verdict("evil") == "refused"


@pytest.mark.parametrize("command", [nightly, revocation, next_tag], ids=lambda f: f.__name__)
def test_a_role_below_releases_is_not_signed_without_a_policy_either(scene, command):
    let_x_sign(scene)
    before = scene.world.store.read(scene.gun).files[BELOW]
    scene.ci.renewed(*command(scene))
    assert scene.world.store.read(scene.gun).files[BELOW] == before
    # Without the CI's signature the server does not even take it as the CI's file.
    with pytest.raises(OSError):
        show_as_jenkins(scene, BELOW)
    assert scene.verdict("evil") == "refused"


def test_a_role_below_releases_that_is_named_passes_the_same_gate(scene):
    let_x_sign(scene)
    for command in (["witness", scene.gun, BELOW, *scene.jenkins.key_args],
                    ["revoke", f"{scene.gun}:other", "--yes", *scene.jenkins.key_args, "--role", BELOW],
                    scene.signing("1.1", scene.next, "--role", BELOW, "--role", JENKINS, policy=False)):
        scene.refuses_evil(scene.ci, [*command, "--policy", scene.policy])


def test_what_a_run_without_policy_signed_below_releases_proves_nothing_where_entries_must_be_bound(scene):
    let_x_sign(scene)
    command = ["witness", scene.gun, BELOW, *scene.jenkins.key_args]
    if scene.form == "bound":  # forged for the role under which it is to be shown: not even signed
        scene.refuses(scene.ci, command, "evil", "another role or repository")
        return
    scene.ci.ok(*command)
    show_as_jenkins(scene, BELOW)
    assert "evil" in scene.tags(JENKINS) and scene.has_signed(JENKINS, scene.jenkins)
    assert scene.verdict("evil", scene.demanding) == "refused"
    assert "does not say for which role it was signed" in json.dumps(scene.reasons)
    # What is then still possible (docs/policy.md): one key in two roles, a run without policy, nothing demanded.
    assert scene.verdict("evil") == "allowed"


def test_releases_as_the_ci_signed_it_proves_nothing_as_the_ci_own_file(scene):
    """No evil anywhere: what the guarded CI signed in releases is shown as its word."""
    scene.hostile.put(RELEASES, {}, ahead=100)
    scene.sign("1.1", scene.next)
    scene.hostile.show(RELEASES, JENKINS)
    roles = ["--role", RELEASES, "--role", JENKINS]
    if scene.form == "bound":
        for policy in (scene.policy, scene.demanding):
            assert scene.verdict("1.1", policy) == "refused"
            assert "was signed for another role or repository" in json.dumps(scene.reasons)
        outcome = scene.cluster.refused(6, "verify", f"{scene.gun}:1.1", *roles)
        assert outcome.error[0] == "NOT_SIGNED" and JENKINS in outcome.error[1]
        scene.refuses(scene.ci, next_tag(scene, "1.2"), "1.0, 1.1", "signed for another role or repository")
    else:  # the same tags as the CI has signed: nothing is gained
        assert scene.verdict("1.1") == "allowed" and scene.verdict("1.1", scene.demanding) == "refused"
        scene.cluster.ok("verify", f"{scene.gun}:1.1", *roles)


def test_a_careless_client_signs_any_word_and_this_program_signs_none_that_is_forged(scene):
    """The CI signs a tag with the official client, and so the whole file with evil in it."""
    scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, JENKINS)}, ahead=100)
    forged = scene.form == "bound"
    for guarded in ([], ["--policy", scene.policy], ["--policy", scene.policy, "--no-resign-guard"]):
        if forged or guarded == ["--policy", scene.policy]:
            scene.refuses(scene.ci, [*next_tag(scene), *guarded], "evil")
    careless = scene.world.notary()
    careless.import_key(scene.jenkins.key_args[1])
    careless.addhash(scene.gun, "1.1", scene.next, RELEASES, JENKINS)
    scene.hostile.show(RELEASES, JENKINS)
    assert "evil" in scene.tags(JENKINS) and scene.has_signed(JENKINS, scene.jenkins)
    # What another program signs unseen is beyond this one: evil itself carries the right word.
    assert scene.verdict("evil", scene.demanding) == ("allowed" if forged else "refused")


def test_the_ci_own_file_shown_as_releases_is_noticed_and_signed_for_releases_again(bound_scene):
    """Whoever may push can do it, and so release what the CI has only signed for itself."""
    scene = bound_scene
    scene.sign("9.9", scene.next, "--role", JENKINS)
    scene.hand_of(scene.jenkins).put(JENKINS, {}, ahead=100)  # it must be the newer one
    scene.hostile.show(JENKINS, RELEASES)
    scene.refuses(scene.ci, next_tag(scene), "1.0, 9.9", "signed for another role or repository")
    again = ["witness", scene.gun, RELEASES, *scene.jenkins.key_args]
    scene.refuses(scene.ci, again, "1.0, 9.9")
    scene.refuses(scene.ci, [*again, "--policy", scene.policy], "1.0", "9.9")
    scene.ci.ok(*again, "--bind", "--policy", scene.policy)
    assert custom(scene, RELEASES, "1.0") == {BOUND: bound_to(scene.gun, RELEASES)}
    scene.ci.ok(*next_tag(scene))


# --- 2. Another key in the identity's own role ----------------------------------------------------------------------


@pytest.fixture(params=["added", "rotating"])
def second_key(request, scene):
    """targets/jenkins lists two keys; evil was signed into it with the one that is not at hand: a colleague's, or
    one that was stolen and is being rotated. Returns who signs with the other one."""
    if request.param == "added":
        scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", scene.moby.public)
        thief, scene.new = scene.moby, scene.jenkins
    else:
        thief, scene.new = scene.jenkins, scene.world.identity()
        scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", scene.new.public)
        scene.policy = scene.write_policy(jenkins=scene.new)
        scene.demanding = scene.write_policy(jenkins=scene.new, bound="required")
    scene.hand_of(thief).put(JENKINS, {"evil": scene.entry(scene.evil, JENKINS)})
    scene.thief, scene.ci = thief, scene.machine_of(scene.new)
    return scene


def test_what_another_key_put_into_the_identity_role_stops_the_guarded_run(second_key):
    scene = second_key
    scene.refuses_evil(scene.ci, scene.signing("1.1", scene.next, who=scene.new))
    # That key is now the only one on the file, so it vouches for nothing that stands there.
    scene.drops(scene.ci, scene.signing("1.1", scene.next, who=scene.new), "1.0", "1.0", "evil")
    assert scene.tags(JENKINS) == {"1.1"}
    assert scene.verdict("1.1") == "allowed" and scene.verdict("evil") == "refused"


def test_what_another_key_put_into_the_identity_role_is_shown_and_unbound_without_a_policy(second_key):
    scene = second_key
    outcome = scene.ci.ok(*scene.signing("1.1", scene.next, who=scene.new, policy=False))
    (warning,) = [w for w in outcome.document["warnings"] if w["code"] == "ADOPTED"]
    assert "evil" in warning["message"] and JENKINS in warning["message"]
    assert "evil" in outcome.repository["signed_anew"][0]["entries"]
    assert custom(scene, JENKINS, "evil") is None
    scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, RELEASES)})
    assert scene.verdict("evil", scene.demanding) == "refused"


@pytest.mark.parametrize("how", ["refused", "dropped", "listed"])
def test_a_stolen_key_does_not_launder_its_entries_in_the_documented_order(scene, how):
    new = scene.world.identity()
    scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", new.public)
    scene.hand_of(scene.jenkins).put(JENKINS, {"evil": scene.entry(scene.evil, JENKINS)})
    command = ["signer", "rotate", "jenkins", scene.gun, "--remove", scene.jenkins.key_id, "--signing-key",
               new.key_args[1]]
    policy = scene.write_policy(jenkins=new)  # whose key was stolen is taken out of the policy first
    if how == "refused":
        scene.refuses_evil(scene.admin, [*command, "--policy", policy])
    elif how == "dropped":
        outcome = scene.admin.ok(*command, "--policy", policy, "--quarantine")
        assert "evil" in [e["name"] for e in outcome.repository["quarantined"]]
        assert "evil" not in scene.tags(JENKINS)
    else:
        outcome = scene.admin.ok(*command)
        (role,) = [role for role in outcome.repository["signed_anew"] if role["role"] == JENKINS]
        assert role["adopted"] and "evil" in role["entries"]
        assert custom(scene, JENKINS, "evil") is None
        scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, RELEASES)})
        assert scene.verdict("evil", scene.write_policy(jenkins=new, bound="required")) == "refused"


# --- 3. Delegations inside releases ---------------------------------------------------------------------------------


def delegate_x(scene, identity):
    """Moby lets the key sign below releases, which is where `evil` is: official clients serve it."""
    hostile, key = scene.hostile, key_of(identity)
    releases = hostile.file(RELEASES, lambda body: hostile.delegate_to(body, BELOW, key))
    below = hostile.file(BELOW, lambda body: body["targets"].update(evil=scene.entry(scene.evil, BELOW)), keys=[key])
    scene.world.store.post(scene.gun, {RELEASES: releases, BELOW: below})
    official = scene.world.notary()
    assert official.lookup(scene.gun, "evil") == (scene.evil.digest, scene.evil.size)
    return official


def removal(scene):
    return ["signer", "remove", "moby", scene.gun, "--signing-key", scene.jenkins.key_args[1]]


@pytest.mark.parametrize("how", ["refused", "dropped", "listed"])
def test_a_delegation_inside_releases_to_a_friend_does_not_survive_its_signer_unseen(scene, how):
    official = delegate_x(scene, scene.world.identity())
    if how == "refused":
        scene.refuses(scene.admin, [*removal(scene), "--policy", scene.policy], f"delegation {BELOW}")
    elif how == "dropped":
        scene.drops(scene.admin, [*removal(scene), "--policy", scene.policy], BELOW)
        assert official.run("lookup", scene.gun, "evil", check=False).returncode != 0
    else:
        outcome = scene.admin.ok(*removal(scene))
        (role,) = [role for role in outcome.repository["signed_anew"] if role["role"] == RELEASES]
        assert role["delegations"] == [BELOW]


@pytest.mark.parametrize("guarded", [False, True])
def test_what_a_signer_has_delegated_to_themselves_inside_releases_goes_with_them(scene, guarded):
    official = delegate_x(scene, scene.moby)
    scene.admin.ok(*removal(scene), *(["--policy", scene.policy] if guarded else []))
    assert official.run("lookup", scene.gun, "evil", check=False).returncode != 0
    data = scene.world.store.read(scene.gun)
    assert scene.moby.key_id not in data.delegation(RELEASES)["keyids"]
    assert not data.signed(RELEASES)["delegations"]["roles"]


# --- 4. Commands of administrators ----------------------------------------------------------------------------------


def with_key(scene, *command):
    return [*command, "--signing-key", scene.jenkins.key_args[1]]


ADMINISTRATION = {
    "signer remove": lambda s: with_key(s, "signer", "remove", "moby", s.gun),
    "signer rotate": lambda s: with_key(s, "signer", "rotate", "moby", s.gun, "--add", s.world.identity().public,
                                        "--remove", s.moby.key_id),
    "delegation remove": lambda s: with_key(s, "delegation", "remove", s.gun, RELEASES, "--key", s.moby.key_id),
    "delegation purge": lambda s: with_key(s, "delegation", "purge", s.gun, "--key", s.moby.key_id),
    "witness": lambda s: with_key(s, "witness", s.gun, RELEASES),
    "repo repair": lambda s: with_key(s, "repo", "repair", s.gun),
    "repo refresh": lambda s: with_key(s, "repo", "refresh", s.gun, "--within-days", "2000"),
}


# What goes is the signature that the policy asks for; whoever goes by no policy still gets every tag.
SILENCING = {
    "signer rotate": lambda s: ["signer", "rotate", "jenkins", s.gun, "--remove", s.jenkins.key_id],
    "delegation purge": lambda s: ["delegation", "purge", s.gun, "--key", s.jenkins.key_id],
    "delegation remove": lambda s: ["delegation", "remove", s.gun, JENKINS],
    "delegation remove --key": lambda s: ["delegation", "remove", s.gun, JENKINS, "--key", s.jenkins.key_id],
    "delegation remove --path": lambda s: ["delegation", "remove", s.gun, JENKINS, "--path", ""],
}


@pytest.mark.parametrize("name", SILENCING)
def test_what_the_policy_allows_vanishes_with_a_signer_only_with_yes(bound_scene, name):
    scene, stranger = bound_scene, bound_scene.world.identity()
    scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", stranger.public)
    if name.endswith("--path"):
        scene.admin.ok("delegation", "add", scene.gun, JENKINS, "--path", "2.")
    command = [*SILENCING[name](scene), "--policy", scene.policy, "--signing-key", stranger.key_args[1]]
    before = scene.stamp()
    assert "no longer see 1.0" in scene.admin.refused(2, *command).error[1]
    assert scene.admin.ok(*command, "--dry-run").repository["would_hide"] == ["1.0"]
    assert scene.stamp() == before and scene.verdict("1.0") == "allowed"
    scene.admin.ok(*command, "--yes")
    assert scene.verdict("1.0") == "refused" and "1.0" in scene.tags(RELEASES)


@pytest.mark.parametrize("name", ADMINISTRATION)
def test_no_command_of_an_administrator_adopts_unseen(scene, name):
    file = scene.hostile.file(RELEASES, lambda body: body["targets"].update(evil=scene.entry(scene.evil, RELEASES)))
    scene.world.store.post(scene.gun, {RELEASES: with_newline(file) if name == "repo repair" else file})
    if name == "delegation purge":  # no role may be left without a key
        scene.admin.ok("delegation", "add", scene.gun, "targets/moby", "--key", scene.alice.public)
    command = ADMINISTRATION[name](scene)
    scene.refuses_evil(scene.admin, [*command, "--policy", scene.policy])

    plan = scene.admin.renewed(*command, "--dry-run")  # nothing is refused without a policy, and all is told
    (role,) = [role for role in plan.repository["signed_anew"] if role["role"] == RELEASES]
    assert role["entries"] == ["1.0", "evil"]
    assert "would sign anew in targets/releases: 1.0, evil" in scene.admin.run(*command, "--dry-run", output="text").stdout

    scene.drops(scene.admin, [*command, "--policy", scene.policy], "evil")
    assert released(scene.world, scene.gun) == {"1.0": scene.good.digest}


def test_a_key_of_targets_that_belongs_to_a_user_signs_nothing_foreign_either(scene):
    """`targets` is the administrator's; with a key of the CI it would be the CI's word."""
    scene.admin.ok("sign", f"{scene.gun}:evil", "--oci-layout", scene.evil.layout, "--role", "targets", *FORMS[scene.form])
    command = ["repo", "rotate", scene.gun, "targets", "--key", scene.jenkins.key_args[1]]
    scene.refuses_evil(scene.admin, [*command, "--policy", scene.policy])
    plan = scene.admin.ok(*command, "--dry-run")
    assert plan.repository["signed_anew"][0]["entries"] == ["evil"]
    scene.drops(scene.admin, [*command, "--policy", scene.policy], "evil")
    assert scene.tags("targets") == set()


# --- 5. Memory ------------------------------------------------------------------------------------------------------


def test_a_tag_revoked_on_another_machine_does_not_come_back_through_what_this_one_remembers(scene):
    scene.sign("1.1", scene.evil)
    everything = scene.world.store.read(scene.gun).signed(RELEASES)["targets"]
    scene.machine_of(scene.jenkins).ok("revoke", f"{scene.gun}:1.1", "--yes", *scene.jenkins.key_args)
    scene.hostile.put(RELEASES, everything)  # the CI's own words, as they stood there
    scene.refuses_evil(scene.ci, scene.signing("1.2", scene.next), tag="1.1")
    scene.drops(scene.ci, scene.signing("1.2", scene.next), "1.1")
    assert scene.tags(RELEASES) == {"1.0", "1.2"}


# --- 6. Everything that an entry says -------------------------------------------------------------------------------


def longer(entry, by):
    entry["length"] += by


def say(entry, **members):
    entry["custom"] = entry.get("custom", {}) | members


CHANGES = {
    "5 bytes less": lambda entry: longer(entry, -5),
    "5 bytes more": lambda entry: longer(entry, 5),
    "another SHA-512": lambda entry: entry["hashes"].update(sha512=b64(b"x" * 64)),
    "1 MiB of custom data": lambda entry: say(entry, note="x" * (1 << 20)),
    "provenance that nobody claimed": lambda entry: say(entry, **{PROVENANCE: {"ref": "refs/heads/main"}}),
    "custom data that is no object": lambda entry: entry.update(custom="a text"),
    "no SHA-256": lambda entry: entry.update(hashes={"sha512": b64(b"x" * 64)}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_entry_that_says_more_than_who_counts_has_said_is_not_signed(scene, change):
    entry = scene.world.store.read(scene.gun).signed(RELEASES)["targets"]["1.0"]  # the CI's own, with its own word
    CHANGES[change](entry)
    scene.hostile.put(RELEASES, {"1.0": entry})
    scene.refuses(scene.ci, scene.signing("1.1", scene.next), "1.0 (")
    # Who signs the tag again says what it is, and nothing of the rest stays.
    scene.ci.ok(*scene.signing("1.0", scene.good, "--quarantine"))
    mended = scene.world.store.read(scene.gun).signed(RELEASES)["targets"]["1.0"]
    assert mended["length"] == scene.good.size and list(mended["hashes"]) == ["sha256"]
    assert mended.get("custom") == ({BOUND: bound_to(scene.gun, RELEASES)} if scene.form == "bound" else None)
    scene.sign("1.1", scene.next)


# --- 7. Who must sign -----------------------------------------------------------------------------------------------


def test_one_team_does_not_stand_for_all(two_teams):
    scene = two_teams
    qa = scene.machine_of(scene.alice)
    qa.ok(*scene.signing("1.0", scene.good, who=scene.alice))
    command = scene.signing("evil", scene.evil, who=scene.alice, policy=False)
    qa.ok(*command)  # alice has her key in targets/alice and targets/releases, as `signer add` makes it
    assert scene.tags(RELEASES) == {"1.0", "evil"}
    renewal = [*nightly(scene), "--policy", scene.policy]
    scene.refuses_evil(scene.ci, renewal, "alice")
    scene.hand_of(scene.alice).put(RELEASES, {}, ahead=100)
    scene.drops(scene.ci, renewal, "evil")
    scene.hand_of(scene.alice).show(RELEASES, JENKINS)
    assert scene.verdict("evil") == "refused"


def test_a_claim_of_one_team_is_not_signed_along_as_that_of_another(world):
    """The rule asks the CI for the branch; the CI says feature, alice says main of the same image."""
    scene = Scene(world, "unbound", [BOTH_TEAMS[0] | {"provenance": {"branch": "main"}, "provenance_by": ["ci"]}])
    scene.sign("2.0", scene.next, "--annotate", "branch=feature", policy=False)
    claim = {"2.0": entry_of(scene.next, {PROVENANCE: {"branch": "main"}})}
    alice = scene.hand_of(scene.alice)
    for tag in ("1.0", "2.0"):
        scene.machine_of(scene.alice).ok(*scene.signing(tag, scene.good if tag == "1.0" else scene.next,
                                                        "--role", ALICE, who=scene.alice, policy=False))
    alice.put(ALICE, claim)
    alice.put(RELEASES, claim, ahead=100)
    assert scene.verdict("2.0") == "refused"
    scene.refuses(scene.ci, [*nightly(scene), "--policy", scene.policy], f"2.0 ({scene.next.digest})", "alice")


# --- 8. Tags that never move, and digests ---------------------------------------------------------------------------


@pytest.mark.parametrize("roles", [[], ["--role", RELEASES], ["--role", JENKINS]], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_an_immutable_tag_does_not_move_by_revoking_it_first(world, form, roles):
    scene = Scene(world, form, [EVERYBODY[0] | {"immutable_tags": ["v*"]}])
    scene.sign("v1", scene.good)
    scene.refuses(scene.ci, ["revoke", f"{scene.gun}:v1", "--yes", *scene.jenkins.key_args, "--policy", scene.policy, *roles],
                  f"v1 of {scene.gun}", scene.good.digest, error="TAG_IMMUTABLE")
    # Whoever signs releases takes it out there: the identity still says which image it is.
    scene.hostile.write(RELEASES, lambda body: body["targets"].pop("v1"))
    for moving in ([], ["--allow-move"], ["--quarantine"]):
        scene.refuses(scene.ci, scene.signing("v1", scene.evil, *moving), "v1", error="TAG_IMMUTABLE")


def test_a_digest_alone_must_meet_every_rule_that_speaks_of_it(world):
    strict, weak = BOTH_TEAMS[0], {"images": ["registry.example.com/**:dev-*"], "teams": ["ci"]}
    scene = Scene(world, "bound", [strict, weak])
    for tag in ("v1", "dev-1"):
        scene.sign(tag, scene.good, policy=False)
    digest = f"@{scene.good.digest}"
    assert scene.verdict("dev-1") == scene.verdict(f"dev-1{digest}") == "allowed"
    assert scene.verdict("v1") == scene.verdict(f"v1{digest}") == scene.verdict(digest) == "refused"
    listed = world.folder("images") / "images"
    listed.write_text(f"{scene.gun}{digest}\n")
    scene.cluster.refused(5, "verify", "--policy", scene.policy, "--images-from", listed)


# --- Siblings -------------------------------------------------------------------------------------------------------


def test_a_file_of_another_repository_with_the_same_key_proves_nothing(scene):
    other = Scene(scene.world, scene.form)
    other.gun, admin = scene.world.repository(scene.jenkins)
    ci = scene.world.ci(scene.jenkins, pin=admin.pin)
    other.jenkins = scene.jenkins
    ci.ok(*other.signing("evil", scene.evil, policy=False))  # signed there, on purpose
    hand = HostileSigner(scene.world.store, other.gun, scene.jenkins)
    before = scene.world.store.read(scene.gun).versions[JENKINS]
    if before >= scene.world.store.read(other.gun).versions[JENKINS]:
        ci.ok(*other.signing("more", scene.evil, policy=False))
    hand.show(JENKINS, JENKINS, into=scene.gun)
    scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, RELEASES)})
    assert scene.has_signed(JENKINS, scene.jenkins) and "evil" in scene.tags(JENKINS)
    demanded = ["--role", RELEASES, "--role", JENKINS]
    assert scene.verdict("evil", scene.demanding) == "refused"
    if scene.form == "bound":
        assert scene.verdict("evil") == "refused"
        scene.cluster.refused(6, "verify", f"{scene.gun}:evil", *demanded)
        scene.refuses(scene.ci, next_tag(scene), "evil", "another role or repository")
        scene.refuses_evil(scene.ci, scene.signing("1.1", scene.next))
    else:  # the limit that docs/policy.md tells
        assert scene.verdict("evil") == "allowed"
        scene.cluster.ok("verify", f"{scene.gun}:evil", *demanded)


MALFORMED = {"a number": 1, "null": None, "an object": {}, "a list": [], "an empty text": "", "too long": "x" * 1000,
             "with padding": "=="}


@pytest.mark.parametrize("word", MALFORMED)
def test_a_word_that_nobody_understands_counts_as_one_for_elsewhere(bound_scene, word):
    scene = bound_scene
    value = bound_to(scene.gun, JENKINS) + "==" if word == "with padding" else MALFORMED[word]
    scene.hand_of(scene.jenkins).put(JENKINS, {"odd": entry_of(scene.evil, {BOUND: value})})
    scene.hostile.put(RELEASES, {"odd": entry_of(scene.evil, {BOUND: value})})
    assert scene.verdict("odd") == "refused"
    for guarded in ([], ["--policy", scene.policy], ["--policy", scene.policy, "--no-resign-guard"]):
        scene.refuses(scene.ci, [*next_tag(scene), *guarded], "odd")
    scene.ci.ok(*next_tag(scene), "--policy", scene.policy, "--quarantine")
    assert scene.tags(RELEASES) == scene.tags(JENKINS) == {"1.0", "1.1"}


def test_a_role_of_two_signatures_passes_the_gate_with_both_keys(scene):
    """A run that holds both keys signs evil for neither of their users."""
    pair = "targets/pair"
    scene.admin.ok("delegation", "add", scene.gun, pair, "--key", scene.jenkins.public, "--key", scene.alice.public,
                   "--threshold", "2")
    both = scene.hand_of(scene.jenkins, scene.alice)
    scene.hostile.put(RELEASES, {"evil": scene.entry(scene.evil, pair)}, ahead=100)
    guarded = scene.signing("1.1", scene.next, *scene.alice.key_args)
    scene.refuses_evil(scene.ci, guarded)
    scene.drops(scene.ci, guarded, "evil")
    assert {"1.1"} <= scene.tags(pair)
    both.show(RELEASES, pair)  # with both signatures, but without evil
    assert scene.verdict("evil") == "refused" and "evil" not in scene.tags(pair)


def test_what_has_expired_is_not_revived_with_what_is_foreign_in_it(scene):
    soon = datetime.datetime.utcnow() + datetime.timedelta(seconds=2)  # the server takes nothing that has expired

    def expire(body):
        body["expires"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
        body["targets"]["evil"] = scene.entry(scene.evil, RELEASES)
    scene.hostile.write(RELEASES, expire)
    time.sleep(3)
    for command in (nightly, revocation, next_tag):
        scene.refuses_evil(scene.ci, [*command(scene), "--policy", scene.policy])
    scene.drops(scene.ci, [*nightly(scene), "--policy", scene.policy], "evil")
    assert released(scene.world, scene.gun) == {"1.0": scene.good.digest}


def test_an_identity_signs_its_own_entries_again_though_its_paths_have_changed(scene):
    """No attack: an honest run is not refused."""
    scene.admin.ok("delegation", "add", scene.gun, "targets/paths", "--key", scene.jenkins.public, "--path", "1.",
                   "--path", "2.")
    scene.sign("1.5", scene.good)
    scene.admin.ok("delegation", "remove", scene.gun, "targets/paths", "--path", "1.")
    scene.sign("2.0", scene.next)


@pytest.mark.parametrize("demanded", [False, True])
def test_a_repository_is_bound_anew_by_witness_and_by_signing_again(world, demanded):
    scene = Scene(world, "unbound")
    assert scene.verdict("1.0", scene.demanding) == "refused"
    policy = scene.demanding if demanded else scene.policy
    command = ["witness", scene.gun, RELEASES, JENKINS, "--bind", *scene.jenkins.key_args, "--policy", policy]
    if demanded:  # unbound entries count for nothing: they are signed again, on purpose
        scene.refuses(scene.ci, command, "1.0")
        scene.form, scene.policy = "bound", scene.demanding
        scene.sign("1.0", scene.good)
    else:
        scene.ci.ok(*command)
    for role in (RELEASES, JENKINS):
        assert custom(scene, role, "1.0") == {BOUND: bound_to(scene.gun, role)}
    assert scene.verdict("1.0", scene.demanding) == "allowed"


def test_what_others_put_into_a_file_of_this_identity_is_bound_only_by_whoever_asks_for_it(world):
    """Whatever `targets/jenkins` holds counts while the policy only prefers bound entries; --bind makes that last."""
    scene = Scene(world, "unbound")
    scene.hostile.put(RELEASES, {"evil": entry_of(scene.evil)})
    scene.sign("1.1", scene.next, policy=False)
    scene.hostile.show(RELEASES, JENKINS)
    witness = ["witness", scene.gun, JENKINS, *scene.jenkins.key_args]
    scene.ci.ok(*witness, "--policy", scene.policy)
    assert custom(scene, JENKINS, "evil") is None
    assert scene.verdict("evil", scene.demanding) == "refused"
    assert scene.ci.refused(2, *witness, "--bind").error[0] == "USAGE"


# --- What stands around an entry ------------------------------------------------------------------------------------


def test_what_somebody_says_of_an_image_never_becomes_the_word_of_whoever_signs_the_image(world):
    """Of a tag that is asked for, an entry that is bound elsewhere is written anew, with all that it said."""
    scene = Scene(world)
    scene.ci.ok(*revocation(scene))
    claim = {PROVENANCE: {"ref": "refs/heads/main"}, BOUND: "x"}
    scene.hostile.put(RELEASES, {"2.0": entry_of(scene.next, claim)})
    for shown in (False, True):
        if shown:
            scene.hostile.show(RELEASES, JENKINS)
        scene.sign("2.0", scene.next, policy=False)
        assert [PROVENANCE in custom(scene, role, "2.0") for role in (RELEASES, JENKINS)] == [False, False]


@pytest.mark.parametrize("name", ["e1;touch PWNED;", "a b", "é", "a/b", "$(touch PWNED)", "it's"])
def test_the_command_that_takes_a_hostile_name_out_is_one_that_a_shell_takes_for_that(world, name):
    scene = Scene(world)
    scene.hostile.put(RELEASES, {name: scene.entry(scene.evil, JENKINS)})
    refused = scene.ci.refused(5, *scene.signing("1.1", scene.next, policy=False))
    words = Hint.of(refused, "entries-of-elsewhere").words
    assert words == ["revoke", f"{scene.gun}:{name}", "--role", RELEASES, "--yes"]
    scene.ci.ok(*words, *scene.jenkins.key_args)
    assert name not in scene.tags(RELEASES)
    scene.ci.ok(*scene.signing("1.1", scene.next, policy=False))


@pytest.mark.parametrize("count, row", [(3, "entries-of-elsewhere"), (11, "entries-of-elsewhere-without-name")])
def test_the_command_takes_out_every_entry_of_elsewhere_not_the_first_alone(world, count, row):
    scene = Scene(world)
    scene.hostile.put(RELEASES, {f"evil {i}": scene.entry(scene.evil, JENKINS) for i in range(count)})
    refused = scene.ci.refused(5, *scene.signing("1.1", scene.next, policy=False))
    words = Hint.of(refused, row).words
    scene.ci.ok(*[scene.policy if word == "FILE" else word for word in words], *scene.jenkins.key_args)
    assert not [tag for tag in scene.tags(RELEASES) if tag.startswith("evil")]
    scene.ci.ok(*scene.signing("1.1", scene.next, policy=False))


def test_what_the_policy_allows_is_bound_anew_as_the_hint_says(world):
    scene = Scene(world)
    scene.hostile.put(RELEASES, {"1.0": scene.entry(scene.good, JENKINS)})
    refused = scene.ci.refused(5, *scene.signing("1.1", scene.next, policy=False))
    _, *bind = shlex.split(without_carried(Hint.of(refused, "entries-of-elsewhere").commands[1]))
    scene.ci.ok(*[scene.policy if word == "FILE" else word for word in bind], *scene.jenkins.key_args)
    scene.ci.ok(*scene.signing("1.1", scene.next, policy=False))
    assert custom(scene, RELEASES, "1.0")[BOUND] == bound_to(scene.gun, RELEASES)


@pytest.mark.parametrize("name", ["\u202egnp", "a\u2066b", "\u200f"])
def test_a_name_that_cannot_be_typed_is_taken_out_by_a_command_that_does_not_name_it(world, name):
    scene = Scene(world)
    scene.hostile.put(RELEASES, {name: scene.entry(scene.evil, JENKINS)})
    refused = scene.ci.refused(5, *scene.signing("1.1", scene.next, policy=False))
    take_out, bind = (shlex.split(without_carried(command))
                      for command in Hint.of(refused, "entries-of-elsewhere-without-name").commands)
    assert (take_out[:5], bind[:5]) == (["countersign", "witness", scene.gun, RELEASES, "--policy"],) * 2
    scene.ci.ok(*[scene.policy if word == "FILE" else word for word in take_out[1:]], *scene.jenkins.key_args)
    assert name not in scene.tags(RELEASES)


def test_a_delegation_that_another_key_has_made_here_is_told(world):
    scene = Scene(world)
    second = world.identity()
    scene.admin.ok("signer", "rotate", "jenkins", scene.gun, "--add", second.public)
    hostile = scene.hand_of(second)
    hostile.write(JENKINS, lambda body: hostile.delegate_to(body, "targets/jenkins/x", key_of(scene.moby)))
    outcome = scene.sign("1.1", scene.next, policy=False)
    (warning,) = [w for w in outcome.document["warnings"] if w["code"] == "ADOPTED"]
    assert "delegation targets/jenkins/x" in warning["message"]


def test_a_key_that_is_not_enough_is_not_called_a_stranger(world):
    scene = Scene(world)
    raise_threshold = ["delegation", "add", scene.gun, RELEASES, "--key", scene.moby.public, "--threshold", "2"]
    both = ["--signing-key", scene.jenkins.key_args[1], "--signing-key", scene.moby.key_args[1]]
    # As it is signed, everything in it would vanish.
    assert "1.0" in scene.admin.refused(10, *raise_threshold).error[1]
    scene.admin.ok(*raise_threshold, *both)
    assert released(world, scene.gun) == {"1.0": scene.good.digest}
    refused = scene.ci.refused(10, *scene.signing("1.1", scene.next, policy=False))
    assert "needs 2 signatures, and 1 of its keys is at hand" in refused.error[1]
    scene.ci.ok(*scene.signing("1.1", scene.next, policy=False), *scene.moby.key_args)


def test_a_role_that_needs_several_signatures_lists_each_key_once(world):
    """Official clients would take one signature under two IDs for two."""
    scene = Scene(world)
    add = ["delegation", "add", scene.gun, RELEASES, "--key", scene.moby.certificate]
    refused = scene.admin.refused(2, *add, "--threshold", "2")
    assert refused.error[0] == "INVALID_ROLE" and "one key twice" in refused.error[1]
    scene.admin.ok(*add)


# --- Official clients -----------------------------------------------------------------------------------------------


def raw_entry(scene, role, tag) -> bytes:
    """As it stands in the file, byte for byte."""
    text = scene.world.store.read(scene.gun).files[role].decode()
    start = text.index(f'"{tag}":{{"custom"')
    return text[start:text.index("}", text.index('"length"', start))].encode()


def test_official_clients_read_and_sign_beside_bound_entries_and_leave_them_as_they_are(bound_scene):
    scene = bound_scene
    before = {role: raw_entry(scene, role, "1.0") for role in (RELEASES, JENKINS)}
    assert all(BOUND.encode() in entry for entry in before.values())
    notary = scene.world.notary()
    notary.import_key(scene.jenkins.key_args[1])
    assert notary.lookup(scene.gun, "1.0") == (scene.good.digest, scene.good.size)
    notary.addhash(scene.gun, "1.1", scene.next, RELEASES, JENKINS)
    assert released(scene.world, scene.gun) == {"1.0": scene.good.digest, "1.1": scene.next.digest}
    assert {role: raw_entry(scene, role, "1.0") for role in before} == before
    notary.run("remove", scene.gun, "1.1", "-r", RELEASES, "-r", JENKINS, "-p")
    assert released(scene.world, scene.gun) == {"1.0": scene.good.digest}
    assert {role: raw_entry(scene, role, "1.0") for role in before} == before
    assert scene.world.docker().signed_tags(scene.gun) == {"1.0": (scene.good.digest, ["jenkins"])}
    scene.sign("1.2", scene.next)
    assert scene.verdict("1.0", scene.demanding) == scene.verdict("1.2", scene.demanding) == "allowed"


def test_docker_signs_beside_bound_entries_and_pulls_them(shop):
    world = shop.world
    repository = shop.registry.repository()
    gun = f"{shop.registry.host}/{repository}"
    docker = world.docker()
    public = docker.generate_key("alice")
    identity = world.identity()
    _, admin = world.repository(identity, gun=gun)
    admin.ok("signer", "add", "alice", gun, "--key", public)
    ours, theirs = world.image("ours"), world.image("theirs")
    for tag, image in (("ours", ours), ("theirs", theirs)):
        shop.registry.push(repository, tag, image)
    world.ci(identity, pin=admin.pin).sign(gun, "ours", ours, *identity.key_args)
    before = world.store.read(gun).signed(RELEASES)["targets"]["ours"]
    assert before["custom"] == {BOUND: bound_to(gun, RELEASES)}
    shop.engine.docker("pull", f"{gun}:theirs")
    docker.trust("sign", f"{gun}:theirs", engine=shop.engine)
    assert world.store.read(gun).signed(RELEASES)["targets"]["ours"] == before
    tags = world.docker().signed_tags(gun)
    assert tags["ours"] == (ours.digest, ["jenkins"]) and tags["theirs"][1] == ["alice"]
    assert f"Digest: {ours.digest}" in world.docker().pull(f"{gun}:ours", shop.engine).stdout
    assert shop.engine.digests(gun) >= {ours.digest}
