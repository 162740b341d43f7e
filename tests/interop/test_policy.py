"""The policy: who may sign, who may run, and what is never adopted; the official clients look on."""
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

from pathlib import Path

import pytest

from support.hints import Hint, without_carried
from support.policies import released, write_policy
from support.process import clean_environment

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture
def team(world):
    """A repository with the signers jenkins (CI) and mallory, and a policy that counts jenkins only."""
    jenkins, mallory = world.identity(), world.identity()
    gun, admin = world.repository(jenkins)
    admin.ok("signer", "add", "mallory", gun, "--key", mallory.public)
    policy = write_policy(world, {"jenkins": jenkins}, [{"images": ["registry.example.com/**"], "teams": ["ci"]}],
                          {"ci": ["jenkins"]})
    return gun, admin, jenkins, mallory, policy


def test_what_a_stranger_signs_into_releases_is_never_run_and_never_adopted(world, team):
    gun, admin, jenkins, mallory, policy = team
    good, evil = world.image("good"), world.image("evil")
    ci, cluster = world.ci(jenkins, pin=admin.pin), world.client(pin=admin.pin)
    guarded = ["--policy", policy, *jenkins.key_args]

    def verdict(tag):
        outcome = cluster.run("verify", f"{gun}:{tag}", "--policy", policy)
        assert outcome.exit_code == {"allowed": 0, "refused": 5}[outcome.target(tag)["verdict"]]
        return outcome.target(tag)

    outcome = ci.sign(gun, "1.0", good, *guarded)
    assert outcome.target("1.0")["policy"]["verdict"] == "allowed"
    assert verdict("1.0")["deploy"] == f"{gun}@{good.digest}"

    # Somebody who is not in the CI team signs with the official client.
    outsider = world.notary()
    outsider.import_key(mallory.key_args[1])
    outsider.addhash(gun, "evil", evil, "targets/releases", "targets/mallory")
    everything = {"1.0": good.digest, "evil": evil.digest}
    assert released(world, gun) == everything
    assert [r["code"] for r in verdict("evil")["reasons"]] == ["TEAM_MISSING"]
    assert "deploy" not in verdict("evil")

    # CI publishes another tag with a client that asks nothing, and so signs the whole file.
    careless = world.notary()
    careless.import_key(jenkins.key_args[1])
    careless.addhash(gun, "1.1", good, "targets/releases", "targets/jenkins")
    everything["1.1"] = good.digest
    assert verdict("evil")["verdict"] == "refused"
    assert verdict("1.1")["verdict"] == "allowed"

    # The guard stops the next one, before and after a run that was told not to look.
    for extra, expected in [([], 5), (["--no-resign-guard"], 0), ([], 5)]:
        before = world.store.state(gun)
        outcome = ci.refused(expected, "sign", f"{gun}:1.2", "--oci-layout", good.layout, *guarded, *extra)
        if expected == 0:
            assert "RESIGN_GUARD_OFF" in [w["code"] for w in outcome.document["warnings"]]
            everything["1.2"] = good.digest
            good = world.image("better")  # for the next one
            guarded.append("--allow-move")
        else:
            code, message = outcome.error
            assert code == "FOREIGN_ENTRY"
            assert f"evil ({evil.digest})" in message and "targets/mallory" in message
            (entry,) = outcome.repository["foreign_entries"]
            assert (entry["name"], entry["digest"], entry["roles"]) == ("evil", evil.digest, ["targets/mallory"])
            assert entry["signed_by"] == ["jenkins"]
            assert world.store.state(gun) == before
        assert released(world, gun) == everything
        assert verdict("evil")["verdict"] == "refused"

    # Dropped on purpose, and said loudly.
    outcome = ci.sign(gun, "1.3", good, *guarded, "--quarantine")
    assert [e["name"] for e in outcome.repository["quarantined"]] == ["evil"]
    assert "warning[QUARANTINED]" in outcome.stderr and evil.digest in outcome.stderr
    del everything["evil"]
    everything["1.3"] = good.digest
    assert released(world, gun) == everything
    assert [r["code"] for r in verdict("evil")["reasons"]] == ["NOT_RELEASED", "TEAM_MISSING"]
    ci.sign(gun, "1.4", good, *guarded)
    assert list((ci.trust_dir / "countersign" / "releases").iterdir())


