"""Hints about the server and this machine that the doctor does not give: of commands that read and publish."""
import base64
import fcntl
import subprocess

import pytest

from support.attack import Scene
from support.countersign import Outcome
from support.fake_registry import FakeRegistry, Reply, manifest
from support.hints import Hint
from support.hostile_server import Answer
from support.process import Result
from support.registry import OCI_INDEX
from support.stores import Proxied

BUSY = b'{"errors":[{"code":"TOOMANYREQUESTS"}]}'
DATE = "Wed, 21 Oct 2099 07:28:00 GMT"


@pytest.fixture
def scene(tmp_path, binary, hostile_server) -> Scene:
    """A repository of which the server says what a test wants, a reader and a signer."""
    return Scene(binary, tmp_path, hostile_server)


@pytest.fixture
def store(notary_local):
    return notary_local


def failed(outcome, exit_code, row) -> Hint:
    assert outcome.exit_code == exit_code, str(outcome)
    return Hint.of(outcome, row)


# --- how a server is written ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("row, wrong, right", [
    ("server-url-unusable", "https://", lambda hint, url: url),
    ("server-url-without-scheme", "{host}", lambda hint, url: f"https://{hint.values['host']}"),
    ("server-url-half-a-folder", "file://folder", lambda hint, url: "file:folder"),
    ("server-url-with-login", "https://ci:x@{host}", lambda hint, url: url),
    ("server-url-plain", "http://{host}", lambda hint, url: f"https://{hint.values['host']}"),
    ("server-url-with-path", "https://{host}/v2/?x", lambda hint, url: hint.values["url"]),
    ("folder-is-root", "file:/", lambda hint, url: "file:/folder-that-is-not-there"),
])
def test_a_server_is_named_as_the_hint_writes_it(world, row, wrong, right):
    gun = world.store.gun()
    reader = world.client(server=wrong.format(host=world.store.url.removeprefix("https://")))
    hint = failed(reader.run("list", gun), 3 if row == "folder-is-root" else 2, row)
    reader.server = right(hint, world.store.url)
    outcome = reader.run("list", gun)
    assert outcome.error[0] == ("SERVER_UNREACHABLE" if "folder" in row else "UNPINNED_ROOT" if outcome.exit_code == 4
                                else "NO_TRUST_DATA"), str(outcome)


def test_a_printed_command_acts_where_this_one_acted_whatever_the_environment_says(world, tmp_path):
    identity = world.identity()
    gun, admin = world.repository(identity)
    reader = world.client(pin=admin.pin, trust_dir=tmp_path / "trust of the reader")
    hint = failed(reader.run("verify", f"{gun}:none"), 6, "not-signed")
    hint.follow(reader, env={"COUNTERSIGN_SERVER": f"file:{tmp_path}/other", "COUNTERSIGN_TRUST_DIR": f"{tmp_path}/other",
                             "COUNTERSIGN_CA_CERT": "", "COUNTERSIGN_TRUST_ROOT": admin.pin})
    assert not (tmp_path / "other").exists()


def test_a_folder_that_is_not_there_is_made_by_the_printed_command(world, tmp_path):
    gun, folder = world.store.gun(), f"file:{tmp_path}/repository"
    reader = world.client(server=folder)
    hint = failed(reader.run("list", gun), 8, "folder-missing")
    hint.follow(world.admin(server=folder))
    reader.ok("list", gun, "--trust-on-first-use")


# --- what a server answers --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("row, headers", [("too-many-requests", {}), ("too-many-requests-seconds", {"Retry-After": "3600"}),
                                          ("too-many-requests-date", {"Retry-After": DATE})])
def test_who_has_waited_is_answered(scene, row, headers):
    scene.repo.shelf.everything = Answer(BUSY, status=429, headers=tuple(headers.items()))
    hint = failed(scene.list(), 8, row)
    assert list(hint.values.values()) == list(headers.values())
    scene.repo.shelf.everything = None
    scene.look()


