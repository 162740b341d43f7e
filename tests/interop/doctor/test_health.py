"""`countersign doctor` where nothing is broken: what it checked, and what it warns of."""
import shutil
import subprocess
import time
from email.utils import formatdate

import pytest

from support.ailing import (built, client_snapshot, encrypted_key, misnamed_key, paths, static, tagged, token,
                            trust_dir)
from support.clinic import Patient
from support.forged_keys import DAY, TODAY, ec_key
from support.hints import Hint, without_carried
from support.hostile_server import Answer
from support.policies import write_policy

MACHINE = ["configuration", "trust-directory", "server"]
SERVER = ["reachable", "tls", "clock", "trust-server"]
ROLES = ["roles", "paths", "snapshot", "secrets", "signature", "administrator-keys"]
FULL = [*MACHINE, *SERVER, "credentials", "repository", "push", "root", "metadata", "keys", *ROLES]
TOKEN = [name for check in FULL for name in (["module", "token", "keys"] if check == "keys" else [check])]
FOLDER = [name for name in FULL if name not in (*SERVER, "credentials")]


def logged_in(clinic):
    """A log-in that works makes the token forget that there was a wrong PIN."""
    patient = token(clinic)
    patient.client.ok("token", "list")
    return patient


@pytest.mark.parametrize("make, names", [
    (lambda c: c.patient(), FULL),
    (logged_in, TOKEN),
    (lambda c: encrypted_key(c), FULL),
    (lambda c: c.guarded(c.auth("ci")), FULL),
    (lambda c: c.patient(static(c).prepared), FOLDER),
], ids=["key file", "token", "trust directory", "with tokens", "folder"])
def test_a_machine_that_can_sign_is_told_what_was_checked(clinic, make, names):
    patient = make(clinic)
    before = patient.stored()
    outcome = patient.doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [(c["name"], c["ok"]) for c in outcome.document["checks"]] == [(name, True) for name in names]
    assert outcome.document["diagnosis"] is None and outcome.document["warnings"] == []
    (key,) = outcome.repository["keys"]
    assert key["roles"] == ["targets/releases", "targets/jenkins"]
    assert patient.stored() == before
    text = patient.doctor(output="text").stdout.splitlines()
    assert [line.split()[:2] for line in text[1:-1]] == [[name, "ok"] for name in names]
    assert without_carried(text[-1]).endswith(f"name it and its source as for sign: countersign doctor {patient.gun}:TAG")
    assert patient.sign().exit_code == 0


def test_a_machine_can_sign_only_where_all_that_the_sign_needs_was_looked_at(clinic):
    """The options of the `sign`, as they are: it works where the doctor says so, and nothing was published before."""
    patient = clinic.patient(clinic.repository("to-be-signed"))
    policy = write_policy(clinic.world(), {"jenkins": clinic.repository("to-be-signed").identity},
                          [{"images": ["**"], "teams": ["ci"]}], {"ci": ["jenkins"]})
    patient = tagged(patient, *built(clinic), "--policy", policy, "--role", "targets/releases", "--role", "targets/jenkins",
                     "--annotate", "a=b")
    before = patient.stored()
    outcome = patient.doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [c["name"] for c in outcome.document["checks"]] == [
        *FULL[:2], "policy", *FULL[2:-3], "image", "secrets", "signature", "rehearsal", "administrator-keys"]
    details = {c["name"]: c["detail"] for c in outcome.document["checks"]}
    assert details["image"].startswith("sha256:") and "targets/jenkins" in details["rehearsal"]
    assert patient.stored() == before
    assert patient.doctor(output="text").stdout.splitlines()[-1] == f"this machine can sign {patient.args[0]}"
    signed = patient.client.ok("sign", *patient.args)
    assert signed.target("1.0")["status"] == "signed"


@pytest.mark.parametrize("opened", ["file", "folder"])
def test_a_policy_that_others_can_change_is_told_with_what_takes_their_access_away(clinic, tmp_path, opened):
    patient = clinic.patient(clinic.repository("to-be-signed"))
    made = write_policy(clinic.world(), {"jenkins": clinic.repository("to-be-signed").identity},
                        [{"images": ["**"], "teams": ["ci"]}], {"ci": ["jenkins"]})
    folder = shutil.copytree(made.parent, tmp_path / "a folder")
    policy = folder / made.name
    (policy if opened == "file" else folder).chmod(0o777)
    patient.args += ["--policy", policy]
    (warning,) = patient.doctor().document["warnings"]
    assert warning["code"] == "POLICY_WRITABLE"
    command = warning["message"].partition("may release: ")[2]
    assert command.startswith("chmod go-w ")
    subprocess.run(command, shell=True, check=True)
    assert patient.doctor().document["warnings"] == []