def test_a_tag_is_unchanged_also_where_something_foreign_is_dropped_and_that_is_published(world, team):
    gun, admin, jenkins, mallory, policy = team
    good = world.image("good")
    ci = world.ci(jenkins, pin=admin.pin)
    ci.sign(gun, "1.0", good, "--policy", policy, *jenkins.key_args)
    outsider = world.notary()
    outsider.import_key(mallory.key_args[1])
    outsider.addhash(gun, "evil", world.image("evil"), "targets/releases", "targets/mallory")
    for published, names in ((True, ["evil"]), (False, None)):
        outcome = ci.sign(gun, "1.0", good, "--policy", policy, "--quarantine", *jenkins.key_args)
        assert outcome.target("1.0")["status"] == "unchanged" and outcome.repository["published"] is published
        assert [e["name"] for e in outcome.repository.get("quarantined", [])] == (names or [])
    assert released(world, gun) == {"1.0": good.digest}


def test_who_renews_or_revokes_with_a_policy_adopts_nothing_foreign_either(world, team):
    gun, admin, jenkins, mallory, policy = team
    good, evil = world.image("good"), world.image("evil")
    ci = world.ci(jenkins, pin=admin.pin)
    for tag in ("1.0", "1.1"):
        ci.sign(gun, tag, good, "--policy", policy, *jenkins.key_args)
    outsider = world.notary()
    outsider.import_key(mallory.key_args[1])
    outsider.addhash(gun, "evil", evil, "targets/releases", "targets/mallory")
    before = world.store.state(gun)
    everything = {"1.0": good.digest, "1.1": good.digest, "evil": evil.digest}

    renewal = ["repo", "refresh", gun, "--within-days", "2000", "--policy", policy, "--signing-key",
               jenkins.key_args[1]]
    revocation = ["revoke", f"{gun}:1.1", "--yes", "--policy", policy, *jenkins.key_args]
    for command in (renewal, revocation):
        outcome = ci.refused(5, *command)
        assert outcome.error[0] == "FOREIGN_ENTRY" and f"evil ({evil.digest})" in outcome.error[1]
        assert [e["name"] for e in outcome.repository["foreign_entries"]] == ["evil"]
    assert world.store.state(gun) == before
    assert released(world, gun) == everything

    outcome = ci.renewed(*renewal, "--quarantine")
    assert [e["name"] for e in outcome.repository["quarantined"]] == ["evil"]
    del everything["evil"]
    assert released(world, gun) == everything
    ci.ok(*revocation)
    del everything["1.1"]
    assert released(world, gun) == everything


def test_a_tag_moves_only_if_the_policy_or_the_user_says_so(world):
    jenkins = world.identity()
    gun, admin = world.repository(jenkins)
    first, second = world.image("first"), world.image("second")
    ci = world.ci(jenkins, pin=admin.pin)
    policy = write_policy(world, {"jenkins": jenkins}, [
        {"images": [gun], "immutable_tags": ["v*"]},
        {"images": [f"{gun}:latest*"], "movers": ["ci"]}], {"ci": ["jenkins"]})
    guarded = ["--policy", policy, *jenkins.key_args]
    for tag in ("v1", "stable", "latest"):
        ci.sign(gun, tag, first, *guarded)
    before = released(world, gun)
    for tag, extra, error in [("v1", [], "TAG_IMMUTABLE"), ("v1", ["--allow-move"], "TAG_IMMUTABLE"),
                              ("stable", [], "TAG_MOVED")]:
        outcome = ci.refused(5, "sign", f"{gun}:{tag}", "--oci-layout", second.layout, *guarded, *extra)
        assert outcome.error[0] == error
    assert released(world, gun) == before
    assert ci.sign(gun, "stable", second, *guarded, "--allow-move").target("stable")["status"] == "moved"
    assert ci.sign(gun, "latest", second, *guarded).target("latest")["status"] == "moved"
    assert released(world, gun) == {"v1": first.digest, "stable": second.digest, "latest": second.digest}


