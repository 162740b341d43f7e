"""Hints about what is stored, and who may publish it."""
import os
from pathlib import Path

import pytest

from hints.causes import Cause, check, follow, someone_mends
from support.ailing import copied_folder, in_other_form, static, static_over_https
from support.hostile_server import Answer

ORDINARY_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()


def forged(name, change):
    def make(clinic):
        kept = []
        patient = clinic.forged(name, lambda repo: (kept.append(repo), change(repo)))
        patient.repo, patient.world = kept[0], clinic.world(clinic.hostile)
        return patient
    return make


def failing_keys(repo):
    repo.shelf.answers["timestamp.key"] = Answer(b"{}", status=500)


def past(role):
    def change(repo):
        repo.edit(role)["expires"] = "2020-01-01T00:00:00Z"
        repo.publish(*([role] if role in ("root", "targets") else []))
    return change


def holder_runs(role):
    """Whoever has that role's key: somebody else, elsewhere."""
    def mend(patient, hint):
        folder = patient.world.folder("holder")
        keys = [key.write(folder / f"{n}.pem") for n, key in enumerate(patient.repo.signers[role])]
        holder = patient.world.client(pin=patient.repo.pin, env={"COUNTERSIGN_KEY": "\n".join(map(str, keys))})
        hint.follow(holder)
    return mend


def server_renews(patient):
    patient.repo.edit("timestamp")["expires"] = patient.repo.bodies["snapshot"]["expires"]
    patient.repo.publish()


def name_folder(patient, hint):
    patient.client.server = patient.folder


def read_only(make):
    def made(clinic):
        patient = make(clinic)
        patient.folder = static(clinic).option
        return patient
    return made


def anothers_folder(clinic):
    patient = clinic.patient(static(clinic).prepared)
    folder = static(clinic).folder / "v2" / patient.gun / "_trust" / "tuf"
    patient.client.wrapper = ORDINARY_USER
    folder.chmod(0o555)
    yield patient
    folder.chmod(0o755)


def run_as_owner(patient, hint):
    follow(patient, hint)
    patient.client.wrapper = ()
    Path(hint.values["folder"]).chmod(0o755)


CAUSES = [
    Cause("server-is-read-only", read_only(static_over_https), name_folder),
    Cause("server-keys-unavailable", forged("no-keys", failing_keys),
          someone_mends(lambda p: p.repo.shelf.answers.clear())),
    Cause("folder-is-a-copy", read_only(copied_folder), name_folder),
    Cause("folder-of-another-user", anothers_folder, run_as_owner),
    Cause("timestamp-expired", forged("old-timestamp", past("timestamp")), someone_mends(server_renews)),
    Cause("role-expired", forged("old-targets", past("targets")), holder_runs("targets"), about="targets"),
    Cause("role-expired", forged("old-root", past("root")), holder_runs("root"), about="root"),
    Cause("role-unservable", forged("other-form-of-targets", in_other_form("targets")), holder_runs("targets")),
]


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_what_is_stored_is_mended_as_its_hint_says(clinic, cause):
    check(clinic, cause)
