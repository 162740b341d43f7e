"""One time budget for the whole command: whatever a server, a token service, a credential helper or another process
does to make it wait, --timeout ends it, with an error that names what it waited for."""
import fcntl
import itertools
import json
import time

import pytest

from support.attack import Scene
from support.forged_keys import ec_key
from support.hostile_server import Answer

SOON = ("--timeout", "3s")
TIME_IS_UP = "in the 3 s that this command has"


@pytest.fixture
def scene(tmp_path, binary, hostile_server) -> Scene:
    scene = Scene(binary, tmp_path, hostile_server)
    scene.look()
    return scene


def silent():
    """No byte more."""
    time.sleep(60)
    yield b""


def dripping():
    """Never idle."""
    for _ in itertools.count():
        yield b" "
        time.sleep(0.2)


def check(outcome, exit_code: int, name: str, *words: str):
    assert (outcome.exit_code, outcome.error[0]) == (exit_code, name), str(outcome)
    for word in words:
        assert word in outcome.error[1], str(outcome)


def test_a_server_that_says_409_for_ever_is_a_conflict_when_time_is_up(scene):
    scene.repo.shelf.on_post = lambda parts: Answer(b"{}", status=409)
    check(scene.sign("x", *SOON), 9, "CONFLICT", "others kept publishing to " + scene.gun, TIME_IS_UP)
    assert len(scene.posts) > 1


def test_a_server_that_loses_a_race_for_ever_is_a_conflict_when_time_is_up(scene):
    error = json.dumps({"errors": [{"code": "UPDATING", "message": "", "detail": None}]}).encode()
    scene.repo.shelf.on_post = lambda parts: Answer(error, status=500)
    check(scene.sign("x", *SOON), 9, "CONFLICT", TIME_IS_UP)


@pytest.mark.parametrize("pace", [silent, dripping])
def test_an_answer_to_a_publish_that_never_ends_leaves_the_outcome_unknown(scene, pace):
    scene.repo.shelf.on_post = lambda parts: Answer(pace, length=1000)
    check(scene.sign("x", *SOON), 12, "OUTCOME_UNKNOWN", scene.server.url.split("//")[1])
    assert len(scene.posts) == 1


@pytest.mark.parametrize("pace", [silent, dripping])
@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json"])
def test_a_file_that_never_ends_is_a_timeout_for_readers_and_signers(scene, name, pace):
    scene.repo.shelf.answers[name] = Answer(pace, length=100_000)
    for outcome in (scene.verify("1.0", *SOON), scene.sign("x", *SOON)):
        check(outcome, 8, "TIMEOUT", "no whole answer from 127.0.0.1", TIME_IS_UP)
    assert not scene.posts


def test_many_answers_that_are_each_in_time_do_not_add_up(scene):
    role = "targets"
    for _ in range(20):
        scene.repo.edit(role)
        scene.repo.delegate(role + "/a", ec_key("alice"))
        scene.repo.publish(role, role + "/a")
        role += "/a"
    for name in [name for name in scene.repo.shelf.files if name.startswith("targets/a")]:
        scene.repo.shelf.answers[name] = Answer(scene.repo.shelf.files[name], delay=0.5)
    check(scene.verify("1.0", *SOON), 8, "TIMEOUT", TIME_IS_UP)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_an_hour_is_not_waited_for(scene, status):
    scene.repo.shelf.everything = Answer(b"{}", status=status, headers=(("Retry-After", "3600"),))
    outcome = scene.verify("1.0", *SOON)
    assert outcome.exit_code == 8, str(outcome)


def test_a_publish_that_is_put_off_for_ever_ends(scene):
    scene.repo.shelf.on_post = lambda parts: Answer(b"{}", status=429, headers=(("Retry-After", "1"),))
    outcome = scene.sign("x", *SOON)
    assert outcome.exit_code == 8, str(outcome)


def test_a_token_service_that_hangs_is_named(scene, hostile_server):
    hostile_server.ping = Answer(silent, length=10)
    realm = hostile_server.url + "/v2/"
    challenge = f'Bearer realm="{realm}",service="s"'
    scene.repo.shelf.everything = Answer(b"{}", status=401, headers=(("WWW-Authenticate", challenge),))
    try:
        outcome = scene.verify("1.0", *SOON)
    finally:
        hostile_server.ping = Answer(b"{}")
    check(outcome, 8, outcome.error[0], "token service 127.0.0.1")


def test_a_credential_helper_that_hangs_is_named(scene, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    helper = folder / "docker-credential-slow"
    helper.write_text("#!/bin/sh\nexec sleep 60\n")
    helper.chmod(0o755)
    config = tmp_path / "docker"
    config.mkdir()
    (config / "config.json").write_text('{"credsStore": "slow"}')
    config.chmod(0o700)
    scene.repo.shelf.everything = Answer(b"{}", status=401, headers=(("WWW-Authenticate", 'Basic realm="r"'),))
    scene.reader.env |= {"PATH": f"{folder}:/usr/bin:/bin", "DOCKER_CONFIG": str(config)}
    check(scene.verify("1.0", *SOON), 8, "SERVER_UNREACHABLE", "docker-credential-slow does not answer")


def test_a_lock_that_another_process_holds_is_named(scene):
    (lock,) = scene.reader.trust_dir.rglob("*.lock")
    scene.repo.tag("2.0", "targets/releases")
    scene.repo.publish("targets/releases")
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = scene.verify("1.0", *SOON)
    check(outcome, 11, "LOCKED", str(lock))


@pytest.mark.parametrize("text", ["", "0", "soon", "1.5s", "-1", "25h"])
def test_a_time_that_is_none_is_a_mistake_of_the_command_line(scene, text):
    check(scene.verify("1.0", f"--timeout={text}"), 2, "USAGE", "--timeout")


def test_a_command_that_is_in_time_does_not_notice(scene):
    assert scene.verify("1.0", "--timeout", "1h").exit_code == 0
    assert scene.sign("x", "--timeout", "1m").exit_code == 0
