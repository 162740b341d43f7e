"""An account has one home. Servers that ask for a login, in every way they can, write down all that they are sent;
each is another host by name, and a proxy leads every name to this machine. What a stranger has seen of an account,
in any form, is a failure; so is a login that an honest team needs and that goes no more."""
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from support.fake_registry import FakeRegistry, Reply, Request, manifest
from support.registry import OCI_INDEX, docker_config
from support.tls import Authority
from support.tunnel import Tunnel
from support.world import World

BASIC = 'Basic realm="x"'
TOKEN = "t-1"


def basic(login: str) -> str:
    return base64.b64encode(login.encode()).decode()


class Town:
    """Hosts, made when they are first named, and the account `ci` with a password and an identity token."""

    def __init__(self, folder, secrets):
        self.authority = Authority(folder / "tls")
        self.secrets = secrets
        self.password = secrets.new()
        self.token = secrets.add("refresh-" + secrets.new())
        self.login = secrets.add(f"ci:{self.password}")
        self.tunnel = Tunnel()
        self._hosts: dict[str, FakeRegistry] = {}

    def host(self, name: str) -> FakeRegistry:
        """One that answers 404 unless it is told otherwise."""
        if name not in self._hosts:
            self._hosts[name] = FakeRegistry(None if name.startswith("http:") else self.authority,
                                             name=name.removeprefix("http:"))
        return self._hosts[name]

    def told(self) -> dict[str, list[str]]:
        """What each host has seen of the account: name, and the requests."""
        return {name: [str(r) for r in host.requests if self.secrets.found_in(str(r))]
                for name, host in self._hosts.items() if any(self.secrets.found_in(str(r)) for r in host.requests)}

    def bearer(self, name: str) -> str:
        return f'Bearer realm="{self.host(name).url}/token",service="x"'

    def stop(self):
        for server in (self.tunnel, *self._hosts.values()):
            server.stop()


@pytest.fixture
def town(tmp_path, secrets):
    town = Town(tmp_path, secrets)
    yield town
    assert not [headers for _, headers in town.tunnel.requests if secrets.found_in(str(headers))]
    town.stop()


@pytest.fixture
def store(town):
    """No trust server in particular: tests name their own."""
    return SimpleNamespace(option=None, ca=town.authority.ca)


def wants(challenge: str, then: Callable[[Request], Reply] = lambda request: Reply(404)):
    """Answers whoever is logged in, asks all others."""
    def reply(request: Request) -> Reply:
        if "authorization" in request.headers:
            return then(request)
        return Reply(401, b"{}", {"WWW-Authenticate": challenge})
    return reply


def sells_tokens(request: Request) -> Reply:
    return Reply(200, json.dumps({"token": TOKEN}).encode())


def client(world: World, town: Town, accounts: dict, *, server=None, env=None, **more):
    """A user whose config.json has `accounts` and `more`, behind the proxy."""
    config = world.folder("docker")
    docker_config(config, {})
    path = config / "config.json"
    path.write_text(json.dumps({"auths": accounts} | more))
    return world.client(server=server, env={"DOCKER_CONFIG": str(config), "HTTPS_PROXY": town.tunnel.url} | (env or {}))


def password_of(town: Town) -> dict:
    return {"auth": basic(town.login)}


def identity_of(town: Town) -> dict:
    return {"auth": basic("ci:"), "identitytoken": town.token}


COMMANDS = (("list", "{gun}"), ("verify", "{gun}:1.0"), ("inspect", "{gun}"), ("expiry", "{gun}"), ("doctor", "{gun}"),
            ("revoke", "{gun}:1.0", "--yes"), ("repo", "refresh", "{gun}"))


@dataclass(frozen=True)
class Stranger:
    """`home` has the account, `server` asks for it: with Basic, or by the token service `realm`."""
    sentence: str
    home: str
    server: str
    realm: str | None = None
    hint: str = "docker login {server}"


