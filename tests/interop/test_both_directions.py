"""What one program writes the others read: each command that notary or docker has too, once from either side, on the
trust directory that all three share. (Signing, set-up and rotation stand in test_sign, test_official_repositories and
test_alternation.)"""
import itertools
import re

import pytest

from support.forged_keys import ec_key
from support.identities import self_signed
from support.keys import canonical_key_id
from support.process import clean_environment, run

RELEASES = "targets/releases"
_numbers = itertools.count(1)


@pytest.fixture
def store(notary_local):
    return notary_local


class Office:
    """The administrator of a repository with one trust directory for countersign, notary and docker."""

    def __init__(self, world, *, signers=("jenkins",)):
        self.world = world
        self.docker = world.docker()
        self.notary = world.notary(trust_dir=self.docker.trust_dir, passphrase=self.docker.passphrase,
                                   root_passphrase=self.docker.root_passphrase)
        self.ours = self.user(self.docker)
        self.gun = world.store.gun()
        self.ours.init(self.gun)
        self.keys = {name: ec_key(f"both directions {next(_numbers)}") for name in signers}
        self.image = world.image()
        for name in signers:
            self.ours.ok("signer", "add", name, self.gun, "--key", self.public(name))

    def user(self, docker, **options):
        return self.world.client(trust_dir=docker.trust_dir, env={
            "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": docker.root_passphrase,
            "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": docker.passphrase}, **options)

    def private(self, name):
        return self.keys[name].write(self.ours.work / f"{name}.pem")

    def public(self, name):
        path = self.ours.work / f"{name}.pub"
        run(["/usr/bin/openssl", "pkey", "-in", self.private(name), "-pubout", "-out", path],
            env=clean_environment(self.ours.home), cwd=self.ours.work)
        return path

    def certificate(self, name):
        return self_signed(self.keys[name].private, self.ours.work / f"{name}.crt", name)

    def key(self, name):
        """The key of that signer, for a command of ours."""
        return ["--signing-key", self.private(name)]

    def sign(self, name, tag, *args):
        self.world.client(pin=self.ours.pin).sign(self.gun, tag, self.image, "--key", self.private(name), *args)

    def signers(self):
        """As docker and countersign name them, which is the same."""
        by_docker = {s["Name"]: sorted(k["ID"] for k in s["Keys"]) for s in self.docker.inspect(self.gun)["Signers"]}
        ours = self.ours.ok("inspect", self.gun).repository["delegations"]
        assert {d["name"].removeprefix("targets/"): sorted(k["canonical_id"] for k in d["keys"])
                for d in ours if d["name"] != RELEASES} == by_docker
        return by_docker

    def delegations(self):
        """As notary and countersign list them, which is the same: role -> paths, keys, threshold."""
        by_notary, role = {}, None
        for line in self.notary.run("delegation", "list", self.gun).stdout.splitlines():
            found = re.fullmatch(r"\s*(targets/\S+)?\s+(.*?)\s+([0-9a-f]{64})\s*(\d+)?\s*", line)
            if not found:
                continue
            role = found[1] or role
            entry = by_notary.setdefault(role, ([], [], int(found[4] or 0)))
            entry[0].extend(path for path in found[2].split(",") if path)
            entry[1].append(found[3])
        by_notary = {role: (sorted(p.replace('"" <all paths>', "") for p in paths), sorted(keys), threshold)
                     for role, (paths, keys, threshold) in by_notary.items()}
        ours = {d["name"]: (sorted(d["paths"]), sorted(k["canonical_id"] for k in d["keys"]), d["threshold"])
                for d in self.ours.ok("delegation", "list", self.gun).repository["delegations"]}
        assert ours == by_notary
        return ours

    def released(self):
        """As everybody sees it, who was here before or not."""
        ours = {t["name"] for t in self.ours.ok("list", self.gun).repository["targets"] if t["released"]}
        assert set(self.notary.list(self.gun, RELEASES)) == set(self.world.notary().list(self.gun, RELEASES)) == ours
        assert set(self.docker.signed_tags(self.gun)) == set(self.world.docker().signed_tags(self.gun)) == ours
        return ours


def ids(office, *names):
    return sorted(office.keys[name].id for name in names)


