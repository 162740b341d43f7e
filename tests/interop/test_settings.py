"""Settings: from options, variables and the configuration file, in this order; pins of many repositories."""
import json

import pytest

from support.policies import write_policy


@pytest.fixture
def store(static_repository):
    return static_repository


class Deployment:
    """Two repositories of one administrator, with a signed image each, and what to deploy."""

    def __init__(self, world):
        self.world = world
        self.identity = world.identity()
        self.gun, self.admin = world.repository(self.identity)
        self.pins = {self.gun: self.admin.pin}
        self.web = world.store.gun()
        self.admin.pin = None
        self.pins[self.web] = self.admin.ok("repo", "init", self.web).repository["trust_root"]
        self.admin.ok("signer", "add", "jenkins", self.web, "--key", self.identity.public)
        self.image = world.image()
        for gun, pin in self.pins.items():
            world.ci(self.identity, pin=pin).sign(gun, "1.0", self.image, *self.identity.key_args)
        self.images = [f"{gun}:1.0" for gun in self.pins]


@pytest.fixture
def deployment(world):
    return Deployment(world)


def test_what_repo_pin_prints_of_many_repositories_pins_them(deployment, world):
    printed = deployment.admin.ok("repo", "pin", *deployment.pins, output="text").stdout.split()
    assert printed == [f"{gun}={pin}" for gun, pin in deployment.pins.items()]
    options = [word for value in printed for word in ("--trust-root", value)]
    world.client().ok("verify", *deployment.images, *options)
    world.client().ok("verify", *deployment.images, env={"COUNTERSIGN_TRUST_ROOT": "\n".join(printed)})
    ci = world.ci(deployment.identity)
    ci.ok("sign", *deployment.images, "--metadata-file", metadata(world, deployment), *deployment.identity.key_args, *options)


def metadata(world, deployment):
    path = world.folder("metadata") / "bake.json"
    path.write_text(json.dumps({f"image-{i}": {
        "image.name": image, "containerimage.descriptor": {
            "mediaType": "application/vnd.oci.image.index.v1+json", "digest": deployment.image.digest,
            "size": deployment.image.size}} for i, image in enumerate(deployment.images)}))
    return path


def test_a_repository_without_a_pin_of_its_own_must_match_one_of_the_others(deployment, world):
    app, web = deployment.pins.values()
    reader = world.client
    reader().ok("verify", *deployment.images, "--trust-root", app, "--trust-root", web)
    reader().ok("verify", *deployment.images, "--trust-root", app, "--trust-root", f"{deployment.web}={web}")
    refused = reader().refused(4, "verify", *deployment.images, "--trust-root", app)
    assert refused.error[0] == "PIN_MISMATCH" and deployment.web in refused.error[1]
    swapped = reader().refused(4, "verify", deployment.images[0], "--trust-root", app, "--trust-root", f"{deployment.gun}={web}")
    assert swapped.error[0] == "PIN_MISMATCH"
    unpinned = reader().refused(4, "verify", *deployment.images, "--trust-root", f"{deployment.gun}={app}")
    assert unpinned.error[0] == "UNPINNED_ROOT" and deployment.web in unpinned.error[1]


def test_pins_stand_in_the_configuration_file(deployment, world):
    reader = world.client()
    config = reader.home / ".notary" / "config.json"
    config.parent.mkdir()
    for value in (deployment.pins, [f"{gun}={pin}" for gun, pin in deployment.pins.items()], list(deployment.pins.values())):
        config.write_text(json.dumps({"countersign": {"trust_root": value}}))
        reader.ok("verify", *deployment.images, "--reset-cache")
    wrong = {"COUNTERSIGN_TRUST_ROOT": "0" * 64}
    assert reader.refused(4, "verify", *deployment.images, "--reset-cache", env=wrong).error[0] == "PIN_MISMATCH"
    options = [word for gun, pin in deployment.pins.items() for word in ("--trust-root", f"{gun}={pin}")]
    reader.ok("verify", *deployment.images, "--reset-cache", *options, env=wrong)


def test_the_program_reads_the_variables_of_the_step(deployment, world):
    """A machine with nothing but variables; `server`, `ca` and trust directory are the harness's options elsewhere."""
    machine = world.client(server=None, ca=False)
    machine.global_options = lambda: []
    machine.env |= {"COUNTERSIGN_SERVER": world.store.option, "COUNTERSIGN_TRUST_ROOT": deployment.pins[deployment.gun],
                    "COUNTERSIGN_TRUST_DIR": str(machine.trust_dir),
                    "DOCKER_CONTENT_TRUST_SERVER": "https://elsewhere.example.com"}
    machine.ok("verify", deployment.images[0])
    assert (machine.trust_dir / "tuf").is_dir()
    machine.env |= deployment.identity.env | {"COUNTERSIGN_KEY": deployment.identity.key_args[1]}
    machine.ok("sign", f"{deployment.gun}:2.0", "--oci-layout", deployment.image.layout)
    stranger = world.identity()
    unlisted = machine.run("sign", f"{deployment.gun}:3.0", "--oci-layout", deployment.image.layout,
                           env=stranger.env | {"COUNTERSIGN_KEY": stranger.key_args[1]})
    # Only on this machine a setting names the server.
    assert f"countersign --server {world.store.option} signer add" in unlisted.stderr, str(unlisted)
    bad = machine.refused(3, "verify", deployment.images[0], env={"COUNTERSIGN_TRUST_ROOT": "none"})
    assert "COUNTERSIGN_TRUST_ROOT" in bad.error[1]


@pytest.mark.parametrize("where", ["variable", "file"])
def test_a_policy_that_is_set_is_demanded_without_an_option(deployment, world, where):
    other = world.identity()
    policy = write_policy(world, {"alice": other}, [{"images": ["**"], "teams": ["qa"]}], {"qa": ["alice"]})
    reader = world.client(pin=deployment.pins[deployment.gun])
    reader.ok("verify", deployment.images[0])
    if where == "variable":
        reader.env["COUNTERSIGN_POLICY"] = str(policy)
    else:
        config = reader.home / ".notary" / "config.json"
        config.parent.mkdir()
        config.write_text(json.dumps({"countersign": {"policy": str(policy)}}))
    refused = reader.refused(5, "verify", deployment.images[0])
    assert refused.target("1.0")["verdict"] == "refused"