STRANGERS = (
    Stranger("a trust server elsewhere does not get the registry's password",
             "registry.corp.example", "notary.evil.example"),
    Stranger("a trust server elsewhere does not get the registry's password by a token service of its own",
             "registry.corp.example", "notary.evil.example", "notary.evil.example", "--token-service {realm}"),
    Stranger("a trust server elsewhere does not get what the registry's own token service would sell for the account",
             "registry.corp.example", "notary.evil.example", "auth.corp.example", "--token-service {realm}"),
    Stranger("a registry's own token service is in its registrable domain, and co.uk is nobody's",
             "acme.co.uk", "acme.co.uk", "evil.co.uk", "--token-service {realm}"),
    Stranger("a trust server under the same public suffix is a stranger",
             "registry.acme.co.uk", "notary.evil.co.uk", "notary.evil.co.uk", "--token-service {realm}"),
    Stranger("two customers of a hosting company are strangers",
             "acme.github.io", "acme.github.io", "evil.github.io", "--token-service {realm}"),
    Stranger("a trust server in the registry's domain does not get the password itself",
             "registry.corp.example", "notary.corp.example"),
    Stranger("a trust server in the registry's domain cannot send us to a stranger",
             "registry.corp.example", "notary.corp.example", "auth.evil.example", "--token-service {realm}"),
    Stranger("localhost is another host than 127.0.0.1", "127.0.0.1", "localhost"),
    Stranger("localhost has no token service on 127.0.0.1", "localhost", "localhost", "127.0.0.1",
             "--token-service {realm}"),
)


@pytest.mark.parametrize("kind", [password_of, identity_of])
@pytest.mark.parametrize("case", STRANGERS, ids=lambda case: case.sentence)
def test_no_stranger_is_told_of_an_account(world, town, case, kind):
    home, server = town.host(case.home), town.host(case.server)
    realm = town.host(case.realm) if case.realm else None
    server.reply = wants(town.bearer(case.realm) if realm else BASIC)
    if realm:
        # It may be the server itself.
        answer = realm.reply
        realm.reply = lambda request: (Reply(401) if request.path.startswith("/token") else answer(request))
    user = client(world, town, {home.host: kind(town)}, server=server.url)
    gun = f"{home.host}/team/app"
    for command in COMMANDS:
        outcome = user.run(*(word.format(gun=gun) for word in command))
        assert outcome.exit_code == 7 and outcome.error[0] == "UNAUTHORIZED", str(outcome)
        assert case.hint.format(server=server.host, realm=realm and realm.host) in outcome.stderr, str(outcome)
    assert server.requests and not town.told()


def test_an_account_of_one_port_is_not_the_next_ports(world, town):
    """The next port may be another's server, and docker keeps two accounts."""
    registry, trust = FakeRegistry(town.authority), town.host("127.0.0.1")
    trust.reply = wants(BASIC)
    user = client(world, town, {registry.host: password_of(town)}, server=trust.url)
    assert "docker login " + trust.host in user.refused(7, "list", f"{registry.host}/team/app").stderr
    assert trust.requests and not town.told()
    registry.stop()


@pytest.mark.parametrize("login", ["password", "bought"])
@pytest.mark.parametrize("source", ["docker", "NOTARY_AUTH"])
def test_a_trust_server_without_tls_gets_no_credentials_though_it_was_allowed(world, town, login, source):
    """Not even on this machine. A token that is bought for one is a credential, too."""
    plain, tokens = town.host("http:localhost"), town.host("localhost")
    tokens.reply = sells_tokens
    plain.reply = wants(BASIC if login == "password" else town.bearer("localhost"),
                        lambda request: Reply(401, b"{}", {"WWW-Authenticate": BASIC}))
    accounts = {plain.host: password_of(town), tokens.host: password_of(town)} if source == "docker" else {}
    env = {"NOTARY_AUTH": basic(town.login)} if source == "NOTARY_AUTH" else {}
    user = client(world, town, accounts, server=plain.url, env=env)
    refused = user.refused(7, "list", f"{plain.host}/team/app", "--allow-http", "--token-service", tokens.host)
    assert "not encrypted" in refused.error[1], str(refused)
    assert plain.requests and not town.told()


@pytest.mark.parametrize("login", ["password", "bought"])
def test_a_registry_without_tls_gets_no_credentials_though_it_was_named(world, town, login):
    plain, tokens = town.host("http:127.0.0.1"), town.host("127.0.0.1")
    tokens.reply = lambda request: Reply(401)
    plain.reply = wants(BASIC if login == "password" else town.bearer("127.0.0.1"))
    user = client(world, town, {plain.host: password_of(town)}, server=town.host("notary.corp.example").url)
    refused = user.refused(7, "sign", f"{plain.host}/team/app:1.0", "--dry-run", "--insecure-registry", plain.host)
    assert "not encrypted" in refused.error[1], str(refused)
    assert plain.requests and not town.told()


def test_a_trust_server_that_sends_us_on_gives_nothing_of_ours_away(world, town):
    trust, evil = town.host("notary.corp.example"), town.host("notary.evil.example")
    user = client(world, town, {trust.host: password_of(town)}, server=trust.url)
    for status in (301, 302, 307, 308):
        trust.reply = wants(BASIC, lambda request, status=status: Reply(status, b"", {"Location": evil.url}))
        assert user.refused(8, "list", f"{trust.host}/team/app").error[0] == "SERVER_ERROR"
    assert set(town.told()) == {"notary.corp.example"} and not evil.requests