@pytest.mark.parametrize("remover", ["docker", "ours"])
def test_signers_come_and_go(world, remover):
    office = Office(world, signers=("jenkins", "alice"))
    office.sign("alice", "1.0")
    office.sign("jenkins", "2.0")  # now jenkins has signed the releases last
    assert office.signers() == {"jenkins": ids(office, "jenkins"), "alice": ids(office, "alice")}
    # Whoever adds, a second key under the same name is one of the same signer.
    office.keys["second"] = ec_key(f"both directions {next(_numbers)}")
    if remover == "docker":
        office.ours.ok("signer", "add", "alice", office.gun, "--key", office.certificate("second"))
    else:
        office.docker.trust("signer", "add", "--key", office.certificate("second"), "alice", office.gun)
    assert office.signers()["alice"] == ids(office, "alice", "second")

    if remover == "docker":
        office.docker.trust("signer", "remove", "--force", "alice", office.gun)
    else:
        office.ours.ok("signer", "remove", "alice", office.gun, *office.key("jenkins"))
    assert office.signers() == {"jenkins": ids(office, "jenkins")}
    assert office.delegations()[RELEASES][1] == ids(office, "jenkins")
    assert office.released() == {"1.0", "2.0"}


@pytest.mark.parametrize("writer", ["notary", "ours"])
def test_delegations_with_paths_and_keys(world, writer):
    office = Office(world)
    office.keys |= {name: ec_key(f"both directions {next(_numbers)}") for name in ("one", "two")}
    role, one, two = "targets/qa", office.certificate("one"), office.public("two")

    def do(ours, theirs):
        if writer == "ours":
            office.ours.ok("delegation", *ours)
        else:
            office.notary.run("delegation", *theirs, "-p")

    do(["add", office.gun, role, "--key", one, "--key", two, "--path", "qa/", "--path", "test/"],
       ["add", office.gun, role, one, two, "--paths", "qa/,test/"])
    assert office.delegations()[role] == (["qa/", "test/"], ids(office, "one", "two"), 1)
    do(["remove", office.gun, role, "--path", "test/"], ["remove", office.gun, role, "--paths", "test/"])
    do(["remove", office.gun, role, "--key", office.keys["two"].id],
       ["remove", office.gun, role, office.keys["two"].id])
    assert office.delegations()[role] == (["qa/"], ids(office, "one"), 1)
    do(["remove", office.gun, role], ["remove", office.gun, role, "-y"])
    assert role not in office.delegations()


@pytest.mark.parametrize("writer", ["notary", "ours"])
def test_a_key_is_purged(world, writer):
    office = Office(world, signers=("jenkins", "alice"))
    office.ours.ok("signer", "add", "bob", office.gun, "--key", office.public("alice"), "--key", office.public("jenkins"))
    office.sign("jenkins", "1.0")
    if writer == "ours":
        office.ours.ok("signer", "rotate", "alice", office.gun, "--add", office.public("jenkins"))
        office.ours.ok("delegation", "purge", office.gun, "--key", office.keys["alice"].id, *office.key("jenkins"))
        assert office.delegations()["targets/alice"][1] == ids(office, "jenkins")
    else:
        office.notary.run("delegation", "purge", office.gun, "--key", office.keys["alice"].id, "-p")
        # notary leaves a role without keys, which nobody can use.
        states = {d["name"]: d["state"] for d in office.ours.ok("inspect", office.gun).repository["delegations"]}
        assert states["targets/alice"] != "usable"
    keys = {d["name"]: [k["canonical_id"] for k in d["keys"]]
            for d in office.ours.ok("delegation", "list", office.gun).repository["delegations"]}
    assert keys[RELEASES] == keys["targets/bob"] == ids(office, "jenkins")
    assert office.released() == {"1.0"}


def test_tags_are_taken_out_by_either(world):
    office = Office(world)
    for tag in ("1.0", "2.0", "3.0", "4.0"):
        office.sign("jenkins", tag)
    signer = world.docker()
    signer.trust("key", "load", "--name", "jenkins", office.private("jenkins"))
    notary = world.notary(trust_dir=signer.trust_dir, passphrase=signer.passphrase)
    ours = office.user(signer, pin=office.ours.pin)
    ours.ok("revoke", f"{office.gun}:1.0", "--yes")
    assert office.released() == {"2.0", "3.0", "4.0"}
    notary.run("remove", office.gun, "2.0", "-r", RELEASES, "-r", "targets/jenkins", "-p")
    assert office.released() == {"3.0", "4.0"}
    assert ours.refused(6, "verify", f"{office.gun}:2.0").error[0] == "NOT_SIGNED"
    signer.trust("revoke", f"{office.gun}:3.0")
    assert office.released() == {"4.0"}
    # The key that docker loaded signs for all three.
    signer.trust("sign", f"{office.gun}:4.0")
    notary.addhash(office.gun, "5.0", office.image, RELEASES, "targets/jenkins")
    ours.sign(office.gun, "6.0", office.image)
    assert office.released() == {"4.0", "5.0", "6.0"}
    signer.trust("revoke", "-y", office.gun)
    assert office.released() == set()


