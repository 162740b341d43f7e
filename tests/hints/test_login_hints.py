"""Hints about who is let in, and about the token services of servers."""
import base64
import json
import subprocess

import pytest

from hints.causes import Cause, check, follow, someone_mends
from support.ailing import token_service_at
from support.clinic import ACTIONS
from support.fake_registry import FakeRegistry, Reply
from support.process import free_port

NOT_FOUND = Reply(404, b'{"errors":[{"code":"METADATA_NOT_FOUND"}]}')


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


CAUSES = [
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


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_a_login_is_mended_as_its_hint_says(clinic, cause):
    check(clinic, cause)
