"""The documented life of a repository (reference, appendix B), by countersign alone, by notary alone, and by both in
turns on the same trust directories: it ends in the same state, whoever did what."""
import json
from types import SimpleNamespace

import pytest

from support.forged_keys import ec_key
from support.identities import self_signed
from support.process import clean_environment, run

RELEASES, JENKINS = "targets/releases", "targets/jenkins"
TOP = ("root", "targets", "snapshot", "timestamp")


@pytest.fixture(params=["notary_local", pytest.param("notary_signer", marks=pytest.mark.slow)])
def store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def given(world):
    """What every run starts from: the same name, keys and images."""
    folder = world.folder("given")
    root, releases, jenkins = (ec_key(f"alternation {name}") for name in ("root", "releases", "jenkins"))
    files = {name: key.write(folder / f"{name}.pem") for name, key in
             (("root", root), ("releases", releases), ("jenkins", jenkins))}
    certificate = self_signed(releases.private, folder / "rel.crt", "releases")
    public = folder / "jenkins.pub"
    run(["/usr/bin/openssl", "pkey", "-in", files["jenkins"], "-pubout", "-out", public],
        env=clean_environment(folder), cwd=folder)
    return SimpleNamespace(gun=world.store.gun(), files=files, certificate=certificate, public=public,
                           image=world.image(), second=world.image("second", "2.0"))


class User:
    """One person with one trust directory, and both programs."""

    def __init__(self, world):
        root_passphrase, passphrase = world.secrets.new(), world.secrets.new()
        self.notary = world.notary(root_passphrase=root_passphrase, passphrase=passphrase)
        self.ours = world.client(trust_dir=self.notary.trust_dir, env={
            "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": root_passphrase,
            "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": passphrase})


class Run:
    def __init__(self, world, given):
        self.world, self.given, self.gun = world, given, given.gun
        self.admin, self.ci = User(world), User(world)

    def target(self, tag, image):
        return f"{self.gun}:{tag}@{image.digest}", "--size", image.size

    # What each step is for countersign (ours) and for notary (theirs).

    def ours_import(self):
        self.admin.ours.ok("key", "import", self.given.files["root"], "--role", "root")
        self.ci.ours.ok("key", "import", self.given.files["releases"], self.given.files["jenkins"])

    def theirs_import(self):
        self.admin.notary.import_key(self.given.files["root"], "root")
        for name in ("releases", "jenkins"):
            self.ci.notary.import_key(self.given.files[name])

    def ours_init(self):
        self.admin.ours.ok("repo", "init", self.gun)

    def theirs_init(self):
        self.admin.notary.run("init", self.gun, "-p")

    def ours_snapshot(self):
        self.admin.ours.ok("repo", "prepare", self.gun)

    def theirs_snapshot(self):
        self.admin.notary.run("key", "rotate", self.gun, "snapshot", "-r")

    def ours_releases(self):
        self.admin.ours.ok("delegation", "add", self.gun, RELEASES, "--key", self.given.certificate)

    def theirs_releases(self):
        self.admin.notary.add_delegation(self.gun, RELEASES, self.given.certificate)

    def ours_jenkins(self):
        self.admin.ours.ok("delegation", "add", self.gun, JENKINS, "--key", self.given.public)

    def theirs_jenkins(self):
        self.admin.notary.add_delegation(self.gun, JENKINS, self.given.public)

    def ours_sign(self):
        self.ci.ours.pin = self.world.pin(self.gun)
        self.ci.ours.ok("sign", *self.target("1.0", self.given.image))

    def theirs_sign(self):
        image = self.given.image
        self.ci.notary.run("addhash", self.gun, "1.0", image.size, "--sha256", image.hex, "-r", RELEASES, "-r", JENKINS)
        self.ci.notary.run("publish", self.gun)

    def ours_witness(self):
        self.ci.ours.pin = self.world.pin(self.gun)
        self.ci.ours.ok("witness", self.gun, RELEASES)

    def theirs_witness(self):
        self.ci.notary.run("witness", self.gun, RELEASES, "-p")

    def ours_root(self):
        self.admin.ours.ok("repo", "rotate", self.gun, "root")

    def theirs_root(self):
        self.admin.notary.run("key", "rotate", self.gun, "root", answer="yes\n")

    def ours_administrator(self):
        self.admin.ours.ok("sign", *self.target("2.0", self.given.second), "--role", "targets")

    def theirs_administrator(self):
        self.admin.notary.addhash(self.gun, "2.0", self.given.second)

    def ours_removal(self):
        self.admin.ours.ok("delegation", "remove", self.gun, JENKINS)

    def theirs_removal(self):
        self.admin.notary.run("delegation", "remove", self.gun, JENKINS, "-y", "-p")

    def ours_deletion(self):
        self.admin.ours.ok("repo", "delete", self.gun, "--remote", "--yes")

    def theirs_deletion(self):
        self.admin.notary.run("delete", self.gun, "--remote")

    def versions(self):
        data = self.world.store.read(self.gun)
        return {role: data.versions[role] for role in (*TOP, RELEASES, JENKINS) if role in data.files}


