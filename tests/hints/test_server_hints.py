"""Hints about settings, the way to the server, who is let in and what is stored: the doctor is asked, what it prints is
done, and the doctor goes on: to the end, or to the next link that is broken."""
import base64
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.ailing import (bad_config, copied_folder, in_other_form, lapsed_server, no_certificates, no_tls,
                            open_to_others, silent_server, static, static_over_https, token_service_at, trust_dir,
                            wants_certificate, wrong_clock)
from support.clinic import ACTIONS, Clinic, Patient
from support.fake_registry import FakeRegistry, Reply
from support.hints import Hint
from support.hostile_server import Answer, RawAnswer
from support.process import free_port
from support.stores import Nginx
from support.tls import Authority
from support.tunnel import Tunnel

HEALTHY = None
NOT_FOUND = Reply(404, b'{"errors":[{"code":"METADATA_NOT_FOUND"}]}')
ORDINARY_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory, binary):
    clinic = Clinic(tmp_path_factory.mktemp("hints"), binary)
    yield clinic
    clinic.close()


@dataclass(frozen=True)
class Cause:
    row: str
    make: Callable  # the clinic to the patient; as a generator it puts right at its end what others use, too
    mend: Callable[[Patient, Hint], None]
    then: str | None = HEALTHY  # the next diagnosis
    about: str = ""

    def __str__(self):
        return f"{self.row} {self.about}".strip()


# --- how a person does what is said ---------------------------------------------------------------------------------------

def follow(patient, hint, **options):
    hint.follow(patient.client, **options)


def write_config(text):
    """Into the file that `bad_config` named."""
    def mend(patient, hint):
        Path(patient.args[-1]).write_text(text if isinstance(text, str) else json.dumps(text(patient)))
    return mend


def name_server(url):
    def mend(patient, hint):
        patient.client.server = url(patient) if callable(url) else url
    return mend


def name_good_server(patient, hint):
    patient.client.server = patient.client.store.option


def add(*options):
    def mend(patient, hint):
        patient.args += [str(o(patient) if callable(o) else o) for o in options]
    return mend


def in_turn(*steps):
    def mend(patient, hint):
        for step in steps:
            step(patient, hint)
    return mend


def someone_mends(what):
    """Whoever the hint sends to has done it."""
    return lambda patient, hint: what(patient)


# --- settings -------------------------------------------------------------------------------------------------------------

def half_a_certificate(clinic):
    patient = bad_config(clinic, '{"remote_server": {"tls_client_cert": "client.crt"}}')
    patient.pair = clinic.authority.issue("configured")
    return patient


def no_verification(clinic):
    patient = bad_config(clinic, '{"remote_server": {"skipTLSVerify": true}}')
    patient.client.ca = False
    return patient


def no_pins(clinic):
    patient = bad_config(clinic)
    Path(patient.args[-1]).write_text(json.dumps({"trust_pinning": {"certs": {patient.gun: []}}}))
    return patient


def with_args(*args, **options):
    def make(clinic):
        patient = clinic.patient(**options)
        patient.args += map(str, args)
        return patient
    return make


def without_last(count):
    def mend(patient, hint):
        del patient.args[-count:]
    return mend


def other_folder(patient, hint):
    follow(patient, hint)
    patient.client.trust_dir = patient.client.home / "another"


def tls_folder(*names):
    """Docker's folder of the server with these files, and none named on the command line."""
    def make(clinic):
        patient = clinic.patient(ca=False)
        folder = docker_tls(patient)
        (folder / "ca.crt").write_bytes(clinic.authority.ca.read_bytes())
        patient.pair = clinic.authority.issue("in-folder")
        for name in names:
            (folder / name).write_bytes(patient.pair[name.endswith(".key")].read_bytes())
        return patient
    return make


def docker_tls(patient) -> Path:
    folder = patient.client.home / ".docker" / "tls" / patient.client.store.option.removeprefix("https://")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def put_there(name, which):
    def mend(patient, hint):
        (docker_tls(patient) / (name or hint.values["key"])).write_bytes(patient.pair[which].read_bytes())
    return mend


