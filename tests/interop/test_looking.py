"""Looking without a server, looking at what is broken, looking into the future."""
import base64
import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest


@pytest.fixture
def store(static_repository):
    return static_repository


@pytest.fixture
def signed(world):
    gun, _, admin, image = world.signed()
    return gun, admin, image


def delegation_file(world, gun, role):
    entry = world.store.read(gun).signed("snapshot")["meta"][role]
    digest = base64.b64decode(entry["hashes"]["sha256"]).hex()
    return world.store.folder / "v2" / gun / "_trust" / "tuf" / f"{role}.{digest}.json"


def test_only_offline_answers_without_a_server_and_says_so(world, signed):
    gun, admin, image = signed
    reader = world.client(pin=admin.pin)
    reader.refused(6, "list", gun, "--offline")
    reader.ok("list", gun)
    shutil.rmtree(world.store.folder)
    reader.refused(8, "list", gun)
    reader.refused(8, "verify", f"{gun}:1.0")
    outcome = reader.ok("verify", f"{gun}:1.0", "--offline")
    assert outcome.target("1.0")["digest"] == image.digest
    assert outcome.repository["offline"] is True
    assert "OFFLINE" in [w["code"] for w in outcome.document["warnings"]]
    assert outcome.repository["server"].startswith("offline:")


@pytest.mark.parametrize("command", [("sign", "{gun}:2.0", "--oci-layout", "{layout}"), ("repo", "init", "{gun}"),
                                     ("signer", "add", "bob", "{gun}", "--key", "{key}")])
def test_nothing_is_published_offline(world, signed, command):
    gun, admin, image = signed
    key = world.identity().public_form("pub")
    before = world.store.state(gun)
    outcome = admin.refused(2, *[a.format(gun=gun, layout=image.layout, key=key) for a in command], "--offline")
    assert "--offline" in outcome.error[1]
    assert world.store.state(gun) == before


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_delegation_that_is_not_served_is_named_and_nothing_in_it_is_verified(world, signed, damage):
    gun, admin, image = signed
    reader = world.client(pin=admin.pin)
    path = delegation_file(world, gun, "targets/jenkins")
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-1] + b" ")
    outcome = reader.ok("inspect", gun)
    states = {d["name"]: d["state"] for d in outcome.repository["delegations"]}
    assert states == {"targets/jenkins": "missing", "targets/releases": "usable"}
    assert [w["code"] for w in outcome.document["warnings"]] == ["ROLE_UNUSABLE"]
    assert reader.ok("verify", f"{gun}:1.0").target("1.0")["roles"] == ["targets/releases"]
    assert reader.refused(4, "verify", f"{gun}:1.0", "--role", "targets/jenkins").error[0] == "REPOSITORY_BROKEN"


def test_nothing_is_released_while_releases_cannot_be_read(world, signed):
    gun, admin, image = signed
    admin.sign(gun, "1.0", image, "--role", "targets")
    delegation_file(world, gun, "targets/releases").unlink()
    reader = world.client(pin=admin.pin)
    assert reader.refused(4, "verify", f"{gun}:1.0").error[0] == "REPOSITORY_BROKEN"
    assert [t["released"] for t in reader.ok("list", gun).repository["targets"]] == [False]


def test_images_of_one_repository_are_reported_together(world, signed):
    gun, admin, image = signed
    reader = world.client(pin=admin.pin)
    outcome = reader.refused(6, "verify", f"{gun}:1.0", f"{gun}:2.0")
    assert [(t["name"], t["verdict"]) for t in outcome.repository["targets"]] == [("1.0", "signed"),
                                                                                  ("2.0", "not signed")]


def test_expiry_is_rehearsed_and_fit_for_machines(world, signed):
    gun, admin, _ = signed
    reader = world.client(pin=admin.pin)
    ends = {r["name"]: r["due"] for r in reader.ok("expiry", gun).repository["expiry"]}
    assert set(ends) == {"root", "root certificate", "targets", "snapshot", "timestamp", "targets/releases",
                         "targets/jenkins"}
    assert not any(ends.values())
    far = reader.refused(5, "expiry", gun, "--at", "2040-01-31")
    assert far.error[0] == "EXPIRY_DUE"
    assert {r["name"] for r in far.repository["expiry"] if r["due"]} == set(ends) - {"timestamp"}
    suites = ElementTree.fromstring(reader.refused(5, "expiry", gun, "--at", "2040-01-31", output="junit").stdout)
    failed = {c.get("name") for c in suites.iter("testcase") if c.find("failure") is not None}
    assert failed == set(ends) - {"timestamp"}
    metrics = reader.ok("expiry", gun, output="prometheus").stdout.splitlines()
    assert f'countersign_role_due{{gun="{gun}",role="targets/jenkins"}} 0' in metrics
    reader.refused(2, "expiry", gun, "--at", "tomorrow")
    reader.refused(2, "list", gun, output="junit")


@pytest.mark.parametrize("place", ["folder", "web server"])
def test_no_server_renews_the_timestamp_of_a_folder_and_a_nightly_job_is_red_only_if_nobody_does(world, signed, place):
    """It lives for two weeks; whoever opens the folder with its keys signs it anew after one."""
    gun, admin, _ = signed
    reader = world.client(pin=admin.pin, server=world.store.option if place == "folder" else world.store.url)
    timestamp = {r["name"]: r for r in reader.ok("expiry", gun, "--warn-days", 30).repository["expiry"]}["timestamp"]
    assert not timestamp["renewed_by_server"] and not timestamp["due"]
    said = reader.ok("expiry", gun, "--warn-days", 30, output="text").stdout
    assert "renewed by whoever opens the folder with its keys" in said and "renewed by the server" not in said


def test_expiry_reports_every_repository_though_one_cannot_be_read(world, signed):
    gun, admin, _ = signed
    outcome = world.client(pin=admin.pin).refused(6, "expiry", f"{gun}x", gun)
    assert [bool(r.get("expiry")) for r in outcome.document["repositories"]] == [False, True]
    assert json.dumps(outcome.document["repositories"][1]["expiry"]).count("days_left") == 7
