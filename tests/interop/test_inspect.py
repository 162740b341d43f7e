"""inspect --output docker and --pretty print what docker trust inspect prints, whatever the repository looks like."""
import json

import pytest


@pytest.fixture
def store(notary_local):
    return notary_local


# Numbers of every kind, and what comes before and after them.
TAGS = ["1.10", "1.9", "1.2", "1.02", "1.2-rc1", "v1.10", "v1.9", "latest", "Latest", "_x", "10", "9", "010", "a1b",
        "a01b", "a1", "20261122", "3.0.0", "3.0"]


@pytest.fixture
def varied(world):
    """Tags of two signers, of one, of the administrator, of nobody who releases; a signer without tags, one with
    two keys, one for some tags only."""
    jenkins, alice, zoe = world.identity(), world.identity("openssl-rsa-pem"), world.identity()
    gun, admin = world.repository(jenkins)
    admin.ok("signer", "add", "alice", gun, "--key", alice.public_form("pub"), "--key", zoe.public_form("certificate"))
    for name in ["zoe", "s9", "s10"]:
        admin.ok("signer", "add", name, gun, "--key", zoe.public_form("pub"))
    admin.ok("delegation", "add", gun, "targets/qa", "--key", alice.public_form("pub"), "--path", "qa-")
    one, other = world.image("one"), world.image("other")
    ci, alices = (world.ci(identity, pin=admin.pin) for identity in (jenkins, alice))

    def sign(client, identity, tags, image, *roles):
        args = [a for role in roles for a in ("--role", role)]
        for tag in tags:
            client.ok("sign", f"{gun}:{tag}", "--oci-layout", f"{image.layout}:1.0", *identity.key_args, *args)

    sign(ci, jenkins, TAGS, one)
    sign(alices, alice, ["1.9", "latest"], one, "targets/alice")
    sign(alices, alice, ["1.10", "only-alice"], other, "targets/alice")
    sign(alices, alice, ["released-by-nobody"], other, "targets/releases")
    sign(alices, alice, ["qa-1"], other, "targets/qa")
    admin.ok("sign", f"{gun}:by-admin", "--oci-layout", f"{other.layout}:1.0", "--role", "targets")
    return gun, admin.pin


def test_json_and_text_are_those_of_docker(world, varied):
    gun, pin = varied
    ours, docker = world.client(pin=pin), world.docker()
    for tag in ["", ":1.9", ":1.10", ":by-admin"]:
        printed = ours.ok("inspect", gun + tag, output="docker").stdout
        expected = json.loads(docker.trust("inspect", gun + tag).stdout)
        assert json.loads(printed) == expected
        assert expected[0]["SignedTags"], "the comparison would say nothing"
        pretty = ours.ok("inspect", gun + tag, "--pretty", output="text").stdout
        assert pretty == docker.trust("inspect", "--pretty", gun + tag).stdout


def test_a_repository_without_tags_and_signers_is_shown_as_docker_shows_it(world):
    gun = world.store.gun()
    admin = world.admin()
    admin.init(gun)
    docker = world.docker()
    printed = admin.ok("inspect", gun, output="docker").stdout
    assert json.loads(printed) == json.loads(docker.trust("inspect", gun).stdout)
    assert admin.ok("inspect", gun, "--pretty", output="text").stdout == docker.trust("inspect", "--pretty", gun).stdout


