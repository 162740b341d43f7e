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
    assert reader.ok("verify", f"{gun}:2.0").target("2.0")["signers"] == [mallory.key_id]
    assert reader.ok("verify", f"{gun}:1.0").target("1.0")["signers"] == ["jenkins"]
    text = reader.ok("verify", f"{gun}:2.0", output="text").stdout
    assert f"signed by key {mallory.key_id[:7]} of targets/releases" in text
