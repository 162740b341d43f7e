"""The forger's repository is a good one, so that what the attacks are refused for is the attack."""
from support.forged_keys import ec_key
from support.forger import DELEGATIONS, TAG_LENGTH, digest_of
from support.official import Notary
from support.secrets import Secrets


def test_list_verify_and_sign_accept_what_nobody_attacked(scene):
    listed = scene.list()
    assert listed.exit_code == 0, str(listed)
    assert listed.target("1.0")["roles"] == list(DELEGATIONS)
    assert not listed.document["warnings"]
    verified = scene.verify()
    assert verified.target("1.0")["digest"] == "sha256:" + digest_of("1.0").hex(), str(verified)
    assert not scene.posts

    signed = scene.sign("2.0")

    assert signed.exit_code == 0 and signed.repository["published"], str(signed)
    (post,) = scene.posts
    assert set(post) == set(DELEGATIONS)
    assert scene.verify("2.0").exit_code == 0
    assert scene.list(scene.client("newcomer")).target("2.0")["roles"] == list(DELEGATIONS)


def test_the_official_client_reads_it_too(scene, tmp_path):
    notary = Notary(tmp_path / "notary", scene.server, Secrets())
    assert notary.list(scene.gun) == {"1.0": ("sha256:" + digest_of("1.0").hex(), TAG_LENGTH, "targets/releases")}
    scene.sign("2.0")
    assert notary.lookup(scene.gun, "2.0")[0] == "sha256:" + digest_of("2.0").hex()


def test_a_new_root_key_and_new_keys_for_every_role_are_followed(scene):
    scene.look()
    scene.repo.edit("root")
    new = ec_key("next root").certified(scene.gun)
    scene.repo.entrust("root", new)
    scene.repo.signers["root"].append(new)
    for role in ("targets", "snapshot", "timestamp"):
        scene.repo.entrust(role, ec_key("next " + role))
        scene.repo.signers[role] = [ec_key("next " + role)]
    scene.repo.edit("targets")
    scene.repo.publish("root", "targets")

    assert scene.verify().exit_code == 0
    assert scene.sign().exit_code == 0
    assert scene.list(scene.client("newcomer")).exit_code == 0
