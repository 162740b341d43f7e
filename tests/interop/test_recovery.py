"""Repositories that no official client can mend: the server stores a file that it cannot serve, or can make no
timestamp because a snapshot that it does not sign has expired. Everything here is signed by the right keys."""
import datetime
import json
import time

import pytest
from support.forged_keys import canonical, ec_key, wire
from support.forger import envelope, file_meta
from support.identities import NAME


@pytest.fixture
def store(notary_signer):
    return notary_signer


def with_swapped_members(body, sign):
    return b'{"signatures":[' + json.dumps(sign(body)).encode() + b'],"signed":' + wire(body) + b"}"


def with_body(change):
    """The body as `change` leaves it, in canonical form and rightly signed."""
    def write(body, sign):
        change(body)
        return envelope(body, [sign(body)])
    return write


def without_private(body):
    for key in body["delegations"]["keys"].values():
        del key["keyval"]["private"]


# How a file can be written so that the server takes it and then hashes another form of it (section 2.5).
FORMS = {
    "newline at the end": lambda body, sign: envelope(body, [sign(body)]) + b"\n",
    "indented": lambda body, sign: json.dumps({"signed": body, "signatures": [sign(body)]}, indent=1).encode(),
    "members swapped": with_swapped_members,
    "method in upper case": lambda body, sign: envelope(body, [sign(body) | {"method": "ECDSA"}]),
    "unknown member": with_body(lambda body: body.update(comment="ours")),
    "zeros at the end of a fraction": with_body(lambda body: body.update(expires=body["expires"][:-1] + ".500Z")),
    "offset instead of Z": with_body(lambda body: body.update(expires=body["expires"][:-1] + "+00:00")),
}
FORMS_OF_TARGETS = {"newline at the end": FORMS["newline at the end"], "keys without private": with_body(without_private)}


class Patient:
    """A repository of keys that the test holds, with a tag signed by countersign."""

    def __init__(self, world):
        self.world = world
        self.gun = world.store.gun()
        self.keys = {name: ec_key(self.gun + name) for name in ("root", "targets", "snapshot", NAME)}
        folder = world.folder("keys")
        self.files = {name: key.write(folder / f"{name}.pem") for name, key in self.keys.items()}
        public = self.keys[NAME].write_public(folder / f"{NAME}.pub")
        self.admin = world.admin()
        self.admin.init(self.gun, "--root-key", self.files["root"], "--targets-key", self.files["targets"])
        self.admin.ok("signer", "add", NAME, self.gun, "--key", public, "-k", self.files["targets"])
        self.image = world.image("one", "1.0")
        world.client(pin=self.admin.pin).sign(self.gun, "1.0", self.image, "--key", self.files[NAME])

    def key_of(self, role):
        """The key and its ID in the metadata."""
        data = self.world.store.read(self.gun)
        if role.startswith("targets/"):
            return self.keys[NAME], data.delegation(role)["keyids"][0]
        return self.keys[role], data.signed("root")["roles"][role]["keyids"][0]

    def write(self, role, form, change=lambda body: None) -> bytes:
        """The next version of the role."""
        key, key_id = self.key_of(role)
        body = self.world.store.read(self.gun).signed(role)
        body["version"] += 1
        change(body)
        return form(body, lambda signed: key.sign(canonical(signed)) | {"keyid": key_id})

    def post(self, files: dict[str, bytes]):
        self.world.store.post(self.gun, files)

    def with_all_keys(self):
        return [option for name in self.keys for option in ("-k", self.files[name])]

    def see_tag(self):
        """Everybody sees it, with a trust directory of their own."""
        expected = {"1.0": (self.image.digest, self.image.size)}
        assert {n: (d, s) for n, (d, s, _) in self.world.notary().list(self.gun).items()} == expected
        assert set(self.world.docker().signed_tags(self.gun)) == {"1.0"}
        reader = self.world.client(pin=self.admin.pin)
        assert reader.ok("verify", f"{self.gun}:1.0").repository["targets"][0]["digest"] == self.image.digest


ROWS = ([("targets/releases", form, write) for form, write in FORMS.items()] +
        [("targets", form, write) for form, write in FORMS_OF_TARGETS.items()] +
        [("root", "newline at the end", FORMS["newline at the end"])])


def test_what_the_server_stores_and_cannot_serve_is_signed_anew(world):
    for role, form, write in ROWS:
        about = f"{role}: {form}"
        patient = Patient(world)
        patient.post({role: patient.write(role, write)})
        reader = world.client(pin=patient.admin.pin)
        assert reader.run("verify", f"{patient.gun}:1.0").exit_code == 4, about

        # Whoever lacks the key changes nothing and says so; a rehearsal tells the plan.
        assert world.client(pin=patient.admin.pin, env=patient.admin.env).run(
            "repo", "repair", patient.gun).exit_code == 10, about
        patient.admin.ok("repo", "repair", patient.gun, "--dry-run", *patient.with_all_keys())
        assert reader.run("verify", f"{patient.gun}:1.0").exit_code == 4, about
        patient.admin.ok("repo", "repair", patient.gun, *patient.with_all_keys())

        patient.see_tag()
        before = world.store.state(patient.gun)
        assert patient.admin.ok("repo", "repair", patient.gun,
                                *patient.with_all_keys()).repository["published"] is False, about
        assert world.store.state(patient.gun) == before, about


def test_a_snapshot_that_has_expired_and_blocks_every_reader_is_signed_anew(world):
    patient = Patient(world)
    patient.admin.ok("repo", "rotate", patient.gun, "snapshot", "--yes", "--key", patient.files["snapshot"],
                     "-k", patient.files["root"])
    soon = datetime.datetime.utcnow() + datetime.timedelta(seconds=2)

    def expire(body):
        body["expires"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")

    exact = with_body(lambda body: None)
    targets = patient.write("targets", exact)

    def name_targets(body):
        expire(body)
        body["meta"]["targets"] = file_meta(targets)
    patient.post({"targets": targets, "snapshot": patient.write("snapshot", exact, name_targets)})
    reader = world.client(pin=patient.admin.pin)
    time.sleep(3)
    assert reader.run("list", patient.gun).exit_code in (4, 8)
    assert world.notary().run("list", patient.gun, check=False).returncode != 0

    keys = patient.with_all_keys()
    patient.admin.ok("repo", "refresh", patient.gun, *keys, "--dry-run")
    patient.admin.ok("repo", "refresh", patient.gun, *keys)
    patient.see_tag()