def test_two_teams_sign_one_after_the_other_and_the_last_releases(world):
    jenkins, alice = world.identity(), world.identity()
    gun, admin = world.repository(jenkins)
    admin.ok("signer", "add", "alice", gun, "--key", alice.certificate)
    policy = write_policy(world, {"jenkins": jenkins, "alice": alice}, [{"images": ["**"], "teams": ["ci", "qa"]}],
                          {"ci": ["jenkins"], "qa": ["alice"]})
    image = world.image()
    ci, qa = world.ci(jenkins, pin=admin.pin), world.ci(alice, pin=admin.pin)
    cluster = world.client(pin=admin.pin)
    subject = f"{gun}:1.0"

    assert "no member of qa" in ci.refused(5, "sign", subject, "--oci-layout", image.layout, "--policy", policy,
                                           *jenkins.key_args).error[1]
    assert released(world, gun) == {}
    outcome = ci.sign(gun, "1.0", image, "--policy", policy, "--role", "targets/jenkins", *jenkins.key_args)
    assert outcome.target("1.0")["policy"]["verdict"] == "refused"
    (incomplete,) = [w["message"] for w in outcome.document["warnings"] if w["code"] == "POLICY_INCOMPLETE"
                     and "no member of qa" in w["message"]]
    command = without_carried(incomplete).partition("signs it: countersign ")[2].split()
    assert command == ["sign", "--policy", "FILE", f"{subject}@{image.digest}", "--size", str(image.size)]
    explained = cluster.refused(5, "verify", subject, "--policy", policy, "--explain", output="text").stdout
    assert f"no member of qa has signed {subject} as {image.digest}" in explained
    assert "alice (targets/alice) signs it: countersign sign" in without_carried(explained)

    qa.ok(*[policy if word == "FILE" else word for word in command], *alice.key_args)  # as printed
    assert released(world, gun) == {"1.0": image.digest}
    target = cluster.ok("verify", subject, "--policy", policy).target("1.0")
    assert {s["user"] for s in target["signatures"]} == {"jenkins", "alice"}
    assert cluster.ok("verify", f"{gun}@{image.digest}", "--policy", policy).target("1.0")["verdict"] == "allowed"

    # The tag moves in the same order, and in between pullers who go by the policy get neither, which is said.
    other = world.image("other")
    by_policy = ("--policy", policy, "--allow-move")
    moved = qa.sign(gun, "1.0", other, *by_policy, "--role", "targets/alice", *alice.key_args)
    assert [w["code"] for w in moved.document["warnings"]].count("HALF_MOVED") == 1
    (reason,) = cluster.refused(5, "verify", subject, "--policy", policy, "--explain").target("1.0")["reasons"]
    being_moved = Hint.read(reason["mend"], "verdict-being-moved")
    assert being_moved.values["image"] == f"{subject}@{other.digest}"
    refused = ci.refused(5, "repo", "refresh", gun, "--within-days", "2000", "--policy", policy,
                         "--signing-key", jenkins.key_args[1])
    assert Hint.of(refused, "foreign-entry-being-moved").values["image"] == being_moved.values["image"]
    fresh = world.ci(jenkins, pin=admin.pin)  # remembers nothing
    ended = fresh.sign(gun, "1.0", other, *by_policy, *jenkins.key_args)
    assert [entry["digest"] for entry in ended.repository["quarantined"]] == [image.digest]
    assert released(world, gun) == {"1.0": other.digest}
    cluster.ok("verify", subject, "--policy", policy)


