"""What verify says of a tag is what pullers get, and who really signed it."""
import pytest


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture
def signed(world):
    """A repository with the tag 1.0 of jenkins, and a co-signer with the official client."""
    jenkins, mallory = world.identity(), world.identity()
    gun, admin = world.repository(jenkins)
    admin.ok("signer", "add", "mallory", gun, "--key", mallory.public)
    image = world.image("good")
    world.ci(jenkins, pin=admin.pin).sign(gun, "1.0", image, *jenkins.key_args)
    outsider = world.notary()
    outsider.import_key(mallory.key_args[1])
    return gun, world.client(pin=admin.pin), image, outsider, mallory


def test_an_identity_alone_does_not_answer_where_pullers_get_another_image(world, signed):
    gun, reader, image, outsider, _ = signed
    evil = world.image("evil")
    demand = ["verify", f"{gun}:1.0", "--role", "targets/jenkins"]
    assert reader.ok(*demand).target("1.0")["digest"] == image.digest
    outsider.addhash(gun, "1.0", evil, "targets/releases")
    code, message = reader.refused(6, *demand).error
    assert code == "NOT_SIGNED"
    assert f"as {evil.digest}, which is what pullers get, but as {image.digest}" in message


def test_an_identity_alone_does_not_answer_where_pullers_get_nothing(world, signed):
    gun, reader, image, outsider, _ = signed
    outsider.run("remove", gun, "1.0", "-r", "targets/releases", "-p")
    code, message = reader.refused(6, "verify", f"{gun}:1.0", "--role", "targets/jenkins").error
    assert (code, message) == ("NOT_SIGNED", f"{gun}:1.0 is not signed in targets/releases or targets")
    assert reader.refused(6, "verify", f"{gun}@{image.digest}", "--role", "targets/jenkins").error[0] == "NOT_SIGNED"


def test_an_entry_without_a_sha_256_is_not_signed(world, signed):
    gun, reader, _, outsider, _ = signed
    outsider.run("addhash", gun, "2.0", "1573", "--sha512", "ab" * 64, "-r", "targets/releases", "-p")
    outcome = reader.refused(6, "verify", f"{gun}:2.0")
    assert outcome.error[0] == "NOT_SIGNED" and "without a SHA-256" in outcome.error[1]
    assert "@:" not in outcome.stdout


def test_an_entry_with_a_negative_length_is_not_signed(world, signed):
    gun, reader, image, outsider, _ = signed
    outsider.run("addhash", "-r", "targets/releases", "--sha256", image.digest.removeprefix("sha256:"), "-p", "--",
                 gun, "2.0", "-5")
    outcome = reader.refused(6, "verify", f"{gun}:2.0")
    assert outcome.error[0] == "NOT_SIGNED" and "-5 bytes" in outcome.error[1]


def test_what_only_releases_holds_is_told_with_the_key_that_signed_it(world, signed):
    gun, reader, image, outsider, mallory = signed
    outsider.addhash(gun, "2.0", image, "targets/releases")
    target = reader.ok("verify", f"{gun}:2.0").target("2.0")
    assert (target["signer"], target["signers"]) == ("unknown", [mallory.key_id])
    target = reader.ok("verify", f"{gun}:1.0").target("1.0")
    assert (target["signer"], target["signers"]) == ("identity", ["jenkins"])
    words = f"which signer is not known (key {mallory.key_id[:7]} of targets/releases)"
    for output in ("text", "junit", "markdown"):
        told = reader.ok("verify", f"{gun}:2.0", output=output).stdout.replace("\\", "")
        assert words in told and "administrator" not in told, told
    for command in ("list", "inspect"):
        outcome = reader.ok(command, gun)
        assert {t["name"]: t["signer"] for t in outcome.repository["targets"]} == {"1.0": "identity", "2.0": "unknown"}
        rows = {line.split()[0]: line for line in reader.ok(command, gun, output="text").stdout.splitlines() if line}
        assert f"key {mallory.key_id[:7]}" in rows["2.0"] and "key" not in rows["1.0"], rows


def test_only_what_stands_in_targets_is_said_to_be_the_administrators(world, signed):
    _, _, image, _, mallory = signed
    gun, admin = world.repository(mallory)
    admin.sign(gun, "3.0", image, "--role", "targets")
    reader = world.client(pin=admin.pin)
    assert reader.ok("verify", f"{gun}:3.0").target("3.0")["signer"] == "administrator"
    for output in ("text", "junit", "markdown"):
        assert "signed by the repository's administrator" in reader.ok("verify", f"{gun}:3.0", output=output).stdout
    assert "administrator" in reader.ok("list", gun, output="text").stdout
