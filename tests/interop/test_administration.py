"""The life of a repository after its set-up: signers come and go, keys change, roles are renewed, tags are revoked.
After every step the official client, with a trust directory of its own from the beginning and with a fresh one, reads
what pullers are to see."""
import pytest


@pytest.fixture
def store(notary_server):
    return notary_server


class Life:
    """A repository of two signers, jenkins and alice, with one tag of each, and those who watch it."""

    def __init__(self, world):
        self.world = world
        self.jenkins, self.alice = world.identity(), world.identity()
        self.gun, self.admin = world.repository(self.jenkins)
        self.admin.ok("signer", "add", "alice", self.gun, "--key", self.alice.public_form("pub"))
        self.images = {"1.0": world.image("one", "1.0"), "2.0": world.image("two", "2.0")}
        self.ci = world.ci(self.jenkins, pin=self.admin.pin)
        self.alices = world.ci(self.alice, pin=self.admin.pin)
        self.ci.sign(self.gun, "1.0", self.images["1.0"], *self.jenkins.key_args)
        self.alices.sign(self.gun, "2.0", self.images["2.0"], *self.alice.key_args)
        self.reader = world.client(pin=self.admin.pin)
        self.notary = world.notary()
        self.see("1.0", "2.0")

    def with_key(self, identity):
        """How an administrator names a signer's key beside those of the trust directory."""
        return ["--signing-key", identity.key_args[1]]

    def see(self, *tags):
        """What everybody sees, whether they know the repository or not."""
        expected = {tag: (self.images[tag].digest, self.images[tag].size) for tag in tags}
        for notary in (self.notary, self.world.notary()):
            assert {n: (d, s) for n, (d, s, _) in notary.list(self.gun, "targets/releases").items()} == expected
        assert {t: d for t, (d, _) in self.world.docker().signed_tags(self.gun).items()} == {
            tag: digest for tag, (digest, _) in expected.items()}
        for reader in (self.reader, self.world.client(pin=self.admin.pin)):
            listed = reader.ok("list", self.gun).repository["targets"]
            assert {t["name"]: (t["digest"], t["length"]) for t in listed if t["released"]} == expected

    def versions(self):
        return self.world.store.read(self.gun).versions


@pytest.fixture
def life(world):
    return Life(world)


def key_id(life, role):
    (key,) = [d for d in life.reader.ok("delegation", "list", life.gun).repository["delegations"]
              if d["name"] == role][0]["keys"]
    return key["canonical_id"]


def test_a_signer_goes_and_what_was_released_stays(life):
    life.admin.ok("signer", "remove", "alice", life.gun, *life.with_key(life.jenkins))
    life.see("1.0", "2.0")
    assert [s["Name"] for s in life.world.docker().inspect(life.gun)["Signers"]] == ["jenkins"]
    life.alices.refused(10, "sign", f"{life.gun}:3.0", "--oci-layout", life.images["1.0"].layout, *life.alice.key_args)
    life.images["3.0"] = life.world.image("three", "3.0")
    life.ci.sign(life.gun, "3.0", life.images["3.0"], *life.jenkins.key_args)
    life.see("1.0", "2.0", "3.0")
    life.admin.refused(6, "signer", "remove", "alice", life.gun)


def test_a_signer_whose_leaving_would_hide_tags_stays(life):
    before = life.world.store.state(life.gun)
    # alice was the last to sign the releases, and no key of jenkins is at hand.
    outcome = life.admin.refused(10, "signer", "remove", "alice", life.gun)
    assert "1.0, 2.0" in outcome.error[1]
    assert life.world.store.state(life.gun) == before
    # Once jenkins has signed, nobody needs alice's key.
    life.ci.ok("witness", life.gun, "targets/releases", *life.jenkins.key_args)
    life.admin.ok("signer", "remove", "alice", life.gun)
    life.see("1.0", "2.0")


