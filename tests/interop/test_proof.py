"""What can be shown afterwards: provenance in what is signed, receipts, the audit log. The official clients read the
same repositories and are not disturbed by any of it."""
import base64
import datetime
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from support.hostile_signer import BOUND, bound_to
from support.keys import strip_headers

MEMBER = "countersign.provenance/v1"


@pytest.fixture
def store(notary_local):
    return notary_local


def github(**more) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com", "GITHUB_REPOSITORY": "team/app",
            "GITHUB_SHA": "4f0c", "GITHUB_REF": "refs/heads/main", "GITHUB_RUN_ID": "17"} | more


GITHUB_SAYS = {"ci": "github", "repository": "https://git.example.com/team/app", "commit": "4f0c",
               "ref": "refs/heads/main", "run_url": "https://git.example.com/team/app/actions/runs/17"}


def assert_everybody_agrees(world, gun, pin, images):
    """On tags, digests and sizes; docker's own output is still ours, byte for byte."""
    expected = {tag: (image.digest, image.size) for tag, image in images.items()}
    assert {t: v[:2] for t, v in world.notary().list(gun).items()} == expected
    for tag, value in expected.items():
        assert world.notary().lookup(gun, tag) == value
    docker, ours = world.docker(), world.client(pin=pin)
    assert {t: digest for t, (digest, _) in docker.signed_tags(gun).items()} == {
        t: digest for t, (digest, _) in expected.items()}
    assert json.loads(ours.ok("inspect", gun, output="docker").stdout) == json.loads(docker.trust("inspect", gun).stdout)
    assert ours.ok("inspect", gun, "--pretty", output="text").stdout == docker.trust("inspect", "--pretty", gun).stdout


def custom_of(world, gun, tag, role="targets/releases"):
    """Beside what every entry says: for which repository and role it was signed."""
    custom = json.loads(world.store.read(gun).files[role])["signed"]["targets"][tag]["custom"]
    assert custom.pop(BOUND) == bound_to(gun, role)
    if MEMBER in custom:
        assert_is_now(custom[MEMBER].pop("created"))
    return custom or None


def assert_is_now(text: str):
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    assert abs(datetime.datetime.utcnow() - then) < datetime.timedelta(minutes=10), text