@pytest.mark.parametrize("writer", ["notary", "ours"])
def test_a_snapshot_key_of_clients(world, writer):
    """Rotated to a local key by one, used by the other, given to the server by the first."""
    office = Office(world)
    administrator, other = (office.ours, office.notary) if writer == "ours" else (office.notary, office.ours)
    if writer == "ours":
        office.ours.ok("repo", "rotate", office.gun, "snapshot", "--yes")
    else:
        office.notary.run("key", "rotate", office.gun, "snapshot")
    assert not world.store.signs(office.gun, "snapshot")
    assert sorted(office.notary.key_roles().values()).count("snapshot") == 1
    # A signer without the snapshot key cannot publish, the administrator with either program can.
    stranger = world.client(pin=office.ours.pin)
    refused = stranger.refused(10, "sign", f"{office.gun}:1.0", "--oci-layout", office.image.layout, "--key",
                               office.private("jenkins"))
    assert "repo prepare" in refused.stderr
    office.notary.import_key(office.private("jenkins"))
    office.notary.addhash(office.gun, "1.0", office.image, RELEASES, "targets/jenkins")
    office.ours.sign(office.gun, "2.0", office.image, *office.key("jenkins"))
    assert office.released() == {"1.0", "2.0"}
    if writer == "ours":
        office.ours.ok("repo", "prepare", office.gun)
    else:
        office.notary.run("key", "rotate", office.gun, "snapshot", "-r")
    assert world.store.signs(office.gun, "snapshot")
    stranger.sign(office.gun, "3.0", office.image, "--key", office.private("jenkins"))
    assert office.released() == {"1.0", "2.0", "3.0"}
    assert administrator is not other


def test_deleted_by_either_and_made_anew_by_the_other(world):
    office = Office(world)
    office.sign("jenkins", "1.0")
    office.ours.ok("repo", "delete", office.gun, "--remote", "--yes")
    gone = office.notary.run("list", office.gun, check=False)
    assert gone.returncode != 0 and "does not have trust data" in gone.stderr + gone.stdout
    office.notary.init(office.gun)
    assert office.docker.inspect(office.gun)["SignedTags"] == []
    fresh = world.client(pin=world.pin(office.gun))
    assert fresh.ok("list", office.gun).repository["targets"] == []
    office.notary.run("delete", office.gun, "--remote")
    assert fresh.refused(6, "list", office.gun).error[0] == "NO_TRUST_DATA"
    office.ours.pin = None
    pin = office.ours.init(office.gun)
    assert world.docker().inspect(office.gun)["AdministrativeKeys"][0]["Keys"] == [{"ID": pin}]
    assert world.notary().list(office.gun) == {}


def test_keys_go_from_one_program_to_the_others(world):
    office = Office(world, signers=())
    # Made by countersign: notary and docker sign with it.
    ours = office.ours.ok("key", "generate", "ours").document["key"]
    public = office.ours.work / "ours.pub"
    assert canonical_key_id(public) == ours["canonical_id"]
    assert office.notary.key_roles()[ours["canonical_id"]] == "ours"
    office.docker.trust("signer", "add", "--key", public, "ours", office.gun)
    office.notary.addhash(office.gun, "1.0", office.image, RELEASES, "targets/ours")
    office.docker.trust("sign", f"{office.gun}:1.0")
    assert office.docker.signed_tags(office.gun) == {"1.0": (office.image.digest, ["ours"])}

    # Made by notary into files, exported by notary, made by docker: countersign imports and signs.
    maker = world.notary(passphrase=office.docker.passphrase)
    maker.run("key", "generate", "ecdsa", "-r", "theirs", "-o", maker.home / "theirs")
    docker = world.docker(passphrase=office.docker.passphrase)
    docker.generate_key("dockers")
    exporter = world.notary(trust_dir=docker.trust_dir, passphrase=docker.passphrase)
    exporter.run("key", "export", "-o", maker.home / "exported.pem")
    for name, private, public in (("theirs", maker.home / "theirs-key.pem", maker.home / "theirs.pem"),
                                  ("dockers", maker.home / "exported.pem", docker.home / "dockers.pub")):
        user = world.client(env=office.ours.env, pin=office.ours.pin)
        (imported,) = user.ok("key", "import", private).document["keys"]
        assert imported["canonical_id"] == canonical_key_id(public)
        office.ours.ok("signer", "add", name, office.gun, "--key", public)
        user.sign(office.gun, f"by-{name}", office.image)
        # And notary uses what countersign has imported.
        again = world.notary(trust_dir=user.trust_dir, passphrase=docker.passphrase)
        assert again.key_roles()[imported["canonical_id"]] == imported["label"]
        again.run("witness", office.gun, f"targets/{name}", "-p")
    assert office.released() == {"1.0", "by-theirs", "by-dockers"}
    assert sorted(office.signers()) == ["dockers", "ours", "theirs"]