@pytest.mark.parametrize("row, headers", [
    ("registry-too-many-requests", {}), ("registry-too-many-requests-seconds", {"Retry-After": "3600"}),
    ("registry-too-many-requests-date", {"Retry-After": DATE})])
def test_who_has_logged_in_may_ask_a_registry_more_often(world, row, headers):
    registry = FakeRegistry(world.store.authority)
    content = b'{"schemaVersion":2,"manifests":[]}'
    registry.reply = lambda request: (manifest(content, OCI_INDEX) if "authorization" in request.headers else
                                      Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'})
                                      if (client.home / ".docker").exists() else Reply(429, BUSY, headers))
    client = world.client()
    try:
        hint = failed(dry_run(client, registry), 8, row)
        log_in(client, hint)
        assert dry_run(client, registry).error[0] == "NO_TRUST_DATA"
    finally:
        registry.stop()


def dry_run(client, registry):
    """Looks the image up before anything else; nobody has made the repository."""
    return client.run("sign", f"{registry.host}/team/app:1.0", "--dry-run")


def log_in(client, hint, login="ci:secret"):
    """`docker login HOST` leaves this behind."""
    programs = client.home / "programs"
    programs.mkdir(exist_ok=True)
    auth = base64.b64encode(login.encode()).decode()
    (programs / "docker").write_text('#!/bin/sh\n[ "$1 $#" = "login 2" ] && mkdir -p ~/.docker && '
                                     f"""printf '{{"auths":{{"%s":{{"auth":"{auth}"}}}}}}' "$2" >~/.docker/config.json\n""")
    (programs / "docker").chmod(0o755)
    hint.follow(client)


def test_a_server_that_fails_is_mended_by_who_reads_its_log(scene):
    scene.repo.shelf.everything = Answer(b"oops", status=500)
    failed(scene.list(), 8, "server-error")
    scene.repo.shelf.everything = None
    scene.look()


def test_what_the_server_rejects_is_published_when_its_reason_is_gone(world, tmp_path):
    identity = world.identity()
    gun, admin = world.repository(identity)
    proxy = Proxied(tmp_path / "proxy", world.store, "client_max_body_size 100; location / { proxy_pass {upstream}; }")
    try:
        ci = world.ci(identity, pin=admin.pin, store=proxy)
        sign = ["sign", f"{gun}:1.0", "--oci-layout", world.image().layout, *identity.key_args]
        outcome = ci.run(*sign)
        failed(outcome, 8, "server-rejects")
        assert "too large" in outcome.error[1]
        ci.store = world.store
        ci.ok(*sign)
    finally:
        proxy.stop()


def test_what_was_sent_and_cannot_be_read_back_is_looked_at_by_the_printed_command(scene):
    scene.look()
    stored = scene.repo.shelf.on_post

    def store_and_fall_silent(parts):
        stored(parts)
        scene.repo.shelf.everything = Answer(b"{}", status=500)
    scene.repo.shelf.on_post = store_and_fall_silent
    hint = failed(scene.sign("2.0"), 12, "outcome-unknown")
    scene.repo.shelf.everything, scene.repo.shelf.on_post = None, stored
    hint.follow(scene.reader)
    assert '"2.0"' in scene.reader.ok(*hint.words).stdout
    assert scene.sign("2.0").target("2.0")["status"] == "unchanged"


def test_more_time_is_what_a_slow_server_wants(scene):
    scene.repo.shelf.answers["timestamp.json"] = Answer(scene.repo.shelf.files["timestamp.json"], delay=0.5)
    failed(scene.reader.run("list", scene.gun, "--timeout", "100ms"), 8, "time-is-up")
    scene.reader.ok("list", scene.gun, "--timeout", "30s")


# --- who is let in ------------------------------------------------------------------------------------------------------------