# The step, and how many versions it raises root, targets, snapshot, timestamp, targets/releases and targets/jenkins by.
STEPS = [("releases", (0, 1, 1, 1, 0, 0)), ("jenkins", (0, 1, 1, 1, 0, 0)), ("sign", (0, 0, 1, 1, 1, 1)),
         ("witness", (0, 0, 1, 1, 1, 0)), ("root", (1, 0, 1, 1, 0, 0)), ("administrator", (0, 1, 1, 1, 0, 0)),
         ("removal", (0, 1, 1, 1, 0, 0))]
# notary signs targets and snapshot twice before it publishes them first; countersign does not, and has the server
# manage the snapshot from the beginning.
AFTER_INIT = {"ours": (1, 1, 1, 1), "theirs": (1, 2, 2, 1)}
AFTER_SNAPSHOT = {("ours", "ours"): (1, 1, 1, 1), ("ours", "theirs"): (2, 1, 2, 2),
                  ("theirs", "ours"): (2, 2, 3, 2), ("theirs", "theirs"): (2, 2, 3, 2)}
# Appendix B, last row.
END_OF_NOTARY = {"root": 3, "targets": 6, "snapshot": 10, "timestamp": 9, RELEASES: 2, JENKINS: 1}
RUNS = {"ours alone": ("ours", "ours"), "theirs alone": ("theirs", "theirs"), "ours first": ("ours", "theirs"),
        "theirs first": ("theirs", "ours")}


def live(run, who):
    """who: by whom the steps are done in turns."""
    order = [who[n % 2] for n in range(4 + len(STEPS))]

    def do(number, step):
        getattr(run, f"{order[number]}_{step}")()

    do(0, "import")
    do(1, "init")
    assert tuple(run.versions().values()) == AFTER_INIT[order[1]]
    do(2, "snapshot")
    assert tuple(run.versions().values()) == AFTER_SNAPSHOT[tuple(order[1:3])]
    for number, (step, raised) in enumerate(STEPS, 3):
        before = run.versions()
        do(number, step)
        after = run.versions()
        assert tuple(after.get(role, 0) - before.get(role, 0) for role in (*TOP, RELEASES, JENKINS)) == raised, step
    if set(who) == {"theirs"}:
        assert run.versions() == END_OF_NOTARY


def state(run):
    """What everybody sees in the end. Keys that every run makes for itself stand under the name of their role."""
    world, gun = run.world, run.gun
    by_docker = world.docker().inspect(gun)
    (by_countersign,) = json.loads(world.client(pin=world.pin(gun)).ok("inspect", gun, output="docker").stdout)
    assert by_countersign == by_docker
    data = world.store.read(gun)
    root = data.signed("root")
    for keys in by_docker["AdministrativeKeys"]:
        role = {"Root": "root", "Repository": "targets"}[keys["Name"]]
        assert [key["ID"] for key in keys["Keys"]] == root["roles"][role]["keyids"]
        keys["Keys"] = len(keys["Keys"])
    notary, reader = world.notary(), world.client(pin=world.pin(gun))
    bodies = {role: {name: member for name, member in data.signed(role).items() if name not in ("version", "expires")}
              for role in data.files if role.startswith("targets")}
    # Our entries alone say for which role they were signed; the rest of them is the same.
    for body in bodies.values():
        for entry in body["targets"].values():
            if set(entry.get("custom") or {}) == {"countersign.bound/v1"}:
                del entry["custom"]
    listed = reader.ok("list", gun).repository["targets"]
    return {
        "docker trust inspect": by_docker, "notary list": notary.list(gun),
        "notary list -r": {role: notary.list(gun, role) for role in ("targets", RELEASES, JENKINS)},
        "notary delegation list": notary.run("delegation", "list", gun).stdout,
        "countersign list": [(t["name"], t["digest"], t["length"], t["roles"], t["released"]) for t in listed],
        "files": bodies, "thresholds": {role: (r["threshold"], len(r["keyids"])) for role, r in root["roles"].items()},
        "keys kept": sorted(notary_labels(run)),
    }


def notary_labels(run):
    """The keys at hand in the end. Where the client began with a snapshot key of its own it may still be there."""
    return {label for user in (run.admin, run.ci) for label in user.notary.key_roles().values()} - {"snapshot"}


def test_whoever_takes_which_step_the_repository_ends_in_the_same_state(world, given):
    states = {}
    for name, who in RUNS.items():
        alternation = Run(world, given)
        live(alternation, who)
        states[name] = state(alternation)
        getattr(alternation, f"{who[1]}_deletion")()
        assert world.store.read(given.gun) is None
    expected = states["theirs alone"]
    assert expected["notary list"] == {
        "1.0": (given.image.digest, given.image.size, RELEASES),
        "2.0": (given.second.digest, given.second.size, "targets")}
    for name, found in states.items():
        assert found == expected, name