def file_as_folder(clinic):
    patient = clinic.patient()
    folder = patient.client.home / ".docker" / "tls" / clinic.notary.url.removeprefix("https://")
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    return patient


SETTINGS = [
    Cause("setting-wrong", lambda c: bad_config(c, '{"remote_server": 1}'), write_config("{}")),
    Cause("configuration-not-json", lambda c: bad_config(c, "{"), write_config("{}")),
    Cause("configuration-not-json", lambda c: bad_config(c, "[]"), write_config("{}"), about="but a list"),
    Cause("setting-empty", lambda c: bad_config(c, '{"trust_dir": ""}'), write_config("{}")),
    Cause("client-certificate-half-configured", half_a_certificate, write_config(lambda p: {
        "remote_server": dict(zip(("tls_client_cert", "tls_client_key"), map(str, p.pair)))})),
    Cause("tls-verification-off", no_verification,
          write_config(lambda p: {"remote_server": {"root_ca": str(p.client.store.ca)}})),
    Cause("pins-empty", no_pins, write_config("{}")),
    Cause("setting-unknown", lambda c: bad_config(c, '{"countersign": {"trustdir": "x"}}'),
          write_config('{"countersign": {"trust_dir": "x"}}')),
    Cause("configuration-writable", lambda c: bad_config(c, "{}", 0o666), follow),
    Cause("timeout-no-time", with_args("--timeout", "soon"), in_turn(without_last(1), add("90s"))),
    Cause("client-certificate-half-named", with_args("--tlscert", "x.crt"),
          in_turn(without_last(2), lambda p, h: add("--tlscert", a := p.client.store.authority.issue("named")[0],
                                                   "--tlskey", a.with_suffix(".key"))(p, h))),
    Cause("option-not-a-host", with_args("--token-service", "https://auth.example.com/token"),
          in_turn(without_last(1), add("auth.example.com"))),
    Cause("trust-root-unusable", lambda c: c.patient(pin="registry.pem"),
          lambda p, h: setattr(p.client, "pin", p.client.store.read(p.gun).root_key_ids[0])),
    Cause("file-missing", with_args("--config", "confg.json"), in_turn(
        lambda p, h: (p.client.work / "config.json").write_text("{}"), follow, without_last(1), add("config.json"))),
    Cause("file-unreadable", with_args("--config", "."), in_turn(
        lambda p, h: (p.client.work / "config.json").write_text("{}"), follow, without_last(1), add("config.json"))),
    Cause("module-relative", lambda c: c.patient(env={"COUNTERSIGN_PKCS11_MODULE": "libsofthsm2.so"}),
          lambda p, h: p.client.env.update(COUNTERSIGN_PKCS11_MODULE="/usr/lib/softhsm/libsofthsm2.so")),
    Cause("trust-directory-unusable", lambda c: trust_dir(c, lambda path: path.write_text("")), other_folder),
    Cause("trust-directory-not-private", lambda c: trust_dir(c, open_to_others), follow),
    Cause("client-key-alone", tls_folder("mine.key"), put_there("mine.cert", 0)),
    Cause("client-certificate-alone", tls_folder("mine.cert"), put_there(None, 1)),
    Cause("client-certificates-many", tls_folder("a.cert", "a.key", "b.cert", "b.key"),
          lambda p, h: [(docker_tls(p) / f"b.{end}").unlink() for end in ("cert", "key")]),
    Cause("tls-folder-unreadable", file_as_folder, in_turn(
        follow, lambda p, h: (p.client.home / ".docker/tls" / p.client.store.option.removeprefix("https://")).unlink())),
    Cause("tls-file-unusable", no_certificates, in_turn(without_last(1), add(lambda p: p.client.store.ca))),
    Cause("client-certificate-unusable", lambda c: with_args(*["--tlscert", c.authority.ca, "--tlskey", c.authority.ca])(c),
          in_turn(without_last(4), lambda p, h: add("--tlscert", a := p.client.store.authority.issue("pem")[0],
                                                   "--tlskey", a.with_suffix(".key"))(p, h))),
]

