"""The root key in a token: set-up, rotation from token key to token key, renewal. No private root key is ever in a file."""
import pytest


@pytest.fixture
def store(notary_signer):
    return notary_signer


def gun_of_length(world, length):
    gun = world.store.gun()
    return gun + "/" + "x" * (length - len(gun) - 1)


@pytest.mark.parametrize("key_type", ["p256", "rsa2048"])
def test_a_root_key_lives_in_a_token_for_its_whole_life(world, key_type):
    token, jenkins, image = world.token("safe"), world.identity(), world.image()
    gun = gun_of_length(world, 125)
    admin = world.admin(env=token.env)
    for name in ("first", "second"):
        admin.ok("key", "generate", name, "--token", f"pkcs11:token={token.label}", "--type", key_type)

    admin.init(gun, "--root-key", token.uri("first"))
    first = admin.pin
    admin.ok("signer", "add", "jenkins", gun, "--key", jenkins.public)
    ci = world.ci(jenkins, pin=first)
    ci.sign(gun, "1.0", image, *jenkins.key_args)
    readers = world.notary(), world.client(pin=first)

    def everybody_reads():
        expected = {"1.0": (image.digest, image.size, "targets/releases")}
        for notary in (readers[0], world.notary()):
            assert notary.list(gun) == expected
        docker = world.docker()
        assert docker.signed_tags(gun) == {"1.0": (image.digest, ["jenkins"])}
        root = world.store.read(gun).signed("root")["roles"]["root"]["keyids"]
        assert docker.inspect(gun)["AdministrativeKeys"][0] == {"Name": "Root", "Keys": [{"ID": key} for key in root]}
        for client in (readers[1], world.client(pin=root[0])):
            assert client.ok("verify", f"{gun}:1.0").target("1.0")["digest"] == image.digest

    everybody_reads()
    # Without the token nothing that needs the root key can be done, and nothing is.
    before = world.store.state(gun)
    for command in (["rotate", gun, "root", "--key", token.uri("second")], ["rotate", gun, "targets"]):
        assert admin.refused(10, "repo", *command).error[0] == "KEY_NOT_IN_ROLE"
    assert world.store.state(gun) == before

    admin.ok("repo", "rotate", gun, "root", "--key", token.uri("second"), "--signing-key", token.uri("first"))
    assert world.pin(gun) != first
    everybody_reads()

    versions = world.store.read(gun).versions
    assert admin.renewed("repo", "refresh", gun, "--within-days", "3650", "--signing-key",
                    token.uri("second")).repository["attempts"] == 1
    after = world.store.read(gun).versions
    assert {role: after[role] - versions[role] for role in ("root", "targets", "targets/releases")} == {
        "root": 1, "targets": 1, "targets/releases": 0}
    everybody_reads()
    # The repository key is the only one in a file.
    labels = [k["label"] for k in admin.ok("key", "list").document["keys"] if k["location"].startswith("/")]
    assert labels == ["targets"]


def test_init_with_a_token_key_finds_what_it_made_before(world):
    token = world.token("safe")
    admin = world.admin(env=token.env)
    admin.ok("key", "generate", "root", "--token", f"pkcs11:token={token.label}")
    gun = world.store.gun()
    pin = admin.init(gun, "--root-key", token.uri("root"))
    before = world.store.state(gun)
    # On a machine that has never seen it, the key itself vouches for the repository; another key does not.
    fresh = world.admin(env=token.env)
    assert fresh.ok("repo", "init", gun, "--root-key", token.uri("root")).repository["trust_root"] == pin
    for stranger in (world.admin(), world.admin()):
        stranger.ok("repo", "init", world.store.gun())
        assert stranger.refused(4, "repo", "init", gun).error[0] == "UNPINNED_ROOT"
    assert world.store.state(gun) == before
