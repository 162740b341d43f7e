"""Many repositories in one command: beside each other, told in order, watched, and gone on with after a failure."""
import json
import os
import pty
import re

import pytest

from support.stores import NotaryServer
from support.tls import Authority

DIGEST = "sha256:" + "a" * 64
MISSING = "registry.example.com/aaa/none"


@pytest.fixture(scope="module")
def notary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    notary = NotaryServer(folder, with_signer=False, authority=Authority(folder))
    yield notary
    notary.stop()


@pytest.fixture
def store(notary):
    return notary


class Release:
    def __init__(self, world, size: int):
        self.world = world
        self.identity = world.identity()
        self.guns = sorted(world.repository(self.identity)[0] for _ in range(size))
        self.folder = world.folder("release")
        self.config = self.folder / "config.json"
        self.config.write_text(json.dumps({"trust_pinning": {"certs": {g: [world.pin(g)] for g in self.guns}}}))
        self.ci = world.client(env=self.identity.env)

    def args(self, *more, guns=None):
        """A command for these repositories."""
        images = [{"image": f"{gun}:1.0@{DIGEST}", "size": 100} for gun in guns or self.guns]
        file = self.folder / "release.json"
        file.write_text(json.dumps({"schema": "countersign/release/v1", "images": images}))
        return ["sign", "--release", file, "--config", self.config, *self.identity.key_args, *more]

    def is_signed(self, gun: str) -> bool:
        data = self.world.store.read(gun)
        return "targets/releases" in data.files and "1.0" in data.signed("targets/releases")["targets"]


def steps(stderr: str, word: str) -> list[int]:
    return [int(n) for n in re.findall(rf"^(\d+) of \d+ {word}: ", stderr, re.MULTILINE)]


@pytest.mark.parametrize("parallel", [(), ("--parallel", "1"), ("--parallel", "8")], ids=str)
def test_twelve_repositories(world, parallel):
    """Whatever the order is in which they come through, it is told in theirs, and the official client has them all."""
    release = Release(world, 12)
    log = release.folder / "audit.log"
    receipt = release.folder / "receipt.json"
    done = release.ci.ok(*release.args(*parallel, "--audit-log", log, "--receipt", receipt))
    assert [r["gun"] for r in done.document["repositories"]] == release.guns
    assert {t["status"] for r in done.document["repositories"] for t in r["targets"]} == {"signed"}
    assert steps(done.stderr, "checked") == steps(done.stderr, "published") == list(range(1, 13))
    told = json.loads(log.read_text())["signed"]
    assert [r["gun"] for r in told["repositories"]] == release.guns
    release.ci.ok("receipt", "verify", receipt, "--key", release.identity.public_form("pub"))
    notary = world.notary()
    for gun in release.guns:
        assert notary.lookup(gun, "1.0") == (DIGEST, 100)
    again = release.ci.ok(*release.args(*parallel))
    assert {t["status"] for r in again.document["repositories"] for t in r["targets"]} == {"unchanged"}
    assert steps(again.stderr, "unchanged") == list(range(1, 13))


def test_a_repository_that_cannot_be_signed_stops_all_or_only_itself(world):
    release = Release(world, 5)
    guns = [MISSING, *release.guns]
    refused = release.ci.refused(6, *release.args("--trust-on-first-use", guns=guns))
    assert f"nothing of the release was published, since {MISSING} cannot be" in refused.error[1]
    assert not any(release.is_signed(gun) for gun in release.guns)

    most = release.ci.refused(6, *release.args("--trust-on-first-use", "--keep-going", guns=guns))
    assert most.error[0] == "NO_TRUST_DATA" and f"failed for {MISSING}" in most.error[1]
    by_gun = {r["gun"]: r for r in most.document["repositories"]}
    assert by_gun[MISSING]["error"]["code"] == "NO_TRUST_DATA"
    assert all(by_gun[gun]["published"] for gun in release.guns)
    assert all(release.is_signed(gun) for gun in release.guns)


@pytest.mark.parametrize("args,lines", [
    (("--progress", "none"), 0), (("-q",), 0), (("--progress", "plain"), 6), ((), 6),
    (("--log-format", "json"), 6)], ids=str)
def test_progress_of_a_log(world, args, lines):
    release = Release(world, 3)
    done = release.ci.ok(*release.args(*args))
    text = done.stderr
    if "json" in args:
        text = "\n".join(json.loads(line)["message"] for line in text.splitlines())
    assert len(re.findall(r"^\d of 3 (checked|published): registry\S+$", text, re.MULTILINE)) == lines


def test_one_repository_shows_no_progress(world):
    release = Release(world, 1)
    assert " of 1 " not in release.ci.ok(*release.args()).stderr


def test_progress_on_a_terminal_is_one_line_that_goes_away(world):
    """Also where the command fails in the end: the error begins a line of its own."""
    release = Release(world, 3)
    for guns, code in ((release.guns, 0), ([MISSING, *release.guns], 6)):
        argv = release.ci.argv(*release.args("--trust-on-first-use", guns=guns))
        seen, status = on_a_terminal(argv, release.ci.environment())
        assert status == code, seen
        shown = seen[:seen.rindex("\r\x1b[K")]
        assert "\n" not in shown.rstrip("\r\n").split("\r\x1b[K", 1)[1]
        assert re.search(r"\r\x1b\[K\[#+ *\] \d of \d (checked|published|refused): registry", seen), seen
        after = seen[seen.rindex("\r\x1b[K") + 4:]
        assert ("error[" in after) == (code != 0) and "[#" not in after


def on_a_terminal(argv, env):
    """What a command writes to standard error, which is a terminal, and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        os.execve(argv[0], argv, env | {"TERM": "xterm"})
    seen = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(terminal)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