def test_a_signer_gets_a_new_key_without_a_moment_in_which_tags_are_invisible(life):
    new = life.world.identity()
    old_id = key_id(life, "targets/jenkins")
    life.admin.ok("signer", "rotate", "jenkins", life.gun, "--add", new.public_form("pub"))
    life.see("1.0", "2.0")
    life.admin.ok("signer", "rotate", "jenkins", life.gun, "--remove", old_id, *life.with_key(new))
    life.see("1.0", "2.0")
    assert key_id(life, "targets/jenkins") != old_id
    life.images["3.0"] = life.world.image("three", "3.0")
    life.world.ci(new, pin=life.admin.pin).sign(life.gun, "3.0", life.images["3.0"], *new.key_args)
    life.see("1.0", "2.0", "3.0")
    life.ci.refused(10, "sign", f"{life.gun}:4.0", "--oci-layout", life.images["1.0"].layout, *life.jenkins.key_args)


def test_a_key_is_purged_from_every_role(life):
    old_id = key_id(life, "targets/alice")
    # It is alice's only key.
    assert "targets/alice" in life.admin.refused(2, "delegation", "purge", life.gun, "--key", old_id).error[1]
    new = life.world.identity()
    life.admin.ok("signer", "rotate", "alice", life.gun, "--add", new.public_form("pub"))
    life.admin.ok("delegation", "purge", life.gun, "--key", old_id, *life.with_key(new))
    listed = life.reader.ok("delegation", "list", life.gun).repository["delegations"]
    assert old_id not in [k["canonical_id"] for d in listed for k in d["keys"]]
    life.see("1.0", "2.0")


def test_tags_are_revoked_and_what_still_holds_them_is_said(life):
    outcome = life.alices.ok("revoke", f"{life.gun}:1.0", "--yes", *life.alice.key_args)
    assert [(t["name"], t["roles"], t["released"]) for t in outcome.repository["targets"]] == [
        ("1.0", ["targets/jenkins"], False)]
    life.see("2.0")
    life.ci.ok("revoke", f"{life.gun}:1.0", "--yes", *life.jenkins.key_args)
    assert "1.0" not in [t["name"] for t in life.reader.ok("list", life.gun).repository["targets"]]
    life.ci.refused(6, "revoke", f"{life.gun}:1.0", *life.jenkins.key_args)


@pytest.mark.parametrize("choice", ["--adopt", "--empty"])
def test_a_role_that_no_current_key_has_signed_is_adopted_or_emptied(life, choice):
    new = life.world.identity()
    # A delegation that is taken out and comes back with another key finds its old file, which nobody may read.
    life.admin.ok("delegation", "add", life.gun, "targets/qa", "--key", life.jenkins.public_form("pub"))
    life.ci.ok("sign", f"{life.gun}:1.0", "--oci-layout", life.images["1.0"].layout, "--role", "targets/qa",
               *life.jenkins.key_args)
    life.admin.ok("delegation", "remove", life.gun, "targets/qa")
    life.admin.ok("delegation", "add", life.gun, "targets/qa", "--key", new.public_form("pub"))
    states = {d["name"]: d["state"] for d in life.reader.ok("inspect", life.gun).repository["delegations"]}
    assert states["targets/qa"] == "below threshold"

    holder = life.world.ci(new, pin=life.admin.pin)
    outcome = holder.refused(4, "witness", life.gun, "targets/qa", *new.key_args)
    assert "1.0" in outcome.error[1]
    holder.ok("witness", life.gun, "targets/qa", choice, *new.key_args)
    roles = life.reader.ok("verify", f"{life.gun}:1.0").target("1.0")["roles"]
    assert ("targets/qa" in roles) is (choice == "--adopt")
    life.see("1.0", "2.0")
    # What can be read keeps what it holds, and that is said.
    kept = life.ci.ok("witness", life.gun, "targets/jenkins", choice, *life.jenkins.key_args)
    assert [w["code"] for w in kept.document["warnings"]] == (["NOT_EMPTIED"] if choice == "--empty" else [])
    life.see("1.0", "2.0")


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_a_top_role_gets_a_new_key_and_everybody_follows(life, role):
    args = ["--server-managed"] if role == "snapshot" else []
    before = life.world.store.read(life.gun)
    keys = sorted((life.admin.trust_dir / "private").iterdir())
    life.admin.ok("repo", "rotate", life.gun, role, *args)
    after = life.world.store.read(life.gun)
    ids = [d.signed("root")["roles"][role]["keyids"] for d in (before, after)]
    assert ids[0] != ids[1]
    assert set(keys) <= set((life.admin.trust_dir / "private").iterdir()), "an old key is gone"
    life.see("1.0", "2.0")
    # It can be done again, and the administrator can go on.
    life.admin.ok("repo", "rotate", life.gun, role, *args)
    life.admin.ok("signer", "add", "bob", life.gun, "--key", life.world.identity().public_form("pub"))
    life.see("1.0", "2.0")