def test_a_manifest_is_checked_as_a_whole_in_every_format_and_offline(world, team):
    gun, admin, jenkins, mallory, policy = team
    image = world.image()
    world.ci(jenkins, pin=admin.pin).sign(gun, "1.0", image, *jenkins.key_args)
    world.ci(mallory, pin=admin.pin).sign(gun, "2.0", image, *mallory.key_args)
    cluster = world.client(pin=admin.pin)
    folder = world.folder("manifests")
    manifest = folder / "app.yaml"
    manifest.write_text(f"""
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{{name: init, image: "{gun}:2.0"}}]
      containers: [{{name: app, image: {gun}:1.0@{image.digest}}}]
---
kind: CronJob
spec: {{jobTemplate: {{spec: {{image: alpine}}}}}}
""")
    compose = folder / "compose.yaml"
    compose.write_text(f"services:\n  app:\n    image: {gun}:1.0\n")
    plain = folder / "images"
    plain.write_text(f"# all of them\n{gun}:1.0\n")

    arguments = ["verify", "--policy", policy, "--images-from", manifest]
    outcome = cluster.refused(5, *arguments)
    assert outcome.error[0] == "POLICY"
    verdicts = {(r["gun"], t["name"]): t for r in outcome.document["repositories"] for t in r["targets"]}
    assert {k: t["verdict"] for k, t in verdicts.items()} == {
        (gun, "2.0"): "refused", (gun, "1.0"): "allowed", ("docker.io/library/alpine", "latest"): "refused"}
    assert verdicts[gun, "1.0"]["deploy"] == f"{gun}@{image.digest}"
    assert [r["code"] for r in verdicts["docker.io/library/alpine", "latest"]["reasons"]] == ["NO_RULE"]

    suite = ElementTree.fromstring(cluster.refused(5, *arguments, output="junit").stdout).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    rows = cluster.refused(5, *arguments, output="markdown").stdout.splitlines()
    assert len(rows) == 5 and f"`{gun}@{image.digest}`" in rows[3]

    for path in (compose, plain):
        assert cluster.ok("verify", "--policy", policy, "--images-from", path, "--offline").repository["offline"]
    # Without a policy the list is verified as images are.
    assert cluster.ok("verify", "--images-from", compose).target("1.0")["verdict"] == "signed"
    assert 'failures="0"' in cluster.ok("verify", "--images-from", compose, output="junit").stdout
    for path, text in ((plain, "registry.example.com/${APP}:1\n"),
                       (compose, "services: {app: {image: '${REGISTRY:-registry.example.com}/app:${TAG:-1.0}'}}\n")):
        path.write_text(text)
        outcome = cluster.refused(3, "verify", "--policy", policy, "--images-from", path)
        assert "line 1: holds a variable" in outcome.error[1], str(outcome)
        tool = f"docker compose -f {path} config" if path == compose else f"envsubst '${{APP}}' < {path}"
        assert f"with: {tool} > {path}.rendered; then" in outcome.document["error"]["hint"], str(outcome)


@pytest.mark.parametrize("options", [[], ["--policy"]], ids=["signed", "policy"])
def test_a_manifest_that_hides_an_image_is_refused_though_what_it_shows_may_run(world, team, options):
    gun, admin, jenkins, _, policy = team
    image = world.image()
    world.ci(jenkins, pin=admin.pin).sign(gun, "1.0", image, *jenkins.key_args)
    cluster = world.client(pin=admin.pin)
    manifest = world.folder("manifests") / "app.yaml"
    arguments = ["verify", *options, *([policy] if options else []), "--images-from", manifest]
    shown = f"services: {{app: {{image: '{gun}:1.0@{image.digest}'}}}}\n"

    manifest.write_text(shown)
    cluster.ok(*arguments)
    unclear = "list-with-unclear-line"
    for hidden, row in (("note: 1 # a line that kubectl sees\rimage: {evil}\n", unclear),
                        ("!!binary aW1hZ2U= : {evil}\n", unclear),
                        ("kind: !reset Deployment\n", unclear),
                        ("---#: settings\nkind: ConfigMap\n", unclear),
                        ("data: &x {{reference: '{evil}'}}\nvolume: {{image: *x}}\n", unclear),
                        ("include: [other.yaml]\n", "compose-to-be-rendered"),
                        ("---\nservices: {{evil: {{build: .}}}}\n", "compose-builds")):
        manifest.write_bytes((shown + hidden.format(evil=f"{gun}:6.6")).encode())
        outcome = cluster.refused(3, *arguments)
        assert outcome.error[0] == "FILE_UNREADABLE" and f"{manifest} line " in outcome.error[1], str(outcome)
        Hint.of(outcome, row)
        assert not outcome.document["repositories"], str(outcome)