def test_names_in_a_manifest_do_not_choose_who_gets_the_trust_servers_login(world, town):
    """NOTARY_AUTH names no host, and where no server is named the image's name does: not a name from a file."""
    evil = town.host("evil.example")
    evil.reply = wants(BASIC)
    deployment = world.folder("manifest") / "images.txt"
    deployment.write_text(f"{evil.host}/team/app:1.0\n")
    user = client(world, town, {}, env={"NOTARY_AUTH": basic(town.login)})
    refused = user.refused(7, "verify", "--images-from", deployment)
    assert "--server" in refused.stderr, str(refused)
    assert evil.requests and not town.told()


def test_the_trust_servers_login_is_for_one_server_of_a_run(world, town):
    mine, other = town.host("registry.corp.example"), town.host("evil.example")
    mine.reply = other.reply = wants(BASIC)
    user = client(world, town, {}, env={"NOTARY_AUTH": basic(town.login)})
    user.run("verify", f"{mine.host}/team/app:1.0", f"{other.host}/team/app:1.0")
    assert other.requests and set(town.told()) == {"registry.corp.example"}


def helper(world: World, name: str, user: str, secret: str) -> dict[str, str]:
    """docker-credential-NAME on PATH, which has this for every host."""
    folder = world.folder("bin")
    path = folder / f"docker-credential-{name}"
    path.write_text("#!/bin/sh\nread -r server\nprintf '%s' '"
                    + json.dumps({"ServerURL": "x", "Username": user, "Secret": secret}) + "'\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize("store_of", ["credHelpers", "credsStore"])
def test_an_old_login_in_the_file_is_not_sent_where_a_helper_has_the_account(world, town, store_of):
    trust = town.host("registry.corp.example")
    trust.reply = wants(BASIC)
    old = world.secrets.new()
    more = {"credHelpers": {trust.host: "good"}} if store_of == "credHelpers" else {"credsStore": "good"}
    user = client(world, town, {trust.host: {"auth": basic(f"ci:{old}")}}, env=helper(world, "good", "ci", town.password),
                  **more)
    user.refused(6, "list", f"{trust.host}/team/app")
    logins = {r.headers["authorization"] for r in trust.requests if "authorization" in r.headers}
    assert logins == {"Basic " + basic(town.login)}


def test_docker_desktop_on_wsl_has_its_helper_asked(world, town):
    trust = town.host("registry.corp.example")
    trust.reply = wants(BASIC)
    user = client(world, town, {}, env=helper(world, "desktop.exe", "ci", town.password), credsStore="desktop.exe")
    user.refused(6, "list", f"{trust.host}/team/app")
    assert set(town.told()) == {"registry.corp.example"}


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "x;id", "$(id)", "a b", ""])
def test_no_helper_is_run_by_a_path_or_a_shell(world, town, name):
    trust = town.host("registry.corp.example")
    trust.reply = wants(BASIC)
    user = client(world, town, {}, credsStore=name)
    assert user.run("list", f"{trust.host}/team/app").exit_code == (3 if name else 7)


# What honest teams do goes on to work.

@pytest.mark.parametrize("kind", [password_of, identity_of])
def test_registry_and_trust_server_of_one_domain_share_its_token_service(world, town, kind):
    registry, trust, tokens = (town.host(f"{n}.corp.example") for n in ("registry", "notary", "auth"))
    tokens.reply = sells_tokens
    trust.reply = wants(town.bearer("auth.corp.example"))
    user = client(world, town, {registry.host: kind(town)}, server=trust.url)
    user.refused(6, "list", f"{registry.host}/team/app")
    assert set(town.told()) == {"auth.corp.example"}
    logins = {r.headers["authorization"] for r in trust.requests if "authorization" in r.headers}
    assert logins == {f"Bearer {TOKEN}"}