def test_the_ci_context_and_annotations_stand_in_the_target(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image, other = world.image("one"), world.image("other", "2.0")
    token = world.secrets.new()
    jenkins = {"JENKINS_URL": "https://ci.example.com/", "BRANCH_NAME": "main",
               "GIT_URL": f"https://ada:{token}@git.example.com/team/app?private_token={token}"}
    ci = world.ci(identity, pin=admin.pin)

    signed = ci.sign(gun, "1.0", image, *identity.key_args, "--annotate", "release=a <b> & \"c\"", env=github())
    said = GITHUB_SAYS | {"release": "a <b> & \"c\""}
    told = signed.target("1.0")["provenance"]
    for provenance in told.values():
        assert_is_now(provenance.pop("created"))
    assert told == {"targets/releases": said, "targets/jenkins": said}
    assert custom_of(world, gun, "1.0") == custom_of(world, gun, "1.0", "targets/jenkins") == {MEMBER: said}

    # A later run of the same image changes nothing, unless it is asked to say something else.
    before = world.store.state(gun)
    for args in ((), ("--annotate", "release=a <b> & \"c\""), ("--no-provenance",)):
        again = ci.sign(gun, "1.0", image, *identity.key_args, *args, env=github(GITHUB_SHA="5555"))
        assert again.target("1.0")["status"] == "unchanged"
    assert world.store.state(gun) == before
    ci.sign(gun, "1.0", image, *identity.key_args, "--annotate", "release=2", env=github(GITHUB_SHA="5555"))
    assert custom_of(world, gun, "1.0") == {MEMBER: GITHUB_SAYS | {"release": "2", "commit": "5555"}}

    ci.sign(gun, "2.0", other, *identity.key_args, env=jenkins)
    assert custom_of(world, gun, "2.0") == {MEMBER: {
        "ci": "jenkins", "ref": "refs/heads/main", "repository": "https://git.example.com/team/app"}}
    assert not world.secrets.found_in(world.store.read(gun).files["targets/releases"].decode())

    assert_everybody_agrees(world, gun, admin.pin, {"1.0": image, "2.0": other})
    reader = world.client(pin=admin.pin)
    shown = reader.ok("inspect", f"{gun}:2.0")
    assert shown.target("2.0")["provenance"]["targets/jenkins"]["ref"] == "refs/heads/main"
    text = reader.ok("inspect", f"{gun}:2.0", output="text").stdout
    assert "refs/heads/main" in text and "CLAIMED" in text


def test_custom_data_of_the_official_client_survives_and_silence_is_kept(world):
    identity = world.identity("notary-key-file")
    gun, admin = world.repository(identity)
    image = world.image()
    notary = world.notary(passphrase=identity.env["NOTARY_DELEGATION_PASSPHRASE"])
    private = notary.trust_dir / "private"
    private.mkdir(parents=True, mode=0o700)
    for path in identity.key_files:
        (private / path.name).write_bytes(path.read_bytes())
        (private / path.name).chmod(0o600)
    custom = notary.home / "custom.json"
    custom.write_text('{"team":"blue"}')
    notary.run("addhash", gun, "1.0", image.size, "--sha256", image.hex, "--custom", custom, "-r", "targets/releases",
               "-p")

    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", image, *identity.key_args, "--annotate", "release=1", env=github())
    assert custom_of(world, gun, "1.0") == {"team": "blue", MEMBER: GITHUB_SAYS | {"release": "1"}}
    quiet = world.image("quiet", "2.0")
    ci.sign(gun, "2.0", quiet, *identity.key_args, "--no-provenance", env=github())
    assert custom_of(world, gun, "2.0") is None
    assert_everybody_agrees(world, gun, admin.pin, {"1.0": image, "2.0": quiet})

    before = world.store.state(gun)
    for args in (["--annotate", "ref=refs/heads/main"], ["--annotate", "Release=1"], ["--annotate", "release"],
                 ["--annotate", "a=1", "--annotate", "a=2"], ["--annotate", "a=1", "--no-provenance"]):
        ci.refused(2, "sign", f"{gun}:3.0", "--oci-layout", image.layout, *identity.key_args, *args)
    assert world.store.state(gun) == before


def read_receipt(path) -> tuple[dict, str, dict]:
    """Body, the exact text that is signed, the one signature."""
    text = path.read_text()
    document = json.loads(text)
    (signature,) = document["signatures"]
    return document["signed"], json.dumps(document["signed"], sort_keys=True, separators=(",", ":"),
                                          ensure_ascii=False), signature


@pytest.mark.parametrize("kind", ["token-p256", "openssl-rsa-pem"])
def test_a_receipt_proves_what_was_published(world, kind):
    identity = world.identity(kind)
    gun, admin = world.repository(identity, "certificate")
    ci = world.ci(identity, pin=admin.pin)
    receipt = ci.work / "receipt.json"
    images = {"1.0": world.image("one"), "1.1": world.image("two", "1.1")}
    for tag, image in images.items():  # the second receipt replaces the first
        ci.sign(gun, tag, image, *identity.key_args, "--receipt", receipt, env=github())

    body, signed_text, signature = read_receipt(receipt)
    assert body["_type"] == "countersign-receipt/v1" and body["ci"] == GITHUB_SAYS
    (key,) = body["keys"]
    assert key["id"] == signature["keyid"] == identity.key_id
    if kind == "token-p256":
        assert key["origin"] == key["origin"] | {"kind": "token", "local": True, "never_extractable": True,
                                                 "extractable": False, "sensitive": True}
        raw = base64.b64decode(signature["sig"])
        public = serialization.load_pem_public_key(strip_headers(identity.public))
        public.verify(utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
                      signed_text.encode(), ec.ECDSA(hashes.SHA256()))
    else:
        assert key["origin"] == {"kind": "file"}
    (repository,) = body["repositories"]
    assert repository["gun"] == gun and repository["published"] is True and repository["trust_root"] == admin.pin
    files = world.store.read(gun).files
    roles = {role["name"]: role for role in repository["roles"]}
    assert set(roles) == {"root", "targets", "snapshot", "timestamp", "targets/releases", "targets/jenkins"}
    for name, role in roles.items():
        assert (role["sha256"], role["length"]) == (hashlib.sha256(files[name]).hexdigest(), len(files[name]))
        assert role["version"] == json.loads(files[name])["signed"]["version"]
    assert roles["targets/jenkins"]["canonical_key_ids"] == [identity.key_id] != roles["targets/jenkins"]["key_ids"]
    (target,) = repository["targets"]
    assert (target["name"], target["digest"], target["length"], target["status"]) == (
        "1.1", images["1.1"].digest, images["1.1"].size, "signed")

    # By itself, with the key in either form; and by a machine that knows the pin only.
    reader = world.client(pin=admin.pin)
    for form in ("pub", "certificate"):
        alone = reader.ok("receipt", "verify", receipt, "--key", identity.public_form(form))
        assert alone.repository["targets"][0]["digest"] == images["1.1"].digest
    borne_out = reader.ok("receipt", "verify", receipt)
    assert borne_out.target("1.1")["verdict"] == "as published"
    stranger = world.identity()
    assert reader.refused(4, "receipt", "verify", receipt, "--key", stranger.public).error[0] == "RECEIPT_INVALID"
    changed = reader.work / "changed.json"
    changed.write_text(receipt.read_text().replace('"status":"signed"', '"status":"moved"'))
    for args in ((), ("--key", identity.public)):
        assert reader.refused(4, "receipt", "verify", changed, *args).error[0] == "RECEIPT_INVALID"

    # A run that changes nothing leaves a receipt that says so.
    unchanged = ci.work / "unchanged.json"
    ci.sign(gun, "1.1", images["1.1"], *identity.key_args, "--receipt", unchanged)
    body, _, _ = read_receipt(unchanged)
    assert body["repositories"][0]["published"] is False
    assert body["repositories"][0]["targets"][0]["status"] == "unchanged"
    reader.ok("receipt", "verify", unchanged)

    # What has become of the tag since is told by code and words.
    ci.sign(gun, "1.1", images["1.0"], *identity.key_args, "--allow-move")
    moved = reader.refused(5, "receipt", "verify", receipt)
    assert moved.error[0] == "TAG_MOVED" and images["1.0"].digest in moved.error[1]
    assert moved.target("1.1")["verdict"] == "moved"
    ci.ok("revoke", f"{gun}:1.1", "--yes", *identity.key_args)
    gone = reader.refused(6, "receipt", "verify", receipt)
    assert gone.error[0] == "NOT_SIGNED" and gone.target("1.1")["verdict"] == "gone"

    # After the key has gone from the roles, only the key itself bears witness.
    admin.ok("signer", "rotate", "jenkins", gun, "--add", stranger.public)
    theirs = world.ci(stranger, pin=admin.pin)
    theirs.sign(gun, "3.0", images["1.0"], *stranger.key_args)
    admin.ok("signer", "rotate", "jenkins", gun, "--remove", roles["targets/jenkins"]["key_ids"][0])
    left = reader.refused(4, "receipt", "verify", receipt)
    assert left.error[0] == "RECEIPT_INVALID" and "targets/jenkins" in left.error[1]
    reader.ok("receipt", "verify", receipt, "--key", identity.public)


def test_what_cannot_be_written_is_known_before_anything_is_published(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    image = world.image()
    ci = world.ci(identity, pin=admin.pin)
    (ci.work / "folder").mkdir()
    (ci.work / "link").symlink_to("elsewhere")
    os.mkfifo(ci.work / "pipe")
    (ci.work / "damaged").write_text("this is no audit log\n")
    before = world.store.state(gun)
    sign = ("sign", f"{gun}:1.0", "--oci-layout", image.layout, *identity.key_args)
    for option in ("--receipt", "--audit-log"):
        for path in ("missing/file", "folder", "pipe", "link"):
            assert ci.refused(11, *sign, option, path).error[0] == "LOCAL"
    assert ci.refused(4, *sign, "--audit-log", "damaged").error[0] == "AUDIT_BROKEN"
    assert world.store.state(gun) == before

    # A disk that fills up in between: what is published is said to be, and the log is as it was. There is room for a usual
    # line, but this one is longer.
    log = ci.work / "full"
    log.write_bytes(b"x" * 900_000)
    ci.wrapper = ["/usr/bin/prlimit", "--fsize=1000000"]
    release = ci.work / "release.json"
    release.write_text(json.dumps({"schema": "countersign/release/v1", "images": [
        {"image": f"{gun}:1.{number}", "oci-layout": str(image.layout)} for number in range(600)]}))
    full = ci.refused(11, "sign", "--release", release, *identity.key_args, "--audit-log", log)
    assert full.error[0] == "LOCAL" and "done, but not logged" in full.error[1]
    assert full.repository["published"] is True and log.read_bytes() == b"x" * 900_000
    ci.wrapper = ()
    world.client(pin=admin.pin).ok("verify", f"{gun}:1.599@{image.digest}")


def lines_of(log) -> list[dict]:
    return [json.loads(line)["signed"] for line in log.read_text().splitlines()]


def test_every_publication_leaves_a_line(world):
    identity = world.identity("token-p256")
    log = world.folder("audit") / "audit.log"
    environment = {"COUNTERSIGN_AUDIT_LOG": str(log)}
    gun, admin = world.store.gun(), world.admin(env=environment)
    admin.init(gun)
    admin.ok("signer", "add", "jenkins", gun, "--key", identity.public)
    ci = world.ci(identity, pin=admin.pin, env=environment | github())
    image, other = world.image("one"), world.image("other")
    signed = ci.sign(gun, "1.0", image, *identity.key_args, "--audit-checkpoint")
    ci.sign(gun, "1.0", image, *identity.key_args)
    ci.refused(5, "sign", f"{gun}:1.0", "--oci-layout", other.layout, *identity.key_args)
    ci.sign(gun, "2.0", other, *identity.key_args, "--dry-run")  # these two leave none
    ci.ok("verify", f"{gun}:1.0")
    last = ci.ok("revoke", f"{gun}:1.0", "--yes", *identity.key_args)

    lines = lines_of(log)
    assert [(line["command"], line["exit_code"]) for line in lines] == [
        ("repo init", 0), ("signer add", 0), ("sign", 0), ("sign", 0), ("sign", 5), ("revoke", 0)]
    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[2]["ci"] == GITHUB_SAYS and lines[2]["used_keys"] == [identity.key_id]
    (repository,) = lines[2]["repositories"]
    assert repository["gun"] == gun and repository["published"] is True
    assert repository["targets"][0]["digest"] == image.digest
    assert {(r["name"], r["version"]) for r in repository["roles"]} == {("targets/releases", 1), ("targets/jenkins", 1)}
    assert lines[3]["repositories"][0]["published"] is False
    assert lines[4]["error"]["code"] == "TAG_MOVED" and lines[4]["repositories"][0]["published"] is False
    assert lines[5]["repositories"][0]["change"] == "revoked 1.0"
    assert not world.secrets.found_in(log.read_text())
    assert log.stat().st_mode & 0o777 == 0o600

    reader = world.client()
    checked = reader.ok("audit", "verify", log, "--key", identity.public, "--expect",
                        signed.document["audit"]["sha256"])
    assert checked.document["audit"] == checked.document["audit"] | {
        "lines": 6, "sha256": last.document["audit"]["sha256"], "checkpoint": 3}
    assert [w["code"] for w in checked.document["warnings"]] == ["AUDIT_UNCOVERED"]
    whole = log.read_text().splitlines(keepends=True)
    damaged = reader.work / "damaged.log"
    for change in (whole[:3] + [whole[3].replace('"exit_code":0', '"exit_code":1')] + whole[4:], whole[:2] + whole[3:],
                   whole[:-1], whole[1::-1] + whole[2:]):
        damaged.write_text("".join(change))
        broken = reader.refused(4, "audit", "verify", damaged, "--expect", last.document["audit"]["sha256"])
        assert broken.error[0] == "AUDIT_BROKEN"
    damaged.write_text("".join(whole[:2]))
    assert reader.refused(4, "audit", "verify", damaged, "--key", identity.public).error[0] == "AUDIT_BROKEN"
    reader.refused(2, "audit", "verify", log, "--expect", "abc")
    reader.refused(3, "audit", "verify", reader.work / "missing.log")


def test_eight_signers_at_the_same_moment_and_one_that_crashed_leave_a_whole_log(world):
    identity = world.identity("openssl-ec-pem")
    gun, admin = world.repository(identity)
    log = world.folder("audit") / "audit.log"
    images = {f"build-{n}": world.image(str(n), f"build-{n}") for n in range(8)}
    clients = [world.ci(identity, pin=admin.pin) for _ in images]
    args = ("--audit-log", log, "--audit-checkpoint", *identity.key_args)

    def sign_all(tags):
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(client.sign, gun, tag, images[tag], *args) for client, tag in zip(clients, tags)]
            return [job.result() for job in jobs]

    places = [outcome.document["audit"]["sequence"] for outcome in sign_all(images)]
    assert sorted(places) == list(range(1, 9))
    assert {line["repositories"][0]["targets"][0]["name"] for line in lines_of(log)} == set(images)
    reader = world.client()
    assert reader.ok("audit", "verify", log, "--key", identity.public).document["audit"]["checkpoint"] == 8

    log.write_bytes(log.read_bytes()[:-100])
    assert reader.refused(4, "audit", "verify", log).error[0] == "AUDIT_BROKEN"
    assert clients[0].sign(gun, "build-0", images["build-0"], *args).document["audit"]["sequence"] == 8
    checked = reader.ok("audit", "verify", log)
    assert checked.document["audit"]["lines"] == 8
    assert [w["code"] for w in checked.document["warnings"]] == ["AUDIT_CUT"]
