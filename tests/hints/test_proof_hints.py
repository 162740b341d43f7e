"""Policies, verdicts, receipts and audit logs: what is refused, and what its hint makes of it."""
import json
import os
import shutil

import pytest

from support.benches import bench  # noqa: F401, a fixture
from support.clinic import Clinic
from support.fake_registry import FakeRegistry, manifest
from support.hints import Hint
from support.policies import write_policy
from support.refusals import Refusal, add, follow, leave_out, replace
from support.registry import OCI_INDEX


def policy(b, **rule):
    return write_policy(b.world, {"jenkins": b.identity}, [{"images": [f"{b.gun}:*"], "teams": ["ci"]} | rule],
                        {"ci": ["jenkins"]})


def strict(b):
    """What is signed says nothing of a CI."""
    return policy(b, provenance={"ref": "refs/heads/main"})


def asks_less(b, hint, command):
    """Its owner asks for what is there."""
    shutil.copytree(policy(b).parent, command[3].parent, dirs_exist_ok=True)


def misspelt_policy(b):
    path = policy(b)
    path.write_text(path.read_text().replace('"rules"', '"rule"'))
    return path


def pattern_as_printed(b, hint, command):
    command[3].write_text(command[3].read_text().replace(f"https://{b.gun}:*", hint.values["pattern"]))


def correct_policy(b, hint, command):
    command[3].write_text(command[3].read_text().replace('"rule"', '"rules"'))


def moving(b, tag, *options):
    """The tag is signed as one image, and to be signed as another."""
    first, second = b.push(tag, "first"), b.build("second")
    b.ci.sign(b.gun, tag, first)
    b.registry.push(b.repository, tag, second)
    return ["sign", f"{b.gun}:{tag}", "--oci-layout", second.layout, *options]


def content(b, name="notes"):
    path = b.file(name, "as it was signed")
    b.ci.ok("sign", f"{b.gun}:{name}", "--file", path)
    path.write_text("as somebody else wants it")
    return path


def annotated(row, *texts, mended):
    return Refusal(row, lambda b: ["sign", b.named, *(word for text in texts for word in ("--annotate", text))],
                   lambda b, hint, command: ["sign", b.named, "--annotate", mended, "--dry-run"], texts[0][:20])


def logged(b, name="audit.log", *options):
    """Of two publications."""
    log = b.world.folder("log") / name
    for n in range(2):
        b.ci.sign(b.gun, f"{log.parent.name}-{n}", b.image, "--audit-log", log, *options)
    return log


def with_line_changed(log):
    log.write_text(log.read_text().replace('"exit_code":0', '"exit_code":1'))
    return log


def by_powershell(path):
    shutil.copy(path, f"{path}.original")
    path.write_bytes(path.read_text().replace("\n", "\r\n").encode("utf-16"))
    return path


def owned_by_another(log):
    shutil.chown(log, 12345)
    return log


def open_to_all(log):
    log.chmod(0o646)
    return log


def receipt(b, tag="1.0"):
    path = b.world.folder("receipt") / "receipt.json"
    b.ci.ok("sign", f"{b.gun}:{tag}", "--receipt", path)
    return path


def changed(path):
    path.write_text(path.read_text().replace('"unchanged"', '"signed"'))
    return path


