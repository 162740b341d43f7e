"""What the caller's environment imposes: limits of files, readers that are gone, variables that libraries obey."""
import os
import subprocess

import pytest

from support.countersign import ERROR_LINE

LIMITED = ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
SIGNED = "1.0"


@pytest.fixture
def store(notary_local):
    return notary_local


@pytest.fixture
def signed(world):
    """A repository in which a tag is signed, and its CI."""
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    image = world.image()
    ci.sign(gun, SIGNED, image, *identity.key_args)
    return gun, ci, identity, image


def raw(client, argv, **options):
    """The program with its streams as they are given; these need no file, since `ulimit -f` counts for all."""
    return subprocess.Popen(argv, env=client.environment(), cwd=client.work, stdin=subprocess.DEVNULL, **options)


def ended(process) -> tuple[int, str]:
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


def local_error(process) -> str:
    code, err = ended(process)
    assert code == 11, (code, err)
    ((name, message),) = ERROR_LINE.findall(err)
    assert name == "LOCAL", err
    return message


@pytest.mark.parametrize("case", ["audit log", "first sight of the repository", "key"])
def test_a_limit_on_the_size_of_files_is_an_error_of_this_machine_before_anything_is_published(world, signed, case):
    gun, ci, identity, image = signed
    command = ["sign", f"{gun}:2.0", "--oci-layout", image.layout, *identity.key_args]
    if case == "audit log":
        command += ["--audit-log", ci.home / "audit.log"]
    elif case == "first sight of the repository":
        ci = world.ci(identity, pin=ci.pin)
    else:
        ci.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = world.secrets.new()
        command = ["key", "generate", "other"]
    before = world.store.state(gun)
    local_error(raw(ci, [*LIMITED, *ci.argv(*command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    assert world.store.state(gun) == before


def test_a_limit_on_the_size_of_files_takes_nothing_back_that_is_published_and_proven(signed):
    gun, ci, identity, image = signed
    ci.wrapper = LIMITED
    outcome = ci.ok("sign", f"{gun}:2.0", "--oci-layout", image.layout, *identity.key_args)
    assert [w["code"] for w in outcome.document["warnings"]] == ["CACHE_NOT_SAVED"]


@pytest.mark.parametrize("command", [lambda gun: ["list", gun], lambda gun: ["sign", "--help"]], ids=["list", "help"])
def test_results_that_do_not_fit_on_the_disk_are_no_success(signed, command):
    gun, ci, *_ = signed
    with open(ci.home / "out", "wb") as out:
        local_error(raw(ci, [*LIMITED, *ci.argv(*command(gun))], stdout=out, stderr=subprocess.PIPE))
    assert (ci.home / "out").stat().st_size == 0


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_reader_that_is_gone_is_an_error_and_no_signal(signed, output):
    gun, ci, *_ = signed
    ours, theirs = os.pipe()
    os.close(ours)
    process = raw(ci, ci.argv("list", gun, output=output), stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    local_error(process)


def test_a_reader_of_errors_that_is_gone_changes_no_exit_code(signed):
    gun, ci, *_ = signed
    ours, theirs = os.pipe()
    os.close(ours)
    process = raw(ci, ci.argv("verify", f"{gun}:9.9"), stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    assert process.wait(60) == 6


def test_the_keys_of_connections_are_written_nowhere_whatever_the_environment_says(signed):
    gun, ci, *_ = signed
    log = ci.home / "tls-keys"
    ci.ok("list", gun, env={"SSLKEYLOGFILE": str(log)})
    assert not log.exists()


def test_where_files_may_not_be_long_a_token_is_not_touched(world):
    """SoftHSM writes its files anew when somebody logs in: it would have emptied them before it finds out."""
    token = world.token()
    operator = world.client(env=token.env)
    operator.ok("key", "generate", "release", "--token", f"pkcs11:token={token.label}", "--out", operator.work)
    before = {path: path.read_bytes() for path in token.folder.rglob("*") if path.is_file()}
    command = ["key", "cert", token.uri("release"), "--cn", "release"]
    message = local_error(raw(operator, [*LIMITED, *operator.argv(*command)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE))
    assert "files may have only 0 bytes here" in message
    assert {path: path.read_bytes() for path in token.folder.rglob("*") if path.is_file()} == before
    operator.ok(*command)


@pytest.mark.parametrize("place", ["key", "passphrase"])
def test_a_pipe_that_nobody_writes_into_does_not_outlast_the_time_of_the_command(world, signed, place):
    gun, ci, identity, image = signed
    pipe = ci.home / "pipe"
    os.mkfifo(pipe, 0o600)
    key = identity.key_args
    if place == "key":
        key = ["--key", pipe]
    else:
        ci.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"] = world.secrets.new()
        ci.ok("key", "import", identity.key_args[1])
        del ci.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"]
        ci.env["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE"] = str(pipe)
        key = []
    before = world.store.state(gun)
    refused = ci.refused(8, "sign", f"{gun}:2.0", "--oci-layout", image.layout, *key, "--timeout", "1s")
    assert refused.error == ("TIMEOUT", "the command did not come to its end in the 1 s that this command has")
    assert refused.document["error"]["code"] == "TIMEOUT"
    assert world.store.state(gun) == before
