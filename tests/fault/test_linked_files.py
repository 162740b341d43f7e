"""A build that cannot read the secrets of the job that signs leaves links to them, or something still running that puts
the secret itself in the place of what it has built. Neither makes the program tell what they hold."""
import shutil

import pytest

SOURCES = {  # option -> what the job leaves under the name that the option gives, and the file in it
    "--digest-file": "{at}",
    "--metadata-file": "{at}",
    "--manifest": "{at}",
    "--oci-layout": "{at}/index.json",
    "--release": "{at}",
    "--file": "{at}",
}


@pytest.fixture
def store(notary_local):
    return notary_local


class Job:
    def __init__(self, world):
        self.identity = world.identity()
        self.gun, admin = world.repository(self.identity)
        self.ci = world.ci(self.identity, pin=admin.pin)
        self.mounted = world.folder("secrets") / "pin"
        self.mounted.write_text(world.secrets.new() + "\n")
        self.left = world.folder("left") / "result"

    def place(self, pattern):
        path = type(self.left)(pattern.format(at=self.left))
        path.parent.mkdir(exist_ok=True)
        return path

    def sign(self, option):
        name = {"--release": [], "--file": [f"{self.gun}:app.tgz"]}.get(option, [f"{self.gun}:1.0"])
        return ["sign", *name, option, self.left, *self.identity.key_args]


@pytest.mark.parametrize("option", SOURCES)
def test_a_link_to_a_secret_is_refused_and_what_it_holds_told_nowhere(world, option):
    job = Job(world)
    job.place(SOURCES[option]).symlink_to(job.mounted)
    outcome = job.ci.refused(3, *job.sign(option))
    assert "a symbolic link leads out of its folder" in outcome.error[1], str(outcome)


@pytest.mark.parametrize("option", [option for option in SOURCES if option != "--file"])
def test_a_secret_in_the_place_of_a_result_is_told_nowhere(world, option):
    job = Job(world)
    shutil.copy(job.mounted, job.place(SOURCES[option]))
    outcome = job.ci.run(*job.sign(option))  # looks for secrets in all output
    assert outcome.exit_code in (2, 3), str(outcome)


def test_a_list_of_images_that_is_a_link_to_a_secret_is_refused(world):
    job = Job(world)
    job.left.symlink_to(job.mounted)
    outcome = job.ci.refused(3, "verify", "--images-from", job.left)
    assert "a symbolic link leads out of its folder" in outcome.error[1], str(outcome)


@pytest.mark.parametrize("option", ["--digest-file", "--metadata-file", "--oci-layout"])
def test_a_result_that_is_a_volume_of_links_is_signed(world, option):
    """As Kubernetes mounts what another job hands over: NAME -> ..data/NAME, ..data -> ..2026_01_01/."""
    job = Job(world)
    image = world.image()
    kept = job.left.parent / "..2026_01_01"
    kept.mkdir()
    (job.left.parent / "..data").symlink_to(kept.name)
    job.left.symlink_to("..data/result")
    if option == "--oci-layout":
        shutil.copytree(image.layout, kept / "result")
    elif option == "--digest-file":
        (kept / "result").write_text(image.digest)
    else:
        (kept / "result").write_text('{"containerimage.descriptor":{"digest":"%s","size":%d}}'
                                     % (image.digest, image.size))
    size = ["--size", str(image.size)] if option == "--digest-file" else []
    assert job.ci.ok(*job.sign(option), *size).target("1.0")["digest"] == image.digest