REFUSALS = [
    # verdicts
    Refusal("option-without-policy", lambda b: ["verify", b.named, "--explain"], add("--policy", lambda b, hint: policy(b)), "verify"),
    Refusal("option-without-policy", lambda b: ["sign", b.named, "--quarantine"],
            add("--policy", lambda b, hint: policy(b)), "sign"),
    Refusal("quarantine-without-guard", lambda b: ["sign", b.named, "--policy", policy(b), "--quarantine",
                                                   "--no-resign-guard"], leave_out(5)),
    Refusal("pattern-matches-nothing", lambda b: ["verify", b.named, "--policy", policy(
        b, images=[f"https://{b.gun}:*"])], pattern_as_printed),
    Refusal("policy-malformed", lambda b: ["verify", b.named, "--policy", misspelt_policy(b)], correct_policy),
    Refusal("policy-unmet", lambda b: ["verify", b.named, "--policy", strict(b), "--explain"], asks_less),
    Refusal("tag-moved", lambda b: moving(b, "moved"), add("--allow-move")),
    Refusal("tag-moved", lambda b: moving(b, "kept"), replace(_1=lambda b, hint: b.named + ".1", _3=lambda b, hint: b.push(
        "1.0.1", "second").layout), "under a new tag"),
    Refusal("tag-immutable", lambda b: moving(b, "v1", "--policy", policy(b, immutable_tags=["v*"]), "--allow-move"),
            replace(_1=lambda b, hint: f"{b.gun}:v2")),
    Refusal("not-signed", lambda b: ["verify", f"{b.gun}:0.9"],
            lambda b, hint, command: hint.follow(b.ci) or ["verify", b.named]),
    Refusal("not-signed", lambda b: ["inspect", f"{b.gun}:0.9"],
            lambda b, hint, command: hint.follow(b.ci) or ["inspect", b.named], "inspected"),
    Refusal("file-differs", lambda b: ["verify", f"{b.gun}:notes", "--file", content(b)],
            lambda b, hint, command: hint.follow(b.ci) or command[-1].write_text("as it was signed") and None),
    Refusal("verify-file-without-name", lambda b: ["verify", "--file", content(b, "it's news")],
            lambda b, hint, command: command[-1].write_text("as it was signed") and hint.follow(
                b.ci, filled={"REPO": b.gun, "NAME": "it's news"}) or ["verify", f"{b.gun}:it's news", *command[1:]]),
    # annotations
    annotated("annotation-without-value", "release", mended="release=7"),
    annotated("annotation-key-misshapen", "Release=7", mended="team.example/release=7"),
    annotated("annotation-value-misshapen", "release=", mended="release=7"),
    annotated("annotation-twice", "a=1", "a=2", mended="a=1"),
    annotated("annotations-too-many", *(f"key{n}=x" for n in range(33)), mended="key1=x"),
    Refusal("annotation-of-the-ci", lambda b: ["sign", b.named, "--annotate", "ref=main"],
            replace(_3=lambda b, hint: "team.example/ref=main")),
    # receipts
    Refusal("receipt-misread", lambda b: ["receipt", "verify", changed(receipt(b))],
            replace(_2=lambda b, hint: receipt(b))),
    Refusal("receipt-of-another-key", lambda b: ["receipt", "verify", receipt(b), "--key", b.world.identity().public],
            replace(_4=lambda b, hint: b.identity.public)),
    # the audit log
    Refusal("audit-log-unwritable", lambda b: ["sign", b.named, "--audit-log", b.world.folder("log")],
            replace(_3=lambda b, hint: b.world.folder("log") / "audit.log")),
    pytest.param(Refusal("audit-log-of-another-user", lambda b: [
        "sign", b.named, "--audit-log", owned_by_another(logged(b, "it's a log"))], follow()),
                 marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")),
    Refusal("audit-log-open-to-all", lambda b: ["sign", b.named, "--audit-log", open_to_all(logged(b, "it's a log"))],
            follow()),
    Refusal("audit-log-for-a-receipt", lambda b: ["receipt", "verify", logged(b, "the log")],
            lambda b, hint, command: hint.follow(b.ci) or ["audit", "verify", command[-1]]),
    Refusal("receipt-for-an-audit-log", lambda b: ["audit", "verify", receipt(b)],
            lambda b, hint, command: hint.follow(b.ci) or ["receipt", "verify", command[-1]]),
    Refusal("audit-log-broken", lambda b: ["audit", "verify", with_line_changed(logged(b))],
            replace(_2=lambda b, hint: logged(b)), "verified"),
    Refusal("audit-log-broken", lambda b: ["sign", b.named, "--audit-log", b.file("audit.log", "no log\n")],
            replace(_3=lambda b, hint: b.world.folder("log") / "audit.log"), "written"),
    *(Refusal("evidence-utf16", command, lambda b, hint, command: shutil.copy(f"{command[-1]}.original", command[-1]) and None, about)
      for about, command in (("log", lambda b: ["audit", "verify", by_powershell(logged(b))]),
                             ("receipt", lambda b: ["receipt", "verify", by_powershell(receipt(b))]))),
    Refusal("audit-log-without-that-key", lambda b: ["audit", "verify", logged(b), "--key", b.identity.public],
            replace(_2=lambda b, hint: logged(b, "signed.log", "--audit-checkpoint"))),
    Refusal("audit-hash-misshapen", lambda b: ["audit", "verify", logged(b), "--expect", "abc"],
            lambda b, hint, command: [*command[:-1], b.ci.ok(
                "sign", b.named, "--audit-log", command[2]).document["audit"]["sha256"]]),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_what_is_refused_is_mended_as_the_hint_says(bench, refusal):  # noqa: F811
    refusal.check(bench)


def test_what_a_policy_refuses_is_explained_and_may_run_when_it_is_signed_so(bench):  # noqa: F811
    command = ["verify", f"{bench.gun}:2.0", "--policy", strict(bench)]
    bench.ci.sign(bench.gun, "2.0", bench.push("2.0", "two"))
    Hint.of(bench.ci.refused(5, *command), "policy-refuses")
    explained = bench.ci.refused(5, *command, "--explain", output="text").stdout
    assert "refs/heads/main" in explained and "jenkins" in explained, explained
    ci = {"COUNTERSIGN_CI_NAME": "jenkins", "COUNTERSIGN_CI_REF": "refs/heads/main"}
    bench.ci.ok("sign", f"{bench.gun}:2.0", "--annotate", "release=2", env=ci)
    bench.ci.ok(*command)


def test_a_receipt_of_what_was_moved_is_good_and_what_there_is_now_is_shown(bench):  # noqa: F811
    first = bench.push("nightly", "first")
    bench.ci.sign(bench.gun, "nightly", first)
    told = receipt(bench, "nightly")
    second = bench.push("nightly", "second")
    bench.ci.sign(bench.gun, "nightly", second, "--allow-move")
    hint = Hint.of(bench.ci.refused(5, "receipt", "verify", told), "receipt-outdated")
    shown = bench.ci.ok(*hint.words)
    assert shown.target("nightly")["digest"] == second.digest
    bench.ci.ok("revoke", f"{bench.gun}:nightly", "--yes")
    hint = Hint.of(bench.ci.refused(6, "receipt", "verify", told), "receipt-outdated")
    assert "nightly" not in [target["name"] for target in bench.ci.ok(*hint.words).repository["targets"]]
    bench.ci.ok("receipt", "verify", told, "--key", bench.identity.public)
    bench.ci.sign(bench.gun, "nightly", first, "--no-check-registry")
    bench.ci.ok("receipt", "verify", told)


def test_a_receipt_of_a_repository_that_has_begun_anew(bench):  # noqa: F811
    """Its owner deletes it and makes it anew: version 1 is another file than the one that the receipt tells of."""
    b = bench
    gun = b.world.store.gun()
    admin = b.admin
    pin = admin.pin

    def make():
        admin.init(gun)
        admin.ok("signer", "add", "jenkins", gun, "--key", b.identity.public)

    make()
    ci = b.world.ci(b.identity, pin=admin.pin, env=b.ci.env)
    told = ci.work / "receipt.json"
    ci.sign(gun, "1.0", b.image, "--receipt", told)
    admin.ok("repo", "delete", gun, "--remote", "--yes")
    make()
    again = b.world.ci(b.identity, pin=admin.pin, env=b.ci.env)
    again.sign(gun, "1.0", b.image)
    hint = Hint.of(again.refused(4, "receipt", "verify", told), "receipt-contradicted")
    assert again.ok(*hint.words).target("1.0")["digest"] == b.image.digest
    again.sign(gun, "1.0", b.image, "--receipt", told)
    again.ok("receipt", "verify", told)
    admin.pin = pin


@pytest.mark.parametrize("row", ["receipt-of-replaced-keys", "receipt-of-a-lost-role"])
def test_a_receipt_outlives_the_keys_and_the_role_of_its_signer(bench, row):  # noqa: F811
    b = bench
    gun, admin = b.world.repository(b.identity)
    ci = b.world.ci(b.identity, pin=admin.pin, env=b.ci.env)
    told = ci.work / "receipt.json"
    ci.sign(gun, "1.0", b.image, "--receipt", told)
    other = b.world.identity()
    if row == "receipt-of-a-lost-role":
        admin.ok("signer", "add", "other", gun, "--key", other.public)
        admin.ok("signer", "remove", "jenkins", gun, "--yes", env={"COUNTERSIGN_KEY": other.key_args[1]})
    else:
        admin.ok("signer", "rotate", "jenkins", gun, "--add", other.public)
        b.world.ci(other, pin=admin.pin).sign(gun, "2.0", b.image, *other.key_args)
        admin.ok("signer", "rotate", "jenkins", gun, "--remove", b.identity.key_id)
    reader = b.world.client(pin=admin.pin)
    Hint.of(reader.refused(4, "receipt", "verify", told), row)
    reader.ok("receipt", "verify", told, "--key", b.identity.public)


def test_a_receipt_whose_folder_is_gone_by_the_time_is_written_when_it_is_signed_again(bench):  # noqa: F811
    b = bench
    folder = b.world.folder("receipts")
    index = json.dumps({"schemaVersion": 2, "manifests": []}).encode()

    def reply(request):
        shutil.rmtree(folder, ignore_errors=True)
        return manifest(index, OCI_INDEX)

    fake = FakeRegistry(b.world.store.authority, reply)
    try:
        gun, admin = b.world.repository(b.identity, gun=f"{fake.host}/team/app")
        ci = b.world.ci(b.identity, pin=admin.pin, env=b.ci.env)
        command = ["sign", f"{gun}:1.0", "--receipt", folder / "receipt.json"]
        lost = ci.refused(11, *command)
        Hint.of(lost, "receipt-not-written")
        assert lost.repository["published"] is True
        fake.reply = lambda request: manifest(index, OCI_INDEX)
        folder.mkdir()
        assert ci.ok(*command).repository["published"] is False
        ci.ok("receipt", "verify", folder / "receipt.json")
    finally:
        fake.stop()


def test_trust_data_that_was_altered_is_restored(tmp_path, binary):
    clinic = Clinic(tmp_path, binary)
    try:
        shelves = []
        patient = clinic.forged("other-content", lambda repo: shelves.append(repo.shelf.files))
        (files,) = shelves
        healthy = dict(files)
        for name in [name for name, text in files.items() if text == files["targets.json"]]:
            files[name] = healthy[name].replace(b'"threshold":1', b'"threshold":2')
        Hint.of(patient.client.refused(4, "list", patient.gun), "metadata-altered")
        files.update(healthy)
        patient.client.ok("list", patient.gun)
    finally:
        clinic.close()