# --- the way to the server ------------------------------------------------------------------------------------------------


def no_such_host(clinic):
    return clinic.elsewhere("https://no-such-host.invalid")


def nor_does_getent_know(patient, hint):
    assert subprocess.run(hint.command, shell=True).returncode == 2
    name_good_server(patient, hint)


def ping(answer):
    """The server answers so until the patient was told."""
    def make(clinic):
        patient = clinic.forged(f"ping-{len(clinic.hostile.shelves)}", lambda repo: None)
        patient.hostile = clinic.hostile
        clinic.hostile.ping = answer
        try:
            yield patient
        finally:
            clinic.hostile.ping = Answer(b"{}")
    return make


def recovers(patient):
    patient.hostile.ping = Answer(b"{}")


def switched(name, answer, locations="return 404;"):
    """An nginx that answers so until it is mended."""
    def make(clinic):
        down = clinic.folder / f"{name}.down"
        down.write_text("")
        patient = clinic.elsewhere(clinic.nginx(name, f"if (-f {down}) {{ {answer} }} {locations}").url)
        patient.down = down
        return patient
    return make


def old_tls(clinic):
    return clinic.elsewhere(clinic.nginx("old-tls", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; return 404;").url)


def valid_later(clinic):
    authority = SimpleNamespace(issue=lambda name: clinic.authority.issue(name, begins_in=timedelta(days=1)))
    server = clinic.once("early", lambda folder: Nginx(folder, authority, "return 404;"))
    return clinic.elsewhere(server.url)


def page(clinic):
    return clinic.nginx("page", "return 404;").url


def certificate_of(patient):
    return patient.client.store.authority.issue("reader")[0]


def put_authority_where_it_says(patient, hint):
    folder = patient.client.home / ".docker" / "tls" / hint.values["host"]
    folder.mkdir(parents=True)
    (folder / "ours.crt").write_bytes(patient.client.store.ca.read_bytes())


def other_authority(clinic):
    """Of the same name, as when it was made anew."""
    patient = clinic.patient(ca=False)
    patient.args += ["--tlscacert", str(Authority(clinic.world().folder("anew")).ca)]
    return patient


def proxied(refusal):
    def make(clinic):
        tunnel = Tunnel()
        tunnel.refusal = refusal
        host = f"trust.example.com:{clinic.notary.url.rpartition(':')[2]}"
        patient = clinic.elsewhere(f"https://{host}", env={"HTTPS_PROXY": tunnel.url})
        patient.tunnel = tunnel
        try:
            yield patient
        finally:
            tunnel.stop()
    return make


def no_proxy_name(clinic):
    tunnel = Tunnel()
    patient = clinic.elsewhere(f"https://trust.example.com:{clinic.notary.url.rpartition(':')[2]}",
                               env={"HTTPS_PROXY": "ftp://proxy.example.com"})
    patient.tunnel = tunnel
    try:
        yield patient
    finally:
        tunnel.stop()


def set_proxy(login=""):
    """In the variable that stands in the hint."""
    def mend(patient, hint):
        patient.client.env[hint.values["variable"]] = f"http://{login}{patient.tunnel.host}"
        patient.tunnel.refusal = None
    return mend


def without_proxy(patient, hint):
    patient.client.env["NO_PROXY"] = hint.values["host"]


def put_clock_right(patient, hint):
    programs = patient.client.home / "programs"
    programs.mkdir()
    (programs / "timedatectl").write_text('#!/bin/sh\n[ "$*" = "set-ntp true" ]\n')
    (programs / "timedatectl").chmod(0o755)
    follow(patient, hint)
    patient.client.store.ping = Answer(b"{}")


def make_it(patient, hint):
    """An administrator with keys of their own, who names the same server."""
    admin = patient.world.admin(server=patient.client.server)
    hint.follow(admin, filled={"REPO": patient.new} if "REPO" in hint.command else None)


def missing_folder(with_gun):
    def make(clinic):
        folder = clinic.world().folder("static") / "missing"
        patient = clinic.elsewhere(f"file:{folder}")
        patient.world, patient.new = clinic.world(), clinic.notary.gun()
        if not with_gun:
            del patient.args[0]
        return patient
    return make


def unknown_repository(clinic):
    gun = clinic.notary.gun()
    patient = Patient(clinic.world().client(server=clinic.notary.option), [gun])
    patient.world = clinic.world()
    return patient


WAY = [
    Cause("server-not-named", lambda c: Patient(c.world().client(server=None), ["alpine"]),
          lambda p, h: p.client.env.update(DOCKER_CONTENT_TRUST_SERVER=p.client.store.option), "no-trust-data"),
    Cause("host-unknown", no_such_host, nor_does_getent_know),
    Cause("server-unreachable", lambda c: c.elsewhere(f"https://127.0.0.1:{free_port()}"), name_good_server),
    Cause("connection-lost", ping(RawAnswer(b"")), someone_mends(recovers)),
    Cause("tls-unknown-authority", lambda c: c.patient(ca=False), add("--tlscacert", lambda p: p.client.store.ca)),
    Cause("tls-unknown-authority", lambda c: c.patient(ca=False), put_authority_where_it_says, about="in docker's folder"),
    Cause("tls-unknown-authority", other_authority, in_turn(without_last(1), add(lambda p: p.client.store.ca)),
          about="of the same name"),
    Cause("tls-other-host-name", lambda c: c.elsewhere(c.notary.url.replace("127.0.0.1", "0.0.0.0")), name_good_server),
    Cause("tls-certificate-expired", lambda c: c.elsewhere(lapsed_server(c).url), in_turn(follow, name_good_server)),
    Cause("tls-certificate-not-yet-valid", valid_later, in_turn(follow, name_good_server)),
    Cause("tls-not-spoken", no_tls, lambda p, h: (name_server("http://" + h.values["host"])(p, h), add("--allow-http")(p, h)),
          "server-is-no-notary"),
    Cause("tls-client-certificate", wants_certificate,
          lambda p, h: add("--tlscert", c := certificate_of(p), "--tlskey", c.with_suffix(".key"))(p, h), "server-is-no-notary"),
    Cause("tls-failed", old_tls, name_good_server),
    Cause("clock-wrong", wrong_clock, put_clock_right),
    Cause("proxy-wants-login", proxied((407, "Proxy Authentication Required")), set_proxy("ci:x@"), "tls-other-host-name"),
    Cause("proxy-wants-login", proxied((407, "Proxy Authentication Required")), without_proxy, "host-unknown", "which is not asked"),
    Cause("proxy-refuses", proxied((403, "Forbidden")), lambda p, h: setattr(p.tunnel, "refusal", None), "tls-other-host-name"),
    Cause("proxy-refuses", proxied((403, "Forbidden")), without_proxy, "host-unknown", "which is not asked"),
    Cause("proxy-no-url", no_proxy_name, set_proxy(), "tls-other-host-name"),
    Cause("server-is-no-notary", lambda c: c.elsewhere(c.registry.url), name_good_server, about="but a registry"),
    Cause("server-is-no-notary", lambda c: c.elsewhere(page(c)),
          lambda p, h: (name_server(None)(p, h), p.client.env.update(DOCKER_CONTENT_TRUST_SERVER=p.client.store.option))),
    Cause("server-redirects", lambda c: c.elsewhere(c.nginx("moved", f"return 301 {c.notary.url}$request_uri;").url),
          name_good_server),
    Cause("server-failing", switched("failing", "return 502;"), someone_mends(lambda p: p.down.unlink()), "server-is-no-notary"),
    Cause("folder-missing", missing_folder(True), make_it, "pin-mismatch"),
    Cause("folder-missing-no-repository", missing_folder(False), make_it),
    Cause("no-trust-data-doctor", unknown_repository, make_it, "unpinned-root"),
]


# --- who is let in --------------------------------------------------------------------------------------------------------

def log_in(patient, hint, name="ci"):
    """`docker login HOST` leaves this behind."""
    programs = patient.client.home / "programs"
    programs.mkdir(exist_ok=True)
    auth = patient.accounts(name)["NOTARY_AUTH"]
    (programs / "docker").write_text('#!/bin/sh\n[ "$1 $#" = "login 2" ] && mkdir -p ~/.docker && '
                                     f"""printf '{{"auths":{{"%s":{{"auth":"{auth}"}}}}}}' "$2" >~/.docker/config.json\n""")
    (programs / "docker").chmod(0o755)
    follow(patient, hint)


def guarded(env):
    def make(clinic):
        patient = clinic.guarded(env(clinic))
        patient.accounts = clinic.auth
        return patient
    return make


def wrong_password(clinic):
    return {"NOTARY_AUTH": base64.b64encode(b"ci:wrong").decode()}


def set_as_printed(patient, hint):
    name, password = base64.b64decode(patient.accounts("ci")["NOTARY_AUTH"]).decode().split(":")
    script = f'{hint.command}; printf %s "$NOTARY_AUTH"'
    done = subprocess.run(["/bin/sh", "-c", script], env={"PATH": "/usr/bin:/bin", "USER_NAME": name, "PASSWORD": password},
                          capture_output=True, text=True)
    patient.client.env["NOTARY_AUTH"] = done.stdout


def account(name, actions):
    """Somebody whom the token service knows, and what they may do."""
    def make(clinic):
        users = clinic.folder / "tokens" / "users.json"
        patient = clinic.guarded(clinic.auth(name))
        patient.users, patient.name, patient.actions = users, name, actions
        yield patient
        change_actions(patient, ACTIONS[name])
    return make


def change_actions(patient, actions):
    users = json.loads(patient.users.read_text())
    users[patient.name]["actions"] = actions
    patient.users.write_text(json.dumps(users))


def give_access(kind):
    """An administrator does."""
    def mend(patient, hint):
        assert hint.values["access"] == kind
        change_actions(patient, patient.actions)
    return mend


def docker_json(content):
    def make(clinic):
        patient = guarded(lambda c: {})(clinic)
        config = patient.client.home / ".docker" / "config.json"
        config.parent.mkdir()
        config.write_text(content)
        config.chmod(0o600)
        return patient
    return make


def helper(script):
    """docker-credential-ours, which docker's configuration names."""
    def make(clinic):
        patient = docker_json('{"credsStore": "ours"}')(clinic)
        folder = patient.client.home / "bin"
        folder.mkdir()
        patient.client.env["PATH"] = f"{folder}:/usr/bin:/bin"
        if script:
            install(patient, script)
        return patient
    return make


def install(patient, script):
    path = patient.client.home / "bin" / "docker-credential-ours"
    path.write_text(f"#!/bin/sh\nread server\n{script}\n")
    path.chmod(0o755)


def good_helper(patient, hint):
    name, password = base64.b64decode(patient.accounts("ci")["NOTARY_AUTH"]).decode().split(":")
    install(patient, f"""printf '%s' '{json.dumps({"Username": name, "Secret": password})}'""")


def shows(text):
    """By hand one sees what is wrong with it."""
    def mend(patient, hint):
        path = f"{patient.client.home}/bin:/usr/bin:/bin"
        assert text in subprocess.run(hint.command, shell=True, env={"PATH": path}, capture_output=True, text=True).stdout
        good_helper(patient, hint)
    return mend


def own_docker_folder(patient, hint):
    folder = patient.client.home / "another"
    folder.mkdir()
    (folder / "config.json").write_text('{"auths": {"%s": {"auth": "%s"}}}' % (
        patient.client.store.url.removeprefix("https://"), patient.accounts("ci")["NOTARY_AUTH"]))
    patient.client.env["DOCKER_CONFIG"] = str(folder)


def write_empty(patient, hint):
    (patient.client.home / ".docker" / "config.json").write_text("{}")


def answers(kind, plain=False):
    """A server that asks for a login in one way, and in another when it was mended."""
    def make(clinic):
        server = FakeRegistry(None if plain else clinic.authority)
        server.reply = lambda request: NOT_FOUND if request.path == "/v2/" else challenge(kind)
        patient = clinic.elsewhere(server.url)
        patient.client.env |= clinic.auth("ci")
        patient.fake, patient.authority = server, clinic.authority
        if plain:
            patient.args.append("--allow-http")
        yield patient
        server.stop()
    return make


def challenge(text):
    return Reply(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', {"WWW-Authenticate": text})


def takes_passwords(patient):
    patient.fake.reply = lambda request: NOT_FOUND if "authorization" in request.headers else challenge('Basic realm="x"')


def with_certificate(patient, hint):
    server = FakeRegistry(patient.authority)
    patient.fake.stop()
    patient.fake.stop = server.stop
    patient.fake = server
    takes_passwords(patient)
    patient.client.server = server.url


def realm(name, answer):
    def make(clinic):
        server = clinic.nginx(name, answer)
        patient = token_service_at(clinic, f"behind-{name}", server.url)
        patient.protected = clinic.protected.url
        return patient
    return make


def lost_realm(clinic):
    patient = token_service_at(clinic, "lost-realm", f"https://127.0.0.1:{free_port()}")
    patient.protected = clinic.protected.url
    return patient


def sends_us_to_a_good_one(patient, hint):
    """The same configuration, as the administrator mends it, is that of another server here."""
    patient.client.server = patient.protected


LET_IN = [
    Cause("credentials", guarded(lambda c: {}), log_in),
    Cause("credentials", guarded(wrong_password), lambda p, h: p.client.env.update(p.accounts("ci")), about="that are right"),
    Cause("notary-auth-not-base64", guarded(lambda c: {"NOTARY_AUTH": "not base64"}), set_as_printed),
    Cause("access-denied", account("stranger", ["pull"]), give_access("read"), "push-denied"),
    Cause("access-denied", account("reader", ["pull", "push"]), give_access("push"), about="to publish"),
    Cause("docker-configuration-unusable", docker_json("["), write_empty, "credentials-missing"),
    Cause("docker-configuration-unusable", docker_json("[]"), own_docker_folder, about="but another"),
    Cause("credential-helper-missing", helper(None), good_helper),
    Cause("credential-helper-missing", helper(None), write_empty, "credentials-missing", "and not wanted"),
    Cause("credential-helper-no-name", docker_json('{"credsStore": "../ours"}'), write_empty, "credentials-missing"),
    Cause("credential-helper-fails", helper("echo the store is locked; exit 1"), shows("the store is locked")),
    Cause("credential-helper-fails", helper("echo rubbish"), shows("rubbish"), about="to speak the protocol"),
    Cause("login-of-unknown-kind", answers("Negotiate"), someone_mends(takes_passwords), "no-trust-data"),
    Cause("credentials-unencrypted", answers('Basic realm="x"', plain=True), with_certificate, "no-trust-data"),
    Cause("token-service-realm", answers('Bearer realm="http://auth.example.com/token",service="x"'),
          someone_mends(takes_passwords), "no-trust-data"),
    Cause("token-service-unreachable", lost_realm, sends_us_to_a_good_one, "no-trust-data"),
    Cause("token-service-fails", realm("realm-500", "return 500;"), sends_us_to_a_good_one, "no-trust-data"),
    Cause("token-service-fails", realm("realm-empty", "return 200 '{}';"), sends_us_to_a_good_one,
          "no-trust-data", "to give a token"),
]


# --- what is stored ---------------------------------------------------------------------------------------------------------

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


STORED = [
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

SLOW = [Cause("server-silent", silent_server, lambda p, h: setattr(p.client.store, "ping", Answer(b"{}")))]


@pytest.mark.parametrize("cause", [*SETTINGS, *WAY, *LET_IN, *STORED,
                                   *(pytest.param(cause, marks=pytest.mark.slow) for cause in SLOW)], ids=str)
def test_what_the_hint_says_mends_the_cause(clinic, cause):
    made = cause.make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    patient = next(patients)
    try:
        hint = Hint.of(patient.doctor(), cause.row)
        cause.mend(patient, hint)
        outcome = patient.doctor()
        assert outcome.document["diagnosis"] == cause.then, str(outcome)
    finally:
        assert next(patients, None) is None