def test_who_has_no_account_logs_in_to_a_registry_as_printed(world):
    registry = FakeRegistry(world.store.authority)
    content = b'{"schemaVersion":2,"manifests":[]}'
    registry.reply = lambda request: (manifest(content, OCI_INDEX) if "authorization" in request.headers
                                      else Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'}))
    client = world.client()
    try:
        log_in(client, failed(dry_run(client, registry), 7, "registry-credentials"))
        assert dry_run(client, registry).error[0] == "NO_TRUST_DATA"
    finally:
        registry.stop()


def test_who_may_not_read_is_given_access_to_a_registry(world):
    registry = FakeRegistry(world.store.authority)
    content = b'{"schemaVersion":2,"manifests":[]}'
    registry.reply = lambda request: Reply(403, b"{}")
    client = world.client()
    try:
        assert failed(dry_run(client, registry), 7, "registry-access-denied").values["access"] == "read"
        registry.reply = lambda request: manifest(content, OCI_INDEX)
        assert dry_run(client, registry).error[0] == "NO_TRUST_DATA"
    finally:
        registry.stop()


class Own:
    """A trust server that nobody names: it stands where the image's registry is. It wants a password, and has nothing."""

    def __init__(self, world, known=404):
        self.server = FakeRegistry(world.store.authority)
        self.known = known  # the answer to who has logged in
        self.server.reply = lambda request: (
            Reply(self.known, b'{"errors":[{"code":"METADATA_NOT_FOUND"}]}') if "authorization" in request.headers
            else Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'}))
        self.client = world.client(server=None, env={"NOTARY_AUTH": base64.b64encode(b"ci:secret").decode()})
        (self.client.work / "images").write_text(f"{self.server.host}/team/app:1.0\n")

    def verify(self):
        """A name out of a list is no reason to give it an account."""
        return self.client.run("verify", "--images-from", "images")


@pytest.fixture
def own(world):
    own = Own(world)
    yield own
    own.server.stop()


def test_notary_auth_is_for_a_server_that_is_named(own):
    hint = failed(own.verify(), 7, "credentials-server-not-named")
    own.client.server = "https://" + hint.values["host"]
    assert own.verify().error[0] == "NO_TRUST_DATA"


def test_docker_knows_the_server_that_is_not_named_after_the_printed_login(own):
    log_in(own.client, failed(own.verify(), 7, "credentials-server-not-named"))
    assert own.verify().error[0] == "NO_TRUST_DATA"


def test_a_server_that_is_not_named_gives_access_to_an_account(own):
    log_in(own.client, failed(own.verify(), 7, "credentials-server-not-named"))
    own.known = 403
    assert failed(own.verify(), 7, "access-denied-server-not-named").values["access"] == "read"
    own.known = 404
    assert own.verify().error[0] == "NO_TRUST_DATA"


def test_of_many_repositories_the_one_is_named_that_is_not_there(world, signed):
    """And not the last one of the command."""
    gun, ci = signed
    missing = world.store.gun()
    ci.pin = None
    outcome = ci.run("expiry", missing, gun, "--trust-on-first-use")
    assert outcome.error[0] == "NO_TRUST_DATA" and outcome.stderr.endswith(f" repo init {missing}\n"), str(outcome)


# --- this machine ---------------------------------------------------------------------------------------------------------------

@pytest.fixture
def signed(world):
    identity = world.identity()
    gun, admin = world.repository(identity)
    ci = world.ci(identity, pin=admin.pin)
    ci.sign(gun, "1.0", world.image(), *identity.key_args)
    return gun, ci


def raw(client, *args, script) -> Outcome:
    """The program as this shell script runs it."""
    argv = ["/bin/sh", "-c", script, "sh", *client.argv(*args)]
    done = subprocess.run(argv, env=client.environment(), cwd=client.work, capture_output=True, text=True)
    return Outcome(Result(argv, done.returncode, done.stdout, done.stderr), None)


def test_results_are_written_where_there_is_room(signed):
    gun, ci = signed
    hint = failed(raw(ci, "list", gun, script='exec "$@" >/dev/full'), 11, "standard-output")
    hint.follow(ci)
    assert raw(ci, "list", gun, script='exec "$@" >there').exit_code == 0
    assert '"1.0"' in (ci.work / "there").read_text()


def test_a_disk_with_room_takes_what_is_kept(world, signed):
    gun, ci = signed
    newcomer = world.client(pin=ci.pin)
    newcomer.trust_dir.parent.mkdir(exist_ok=True)
    newcomer.trust_dir.mkdir()
    (newcomer.trust_dir / "tuf").write_text("")
    hint = failed(newcomer.run("list", gun), 11, "local")
    hint.follow(newcomer)
    (newcomer.trust_dir / "tuf").unlink()
    newcomer.ok("list", gun)


def test_with_memory_enough_it_works(signed):
    gun, ci = signed
    if b"__asan_init" in ci.binary.read_bytes():
        pytest.skip("sanitizers map terabytes")
    # What is loaded before the program begins differs from machine to machine.
    for limit in (f"ulimit -S -v {kilobytes}" for kilobytes in range(30000, 70000, 2000)):
        outcome = raw(ci, "list", gun, script=f'{limit}; exec "$@"')
        if outcome.exit_code == 11:
            break
    hint = failed(outcome, 11, "no-memory")
    assert raw(ci, "list", gun, script=f'{limit}; {hint.command}; exec "$@"').exit_code == 0


def test_when_the_other_run_has_ended_the_lock_is_free(scene):
    scene.look()
    (lock,) = scene.reader.trust_dir.rglob("*.lock")
    scene.repo.tag("2.0", "targets/releases")
    scene.repo.publish("targets/releases")
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        failed(scene.reader.run("list", scene.gun, "--timeout", "1s"), 11, "locked")
    scene.look()


def test_without_offline_what_needs_a_server_is_asked(world, signed):
    gun, ci = signed
    image = f"{gun}:1.0"
    failed(ci.run("sign", image, "--oci-layout", world.image().layout, "--offline"), 2, "offline-publishes")
    failed(ci.run("verify", image, "--offline", "--reset-cache"), 2, "offline-without-memory")
    ci.ok("verify", image, "--offline")
    ci.ok("verify", image, "--reset-cache")


def test_one_key_of_a_file_is_named_after_it_was_imported(world):
    """As an export of several keys leaves it."""
    admin = world.admin()
    keys = [world.identity().key_args[1] for _ in range(2)]
    both = admin.work / "two keys.pem"
    both.touch(mode=0o600)
    both.write_bytes(b"".join(open(key, "rb").read() for key in keys))
    hint = failed(admin.run("repo", "init", gun := world.store.gun(), "--root-key", both), 10, "key-file-of-many")
    hint.follow(admin)
    ids = {key["canonical_id"] for key in admin.ok("key", "list").document["keys"]}
    assert len(ids) == 2
    admin.init(gun, "--root-key", sorted(ids)[0])


def test_the_formats_of_a_command_are_named_where_another_is_asked_for(signed):
    gun, ci = signed
    for words, wrong in ((["verify", f"{gun}:1.0"], "prometheus"), (["list", gun], "markdown"), (["list", gun], "yaml")):
        refused = ci.run(*words, output=wrong)
        assert f'{words[0]} cannot print "{wrong}"' in refused.error[1]
        for known in failed(refused, 2, "format-of-other-commands").values["formats"].split(", "):
            ci.ok(*words, output=known)


# --- what is piped in -----------------------------------------------------------------------------------------------------------

def verify_piped(client, script):
    return raw(client, "verify", "--images-from", "-", script=script)


def test_a_list_of_images_is_piped_in(signed):
    gun, ci = signed
    hint = failed(verify_piped(ci, 'exec "$@" <.'), 3, "pipe-unusable")
    assert hint.command.startswith("COMMAND | countersign")
    assert verify_piped(ci, f'printf %s {gun}:1.0 | "$@"').exit_code == 0


def test_a_list_in_utf_16_is_converted_on_its_way(signed):
    gun, ci = signed
    (ci.work / "images").write_bytes(f"{gun}:1.0\n".encode("utf-16"))
    hint = failed(verify_piped(ci, 'exec "$@" <images'), 3, "pipe-utf16")
    pipe = hint.command.replace("…", "cat images", 1).replace("countersign …", '"$@"')
    assert verify_piped(ci, pipe).exit_code == 0