def test_a_trust_server_elsewhere_works_with_an_account_of_its_own_or_a_token_service_that_is_named(world, town):
    registry, trust, tokens = town.host("registry.corp.example"), town.host("notary.org.example"), town.host("auth.sso.example")
    tokens.reply = sells_tokens
    gun = f"{registry.host}/team/app"
    other = world.secrets.new()
    accounts = {registry.host: {"auth": basic(f"other:{other}")}, trust.host: password_of(town)}
    trust.reply = wants(BASIC)
    client(world, town, accounts, server=trust.url).refused(6, "list", gun)
    assert set(town.told()) == {"notary.org.example"}
    assert all(other not in str(r) and basic(f"other:{other}") not in str(r) for r in trust.requests)

    trust.requests.clear()
    client(world, town, {}, server=trust.url, env={"NOTARY_AUTH": basic(town.login)}).refused(6, "list", gun)
    assert set(town.told()) == {"notary.org.example"}

    trust.requests.clear()
    trust.reply = wants(town.bearer("auth.sso.example"))
    user = client(world, town, {registry.host: password_of(town)}, server=trust.url)
    user.refused(6, "list", gun, "--token-service", tokens.host)
    assert set(town.told()) == {"auth.sso.example"}


def test_whoever_has_an_account_elsewhere_still_reads_what_is_open_to_all(world, town):
    registry, trust, tokens = town.host("registry.corp.example"), town.host("notary.org.example"), town.host("auth.org.example")
    tokens.reply = lambda request: Reply(401) if "authorization" in request.headers else sells_tokens(request)
    trust.reply = wants(town.bearer("auth.org.example"))
    user = client(world, town, {registry.host: password_of(town)}, server=trust.url)
    user.refused(6, "list", f"{registry.host}/team/app")
    assert tokens.requests and not town.told()


def test_a_login_that_has_expired_is_renewed_and_no_administrator_is_asked(world, town):
    """ECR: 403 after twelve hours."""
    registry = town.host("123.dkr.ecr.eu-west-1.amazonaws.com")
    body = (b'{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try '
            b'again."}]}')
    registry.reply = wants(BASIC, lambda request: Reply(403, body))
    user = client(world, town, {registry.host: password_of(town)}, server=town.host("notary.corp.example").url)
    refused = user.refused(7, "sign", f"{registry.host}/team/app:1.0", "--dry-run")
    assert refused.error[0] == "UNAUTHORIZED" and "expired" in refused.error[1]
    assert f"hint: log in with: docker login {registry.host}" in refused.stderr and "push" not in refused.stderr


def test_a_proxy_that_wants_a_login_is_named_once_and_its_password_never(world, town):
    trust = town.host("notary.corp.example")
    for login, words in (("", "wants a login (407)"),
                         (f"me:{world.secrets.new()}@", "refuses the login in HTTPS_PROXY (407)")):
        proxy = Tunnel()  # one for each: a request that was given up may come late
        proxy.refusal = (407, "Proxy Authentication Required")
        user = client(world, town, {trust.host: password_of(town)}, server=trust.url,
                      env={"HTTPS_PROXY": f"http://{login}{proxy.host}"})
        refused = user.refused(8, "list", f"{trust.host}/team/app")
        assert refused.error == ("SERVER_UNREACHABLE",
                                 f"cannot reach {trust.host}: the proxy {proxy.host} {words}"), str(refused)
        assert refused.stderr.count("(407)") == 1
        assert len(proxy.requests) <= 4  # the files that are asked for together; none is asked for again
        proxy.stop()
    assert not trust.requests


@pytest.mark.parametrize("no_proxy", ["*", "corp.example", ".corp.example", "*.corp.example", "{host}"])
def test_hosts_that_no_proxy_names_are_not_told_to_the_proxy(world, town, no_proxy):
    trust = town.host("notary.corp.example")
    user = client(world, town, {}, server=trust.url, env={"NO_PROXY": "10.0.0.0/8, " + no_proxy.format(host=trust.host)})
    refused = user.refused(8, "list", f"{trust.host}/team/app")
    assert "no such host" in refused.error[1] and not town.tunnel.requests


def test_this_machine_is_reached_without_a_proxy(world, town):
    for name in ("127.0.0.1", "localhost"):
        trust = town.host(name)
        client(world, town, {}, server=trust.url).refused(6, "list", f"{trust.host}/team/app")
        assert trust.requests and not town.tunnel.requests


def test_a_registry_is_read_with_its_own_account_by_its_own_token_service(world, town):
    registry, tokens = town.host("registry.corp.example"), town.host("auth.corp.example")
    tokens.reply = sells_tokens
    registry.reply = wants(town.bearer("auth.corp.example"),
                           lambda request: manifest(b'{"schemaVersion":2,"manifests":[]}', OCI_INDEX))
    user = client(world, town, {registry.host: password_of(town)}, server=town.host("notary.org.example").url)
    assert user.run("sign", f"{registry.host}/team/app:1.0", "--dry-run").error[0] == "NO_TRUST_DATA"
    assert set(town.told()) == {"auth.corp.example"}