def test_what_a_manifest_only_mentions_is_told_and_what_it_runs_is_judged(world, team):
    gun, admin, jenkins, _, policy = team
    image = world.image()
    world.ci(jenkins, pin=admin.pin).sign(gun, "1.0", image, *jenkins.key_args)
    cluster = world.client(pin=admin.pin)
    manifest = world.folder("manifests") / "app.yaml"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "annotations": {"note": "ship it \U0001f680"}},
           "spec": {"containers": [{"name": "app", "image": f"{gun}:1.0"}]},
           "status": {"containerStatuses": [{"image": f"{gun}:staging"}]}}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"image": "logo.png"}}
    arguments = ["verify", "--policy", policy, "--images-from", manifest]

    manifest.write_text(json.dumps(pod))  # the emoji as two surrogates
    outcome = cluster.ok(*arguments)
    assert [t["name"] for t in outcome.repository["targets"]] == ["1.0"] and not outcome.document["warnings"]
    manifest.write_text(json.dumps(pod) + "\n" + json.dumps(settings))
    assert [w["code"] for w in cluster.ok(*arguments).document["warnings"]] == ["NOT_JUDGED"]
    manifest.write_text(json.dumps(pod) + "\n" + json.dumps({**settings, "items": [{**pod, "image": f"{gun}:6.6"}]}))
    assert cluster.refused(5, *arguments).target("6.6")["verdict"] == "refused"