def test_the_snapshot_of_an_official_repository_is_given_to_the_server(world):
    identity = world.identity()
    gun, notary = world.official_repository(identity, server_snapshot=False)
    admin = world.client(trust_dir=notary.trust_dir, pin=world.pin(gun),
                         env={"NOTARY_ROOT_PASSPHRASE": notary.root_passphrase,
                              **{f"NOTARY_{r}_PASSPHRASE": notary.passphrase
                                 for r in ("TARGETS", "SNAPSHOT", "DELEGATION")}})
    ci = world.ci(identity, pin=admin.pin)
    image = world.image()
    ci.refused(10, "sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args)
    admin.ok("repo", "prepare", gun)
    ci.sign(gun, "1.0", image, *identity.key_args)
    version = world.store.read(gun).versions["root"]
    admin.ok("repo", "prepare", gun)
    assert world.store.read(gun).versions["root"] == version
    assert set(world.notary().list(gun)) == {"1.0"}


def test_what_expires_within_the_given_time_is_signed_anew_once(life):
    before = life.versions()
    life.admin.ok("repo", "refresh", life.gun)
    assert life.versions() == before
    # What is signed today lives for 1095 days.
    life.admin.ok("repo", "refresh", life.gun, "--within-days", "1094")
    assert life.versions() == before
    life.see("1.0", "2.0")


def test_a_repository_is_deleted_with_yes_only_and_then_gone(life):
    before = life.world.store.state(life.gun)
    for remote in ([], ["--remote"]):
        life.admin.refused(2, "repo", "delete", life.gun, *remote)
    assert life.world.store.state(life.gun) == before
    life.admin.ok("repo", "delete", life.gun, "--yes")
    assert life.world.store.state(life.gun) == before
    life.admin.ok("repo", "delete", life.gun, "--remote", "--yes")
    assert life.world.store.state(life.gun) is None
    life.admin.refused(6, "repo", "delete", life.gun, "--remote", "--yes")
    life.reader.refused(6, "list", life.gun)


def test_releases_are_taken_out_only_with_consent_to_what_vanishes(life):
    before = life.world.store.state(life.gun)
    outcome = life.admin.refused(2, "delegation", "remove", life.gun, "targets/releases")
    assert "1.0, 2.0" in outcome.error[1]
    assert life.world.store.state(life.gun) == before
    life.admin.ok("delegation", "remove", life.gun, "targets/releases", "--yes")
    assert life.world.docker().inspect(life.gun)["SignedTags"] == []


def test_paths_are_taken_out_of_a_delegation(life):
    qa = life.world.identity()
    life.admin.ok("delegation", "add", life.gun, "targets/qa", "--key", qa.public_form("pub"), "--path", "qa-",
                  "--path", "test-")
    life.admin.ok("delegation", "remove", life.gun, "targets/qa", "--path", "test-")
    (found,) = [d for d in life.reader.ok("delegation", "list", life.gun).repository["delegations"]
                if d["name"] == "targets/qa"]
    assert found["paths"] == ["qa-"]
    assert "qa-" in life.notary.run("delegation", "list", life.gun).stdout
