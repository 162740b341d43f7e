"""Hints about the way to the server, and about what answers there."""
import subprocess
from pathlib import Path
from datetime import timedelta
from types import SimpleNamespace

import pytest

from hints.causes import Cause, add, check, follow, in_turn, name_good_server, name_server, someone_mends, without_last
from support.ailing import lapsed_server, no_tls, silent_server, wants_certificate, wrong_clock
from support.clinic import Patient
from support.hints import Hint
from support.hostile_server import Answer, RawAnswer
from support.process import free_port
from support.stores import Nginx
from support.tls import Authority
from support.tunnel import Tunnel


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
    folder = Path(hint.values["folder"].replace("~", str(patient.client.home))) / "tls" / hint.values["host"]
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


def file_for_a_folder(clinic):
    """`repo init` says so too, and makes what is named instead."""
    patient = missing_folder(True)(clinic)
    file = Path(patient.client.server.removeprefix("file:"))
    file.write_text("a file")
    admin = patient.world.admin(server=patient.client.server)
    Hint.of(admin.refused(8, "repo", "init", patient.args[0]), "folder-is-a-file")
    assert file.read_text() == "a file"
    return patient


def name_folder(patient, hint):
    patient.client.server += ".d"
    patient.world.admin(server=patient.client.server).ok("repo", "init", patient.args[0])


def unknown_repository(clinic):
    gun = clinic.notary.gun()
    patient = Patient(clinic.world().client(server=clinic.notary.option), [gun])
    patient.world = clinic.world()
    return patient


CAUSES = [
    Cause("server-not-named", lambda c: Patient(c.world().client(server=None), ["alpine"]),
          lambda p, h: p.client.env.update(DOCKER_CONTENT_TRUST_SERVER=p.client.store.option), "no-trust-data"),
    Cause("host-unknown", no_such_host, nor_does_getent_know),
    Cause("server-unreachable", lambda c: c.elsewhere(f"https://127.0.0.1:{free_port()}"), name_good_server),
    Cause("connection-lost", ping(RawAnswer(b"")), someone_mends(recovers)),
    Cause("tls-unknown-authority", lambda c: c.patient(ca=False), add("--tlscacert", lambda p: p.client.store.ca)),
    Cause("tls-unknown-authority", lambda c: c.patient(ca=False), put_authority_where_it_says, about="in docker's folder"),
    Cause("tls-unknown-authority", lambda c: c.patient(ca=False, env={"DOCKER_CONFIG": str(c.world().folder("docker") / "it's")}),
          put_authority_where_it_says, about="in the folder that DOCKER_CONFIG names"),
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
    Cause("folder-is-a-file", file_for_a_folder, name_folder, "pin-mismatch"),
    Cause("folder-missing-no-repository", missing_folder(False), make_it),
    Cause("no-trust-data-doctor", unknown_repository, make_it, "unpinned-root"),
]


# It is given ten seconds.
SLOW = Cause("server-silent", silent_server, lambda p, h: setattr(p.client.store, "ping", Answer(b"{}")))


@pytest.mark.parametrize("cause", [*CAUSES, pytest.param(SLOW, marks=pytest.mark.slow)], ids=str)
def test_the_way_is_mended_as_its_hint_says(clinic, cause):
    check(clinic, cause)