def test_without_a_repository_everything_is_checked_that_needs_none(clinic):
    patient = token(clinic)
    patient.args = patient.args[1:]
    outcome = patient.doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [c["name"] for c in outcome.document["checks"]] == [
        *MACHINE, *SERVER, "module", "token", "keys", "secrets", "signature", "administrator-keys"]

    nowhere = Patient(clinic.world().client(server=None), patient.args)
    nowhere.client.env = patient.client.env
    assert [c["name"] for c in nowhere.doctor().document["checks"]] == [
        *MACHINE, "module", "token", "keys", "secrets", "signature", "administrator-keys"]


def test_a_broken_link_is_told_as_text_too(clinic):
    outcome = clinic.patient(pin=None).doctor(output="text")
    assert [line.split()[:2] for line in outcome.stdout.splitlines()[-2:]] == [
        ["root", "BROKEN"], ["diagnosis:", "unpinned-root"]]


def test_nothing_can_be_told_offline(clinic):
    patient = clinic.patient()
    assert patient.client.run("doctor", patient.gun, "--offline").exit_code == 2


def test_a_digest_is_no_repository(clinic):
    patient = clinic.patient()
    assert patient.client.run("doctor", f"{patient.gun}@sha256:{'00' * 32}").exit_code == 2
    image = f"{patient.gun}:1.0@sha256:{'00' * 32}"
    assert patient.client.run("doctor", image, "--size", 1, *patient.args[1:]).exit_code == 0


def first_use(clinic):
    patient = clinic.patient(pin=None)
    patient.args.append("--trust-on-first-use")
    return patient


def no_identity_role(repo):
    repo.edit("targets")
    repo.delegate("targets/jenkins", ec_key("another signer"))
    repo.publish("targets", "targets/jenkins")


def administrator(clinic):
    repository = clinic.repository()
    repository.admin.env |= repository.identity.env
    return Patient(repository.admin, [repository.gun, *repository.identity.key_args])


def keys_in_view(clinic):
    patient = encrypted_key(clinic)
    (patient.client.trust_dir / "private").chmod(0o755)
    return patient


def misnamed_beside(clinic, place):
    """Beside the key that signs."""
    patient = misnamed_key(clinic, place)
    patient.args += clinic.repository().identity.key_args
    return patient


def test_a_key_that_lies_under_a_foreign_name_is_put_in_its_place_by_the_hint(clinic):
    patient = misnamed_key(clinic)
    patient.client.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = clinic.secrets.new()
    outcome = patient.doctor()
    assert outcome.document["diagnosis"] == "key-misnamed", str(outcome)
    Hint.of(outcome, "key-out-of-its-place").follow(patient.client)
    assert not (patient.client.trust_dir / "private" / "jenkins.key").exists()
    assert patient.doctor().exit_code == 0


def inexact_clock(clinic):
    clinic.hostile.ping = Answer(b"{}", headers=(("Date", formatdate(time.time() - 3600, usegmt=True)),))
    try:
        yield clinic.forged("inexact-clock", lambda repo: None)
    finally:
        clinic.hostile.ping = Answer(b"{}")


def expires_soon(repo):
    repo.edit("targets")["expires"] = (TODAY + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    repo.publish("targets")


def snapshot_key_at_hand(clinic):
    client_snapshot(clinic)
    return clinic.once("client-snapshot", None).owner


@pytest.mark.parametrize("code, make", [
    ("ROOT_NOT_PINNED", first_use),
    ("NO_IDENTITY_ROLE", lambda c: c.forged("no-identity", no_identity_role)),
    ("ADMINISTRATOR_KEYS", administrator),
    ("KEYS_READABLE", keys_in_view),
    *(("KEY_MISNAMED", lambda c, place=place: misnamed_beside(c, place))
      for place in ("private/jenkins.key", "private/old/ci.pem", "id_ecdsa")),
    ("CLOCK_DIFFERS", inexact_clock),
    ("EXPIRES_SOON", lambda c: c.forged("expires-soon", expires_soon)),
    ("SNAPSHOT_CLIENT_MANAGED", snapshot_key_at_hand),
])
def test_what_breaks_nothing_is_a_warning(clinic, code, make):
    made = make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    outcome = next(patients).doctor()
    assert outcome.exit_code == 0, str(outcome)
    assert [warning["code"] for warning in outcome.document["warnings"]] == [code]
    assert next(patients, None) is None