LENGTH = 16 << 20
def growing():
    """Files of the greatest length that would fill the memory of a reader, each in its own way."""
    yield "values on one line", "x: [" + "a," * (LENGTH // 2 - 10) + "]"
    yield "one quoted text", 'image: a\nx: "a' + " " * (LENGTH - 20) + '"'
    yield "the name of an anchor", "image: a\nx: &" + "a" * (LENGTH - 20) + " x"
    yield "directives", "%TAG ! x\n" * (LENGTH // 9)
    yield "keys of JSON", '{"image":"a",' + ",".join(f'"{i}":1' for i in range(1_300_000)) + "}"
    yield "texts of JSON", '{"x":["' + '","'.join(["a" * 4_000_000] * 4) + '"]}'


def peak(binary, path, home) -> int:
    """Most memory that reading that file takes, bytes; measured by a small process, whose own would count as well."""
    measure = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    command = [sys.executable, "-c", measure, binary, "verify", "--offline", "--images-from", path]
    outcome = subprocess.run(command, env=clean_environment(home), capture_output=True, text=True, check=True)
    return int(outcome.stdout) * 1024


def test_no_manifest_takes_more_than_64_mib_of_memory(binary, tmp_path):
    if b"__asan_init" in binary.read_bytes():
        pytest.skip("a sanitizer's own memory would count")
    path = tmp_path / "manifest"
    path.write_text("image: a\n")
    base = peak(binary, path, tmp_path)
    for what, content in growing():
        path.write_text(content)
        assert path.stat().st_size <= LENGTH, what
        assert peak(binary, path, tmp_path) - base <= 64 << 20, what


def test_provenance_and_age_can_be_demanded(world):
    """Told by the CI's own signature; here put there by the official client, as custom data."""
    jenkins = world.identity()
    gun, admin = world.repository(jenkins)
    image = world.image()
    official = world.notary()
    official.import_key(jenkins.key_args[1])
    custom = official.home / "custom.json"
    claims = {"countersign.provenance/v1": {"created": "2020-01-01T00:00:00Z", "ref": "refs/heads/main"}}
    custom.write_text(json.dumps(claims, separators=(",", ":")))  # notary signs these very bytes
    official.run("addhash", gun, "1.0", str(image.size), "--sha256", image.digest.removeprefix("sha256:"), "-r",
                 "targets/releases", "-r", "targets/jenkins", "--custom", custom, "-p")
    cluster = world.client(pin=admin.pin)
    for demand, reasons in [({"provenance": {"ref": "refs/heads/main"}}, []),
                            ({"provenance": {"ref": "refs/tags/*"}}, ["PROVENANCE_REFUSED"]),
                            ({"provenance": {"actor": "*"}}, ["PROVENANCE_MISSING"]), ({"max_age_days": 30}, ["TOO_OLD"])]:
        policy = write_policy(world, {"jenkins": jenkins}, [{"images": ["**"], **demand}])
        outcome = cluster.run("verify", f"{gun}:1.0", "--policy", policy)
        assert [r["code"] for r in outcome.target("1.0")["reasons"]] == reasons
        assert outcome.exit_code == (5 if reasons else 0)


def bad_policies(good: str) -> dict[str, str | bytes]:
    return {
        "empty": "",
        "garbage": "\x00\x01",
        "duplicate member": good.replace('"version": 1', '"version": 1, "version": 1'),
        "unknown member": good.replace('"version"', '"versoin"'),
        "contradictory": good.replace('"teams": ["ci"]', '"teams": ["ci"], "signatures": {"needed": 9}'),
        "backtracking pattern": good.replace("registry.example.com/**", "*a" * 50),
        "regular expression": good.replace("registry.example.com/**", "(a+)+$"),
        "deep": "[" * 1_000_000,
        "huge": good + " " * (5 << 20),
        "many": '{"rules": [' + "0," * 1_000_000,
    }


def test_a_policy_that_is_not_sound_is_a_configuration_error_and_nothing_is_signed(world, team):
    gun, admin, jenkins, mallory, policy = team
    image = world.image()
    ci = world.ci(jenkins, pin=admin.pin)
    before = world.store.state(gun)
    good = json.dumps(json.loads(policy.read_text()))
    folder = world.folder("bad")
    (folder / "keys").symlink_to(policy.parent / "keys")
    paths = [folder / "missing.json", folder]
    for name, text in bad_policies(good).items():
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(text)
        assert text != good
    paths.append(folder / "pipe.json")
    os.mkfifo(paths[-1])
    for path in paths:
        outcome = ci.refused(3, "sign", f"{gun}:1.0", "--oci-layout", image.layout, "--policy", path, *jenkins.key_args)
        assert outcome.error[0] in ("POLICY_MALFORMED", "FILE_UNREADABLE"), path
        assert path.name in outcome.error[1] and len(outcome.error[1]) < 1000
    ci.refused(3, "verify", f"{gun}:1.0", "--policy", paths[-2])
    for wrong in (["--quarantine"], ["--no-resign-guard"], ["--policy", policy, "--quarantine", "--no-resign-guard"]):
        ci.refused(2, "sign", f"{gun}:1.0", "--oci-layout", image.layout, *wrong, *jenkins.key_args)
    ci.refused(2, "verify", f"{gun}:1.0", "--explain")
    ci.refused(2, "verify")
    assert world.store.state(gun) == before


def test_the_pages_about_policies_say_what_the_program_reads(world, team):
    gun, admin, jenkins, mallory, _ = team
    example = re.search(r"^    \{\n.*?^    \}\n", (DOCS / "policy.md").read_text(), re.MULTILINE | re.DOTALL).group()
    policy = json.loads(example)
    policy["users"] = {name: {"keys": [identity.public.read_text()]} for name, identity in
                       zip(policy["users"], (jenkins, mallory, world.identity()))}
    schema = json.loads((DOCS / "policy.schema.json").read_text())
    everything = {"description": "", "images": ["r.example.com/a"], "teams": ["ci"], "signatures": {"needed": 1, "of": ["ci"]},
                  "roles": ["targets/jenkins"], "accept_targets": False, "immutable_tags": ["v*"], "movers": ["ci"],
                  "provenance": {"ref": "main"}, "max_age_days": 1, "provenance_by": ["ci"]}
    assert set(everything) == set(schema["$defs"]["rule"]["properties"])
    policy["rules"].append(everything)
    policy |= {"$schema": "policy.schema.json", "description": "", "bound": "required"}
    assert set(policy) == set(schema["properties"])
    path = world.folder("policy") / "policy.json"
    path.write_text(json.dumps(policy))
    assert world.client(pin=admin.pin).refused(5, "verify", f"{gun}:1.0", "--policy", path).error[0] == "POLICY"