def test_a_tag_that_targets_and_releases_hold_with_two_digests_is_shown_twice(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    world.ci(identity, pin=admin.pin).sign(gun, "1.0", world.image("one"), *identity.key_args)
    admin.sign(gun, "1.0", world.image("other"), "--role", "targets")
    (printed,) = json.loads(admin.ok("inspect", gun, output="docker").stdout)
    expected = world.docker().inspect(gun)
    assert len(expected["SignedTags"]) == 2
    # Docker's own order of the two changes from run to run.
    for answer in (printed, expected):
        answer["SignedTags"].sort(key=lambda row: row["Digest"])
    assert printed == expected


@pytest.mark.parametrize("command", ["inspect", "delegation list"])
def test_who_signed_a_file_is_told_beside_who_may(world, command):
    """So that whoever rotates a key sees when the old one may go."""
    old, new = world.identity(), world.identity()
    gun, admin = world.repository(old)
    world.ci(old, pin=admin.pin).sign(gun, "1.0", world.image(), *old.key_args)
    admin.ok("signer", "rotate", "jenkins", gun, "--add", new.public)
    reader = world.client(pin=admin.pin)

    def signed_by():
        delegations = reader.ok(*command.split(), gun).repository["delegations"]
        keys = {d["name"]: {k["canonical_id"]: k["signed"] for k in d["keys"]} for d in delegations}
        assert all(set(by_id) == {old.key_id, new.key_id} for by_id in keys.values())
        rows = [line.split() for line in reader.ok(*command.split(), gun, output="text").stdout.splitlines() if line]
        return keys, {row[0]: row for row in rows if row[0].startswith("targets/")}

    keys, rows = signed_by()
    for role in ("targets/releases", "targets/jenkins"):
        assert keys[role] == {old.key_id: True, new.key_id: False}
        assert old.key_id[:7] in rows[role] and new.key_id[:7] not in rows[role], rows
    world.ci(new, pin=admin.pin).sign(gun, "2.0", world.image(), *new.key_args)
    keys, rows = signed_by()
    for role in ("targets/releases", "targets/jenkins"):
        assert keys[role] == {old.key_id: False, new.key_id: True}
        assert new.key_id[:7] in rows[role] and old.key_id[:7] not in rows[role], rows
    admin.ok("signer", "rotate", "jenkins", gun, "--remove", old.key_id)


def test_what_signed_the_top_roles_is_told_too(world):
    gun, admin = world.repository(world.identity())
    repository = world.client(pin=admin.pin).ok("inspect", gun).repository
    for role in ("root", "targets", "snapshot", "timestamp"):
        (key,) = repository["administrative_keys"][role]
        (described,) = [r for r in repository["roles"] if r["name"] == role]
        assert key["signed"] and described["signed_by_key_ids"] == [key["canonical_id"]]


def test_the_root_is_shown_by_both_its_names(world):
    identity = world.identity()
    gun, admin = world.store.gun(), world.admin()
    made = admin.ok("repo", "init", gun, output="text")
    (file,) = [f.stem for f in (admin.trust_dir / "private").iterdir() if "role: root" in f.read_text()]
    pin = made.stdout.splitlines()[-1]
    assert pin != file and f"trust root {pin} of {gun} is key {file} " in made.stderr
    reader = world.client(pin=pin)
    pinned = reader.ok("repo", "pin", gun, output="text")
    assert pinned.stdout == f"{pin}\n", "scripts take it as it is"
    assert f"trust root {pin} of {gun} is key {file} " in pinned.stderr
    assert "note:" not in reader.ok("repo", "pin", gun, "-q", output="text").stderr
    for one, *command in ((admin, "repo", "init"), (reader, "repo", "pin"), (reader, "inspect")):
        repository = one.ok(*command, gun).repository
        assert (repository["trust_root"], repository["trust_root_canonical_id"]) == (pin, file)
    (line,) = [l for l in reader.ok("inspect", gun, output="text").stdout.splitlines() if l.startswith("Root")]
    assert pin in line and file in line
    (row,) = [l for l in admin.ok("key", "list", output="text").stdout.splitlines() if l.startswith(file)]
    assert f"{gun}: root (trust root {pin})" in row
    (key,) = [k for k in admin.ok("key", "list").document["keys"] if k["canonical_id"] == file]
    assert key["may_sign"] == [{"gun": gun, "roles": ["root"], "trust_root": pin}]
    world.client(pin=file).ok("list", gun)
