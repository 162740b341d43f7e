"""How a team logs in to its registry, and what becomes of its secrets: each source, each failure, and hosts that a
secret must not reach, which write down whatever they are sent."""
import base64
import json
from pathlib import Path

import pytest

from support.fake_registry import FakeRegistry, Reply, manifest
from support.hints import Hint
from support.images import make_image
from support.process import free_port
from support.registry import OCI_INDEX, RegistryServer, digest_of, docker_config, password_file
from support.secrets import Secrets
from support.stores import Nginx, NotaryServer, TokenService
from support.tls import Authority
from support.tunnel import Tunnel

INDEX = b'{"schemaVersion":2,"manifests":[]}'
FRONT = """
    proxy_set_header Host $http_host;
    location ~ ^/v2/.+/_trust/ {{ proxy_pass {notary}; }}
    location / {{ proxy_pass {registry}; }}
"""


class Lab:
    """One token service for a registry and a notary-server; a registry with passwords and one that is open, on the
    same images; nginx in front of the first two."""

    def __init__(self, folder):
        authority = Authority(folder / "tls")
        self.password = Secrets().new()
        users = {"ci": {"password": self.password, "actions": ["pull", "push"]},
                 "owner": {"password": self.password, "actions": ["pull", "push", "*"]},
                 "stranger": {"password": self.password, "actions": ["pull"], "names": ["elsewhere/*"]}}
        self.tokens = TokenService(folder / "tokens", authority, users)
        self.notary = NotaryServer(folder / "notary", with_signer=False, auth=self.tokens.auth, authority=authority)
        self.plain_notary = NotaryServer(folder / "plain", with_signer=False, authority=authority)
        self.open = RegistryServer(folder / "open", authority)
        self.with_tokens = RegistryServer(folder / "registry", authority, auth=self.tokens.auth,
                                          storage=self.open.storage)
        self.with_passwords = RegistryServer(folder / "htpasswd", authority, storage=self.open.storage,
                                             auth=password_file(folder / "users", {"ci": self.password}))
        self.front = Nginx(folder / "front", authority,
                           FRONT.format(notary=self.notary.url, registry=self.with_tokens.url))
        self.image = make_image(folder / "image", "1.0", "hello")
        self.open.push("team/app", "1.0", self.image)
        self.authority = authority

    def stop(self):
        for part in (self.front, self.with_passwords, self.with_tokens, self.open, self.plain_notary, self.notary,
                     self.tokens):
            part.stop()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


@pytest.fixture
def store(lab, secrets):
    secrets.add(lab.password)
    for name in ("ci", "owner", "stranger"):
        secrets.add(f"{name}:{lab.password}")
    return lab.plain_notary


def basic(login: str) -> str:
    return base64.b64encode(login.encode()).decode()


def resolve(client, image, *args, **options):
    """A dry run of `sign` looks the image up before anything else; what comes behind is not what these tests are
    about, so it may stop at the repository, which nobody has made."""
    return client.run("sign", image, "--dry-run", *args, **options)


def assert_found(outcome):
    assert outcome.error and outcome.error[0] == "NO_TRUST_DATA", str(outcome)


def assert_failed(outcome, name, *words):
    assert outcome.error and outcome.error[0] == name, str(outcome)
    assert outcome.exit_code in (7, 8)
    for word in words:
        assert word in outcome.error[1], str(outcome)


def helper(folder, script: str):
    """docker-credential-test, alone on a PATH of its own."""
    path = folder / "docker-credential-test"
    path.write_text("#!/bin/sh\nread server\n" + script)
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def answer(user, secret):
    return "printf '%s' '" + json.dumps({"ServerURL": "", "Username": user, "Secret": secret}) + "'\n"


def config(world, hosts, **more):
    return {"DOCKER_CONFIG": str(docker_config(world.folder("docker"), hosts, **more))}


def test_every_source_of_credentials_with_passwords_and_with_tokens(world, lab):
    for registry in (lab.with_tokens, lab.with_passwords):
        host, image = registry.host, f"{registry.host}/team/app:1.0"
        login = f"ci:{lab.password}"
        home = world.client()
        docker_config(home.home / ".docker", {host: login})
        assert_found(resolve(home, image))
        assert_found(resolve(world.client(env=config(world, {f"https://{host}/v1/": login})), image))
        with_helper = helper(world.folder("bin"), answer("ci", lab.password))
        for more in ({"credHelpers": {host: "test"}}, {"credsStore": "test"}):
            assert_found(resolve(world.client(env=config(world, {}, **more) | with_helper), image))
        # A helper comes before an old login in the file, which counts where the helper knows nothing; and a helper for
        # this host before the common one.
        old = {host: f"ci:{world.secrets.new()}"}
        assert_found(resolve(world.client(env=config(world, old, credsStore="test") | with_helper), image))
        ignorant = helper(world.folder("bin"), "echo 'credentials not found in native keychain'; exit 1\n")
        assert_found(resolve(world.client(env=config(world, {host: login}, credsStore="test") | ignorant), image))
        assert_found(resolve(world.client(env=config(
            world, {}, credsStore="absent", credHelpers={host: "test"}) | with_helper), image))


def test_identity_tokens(world, lab):
    host, image = lab.with_tokens.host, f"{lab.with_tokens.host}/team/app:1.0"
    token = {"auths": {host: {"auth": basic("ci:"), "identitytoken": "refresh-ci"}}}
    assert_found(resolve(world.client(env=config(world, {}, **token)), image))
    with_helper = helper(world.folder("bin"), answer("<token>", "refresh-ci"))
    assert_found(resolve(world.client(env=config(world, {}, credsStore="test") | with_helper), image))

    expired = world.secrets.add("refresh-" + world.secrets.new())
    token["auths"][host]["identitytoken"] = expired
    outcome = resolve(world.client(env=config(world, {}, **token)), image)
    assert_failed(outcome, "UNAUTHORIZED", "auths in ", "token service")


def test_whoever_cannot_read_is_told_which_source_was_tried(world, lab):
    for registry in (lab.with_tokens, lab.with_passwords):
        host, image = registry.host, f"{registry.host}/team/app:1.0"
        nobody = world.client()
        assert_failed(resolve(nobody, image), "UNAUTHORIZED", str(nobody.home / ".docker/config.json"))
        wrong = world.secrets.new()
        wrong_config = config(world, {host: f"ci:{wrong}"})
        assert_failed(resolve(world.client(env=wrong_config), image), "UNAUTHORIZED",
                      f"auths in {wrong_config['DOCKER_CONFIG']}/config.json")
        for script, words in (("echo 'no such store'; exit 1\n", "failed with exit code 1"),
                              ("echo rubbish\n", "does not answer as a credential helper"),
                              ("printf '{}'\n", "does not answer as a credential helper"),
                              (answer("ci", wrong), "docker-credential-test")):
            client = world.client(env=config(world, {}, credsStore="test") | helper(world.folder("bin"), script))
            assert_failed(resolve(client, image), "UNAUTHORIZED", "docker-credential-test", words)
    # An account that is known, and may not: the registry says no more than that.
    stranger = config(world, {lab.with_tokens.host: f"stranger:{lab.password}"})
    outcome = resolve(world.client(env=stranger), f"{lab.with_tokens.host}/team/app:1.0")
    assert outcome.exit_code == 7 and "stranger" in outcome.error[1] or "auths in" in outcome.error[1], str(outcome)
    # NOTARY_AUTH is the trust server's: another host does not get it.
    outcome = resolve(world.client(env={"NOTARY_AUTH": basic(f"ci:{lab.password}")}),
                      f"{lab.with_tokens.host}/team/app:1.0")
    assert_failed(outcome, "UNAUTHORIZED", "there are none")


@pytest.mark.slow
def test_a_helper_that_hangs_is_given_up(world, lab):
    """After 30 seconds; nothing of it stays."""
    image = f"{lab.with_passwords.host}/team/app:1.0"
    folder = world.folder("bin")
    hanging = helper(folder, f"echo $$ >{folder}/pid\nexec sleep 600\n")
    outcome = resolve(world.client(env=config(world, {}, credsStore="test") | hanging), image)
    assert_failed(outcome, "SERVER_UNREACHABLE", "docker-credential-test")
    assert outcome.exit_code == 8
    assert not Path(f"/proc/{(folder / 'pid').read_text().strip()}").exists()


@pytest.mark.parametrize("login", ["docker", "notary-auth"])
def test_one_login_for_registry_and_trust_server_on_one_host(world, lab, login):
    """Nobody names a server: the trust server is where the registry is. The scopes have the port in the name."""
    host = lab.front.url.removeprefix("https://")
    gun = f"{host}/n-{login}/app"
    lab.open.push(f"n-{login}/app", "1.0", lab.image)

    def env(user):
        pair = f"{user}:{lab.password}"
        return config(world, {host: pair}) if login == "docker" else {"NOTARY_AUTH": basic(pair)}

    identity = world.identity()
    owner = world.admin(env=env("owner"), server=False)
    pin = owner.init(gun)
    owner.ok("signer", "add", "jenkins", gun, "--key", identity.public)
    ci = world.ci(identity, pin=pin, env=env("ci"), server=False)
    signed = ci.ok("sign", f"{gun}:1.0", "--check-registry", *identity.key_args)
    assert (signed.target("1.0")["digest"], signed.target("1.0")["length"]) == (lab.image.digest, lab.image.size)
    assert signed.repository["server"] == host
    reader = world.client(pin=pin, env=env("stranger"), server=False)
    assert reader.run("verify", f"{gun}:1.0").exit_code == 7


class Hosts:
    """A registry that says what a test wants, and two hosts that no secret belongs to."""

    def __init__(self, authority):
        self.registry = FakeRegistry(authority)
        self.elsewhere = FakeRegistry(authority, name="localhost")  # another host than 127.0.0.1
        self.plain = FakeRegistry(None)
        self.all = (self.registry, self.elsewhere, self.plain)

    def secrets_at(self, server, secrets) -> list:
        return [r for r in server.requests if "authorization" in r.headers or secrets.found_in(str(r))]

    def stop(self):
        for server in self.all:
            server.stop()


@pytest.fixture
def hosts(lab):
    hosts = Hosts(lab.authority)
    yield hosts
    hosts.stop()


def challenge(text: str):
    return Reply(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', {"WWW-Authenticate": text})


def test_a_secret_never_goes_where_it_does_not_belong(world, lab, hosts):
    registry, elsewhere, plain = hosts.all
    # All three are known to docker, so that nothing but the rules keeps their secrets apart.
    env = config(world, {server.host: f"ci:{lab.password}" for server in hosts.all})
    image = f"{registry.host}/team/app:1.0"
    client = world.client(env=env)

    def bearer(url):
        return challenge(f'Bearer realm="{url}",service="x"')

    for reply, words in (
            (bearer(elsewhere.url + "/token"), "--token-service"),
            (bearer(plain.url + "/token"), "cannot be trusted"),
            (bearer(f"https://ci@{elsewhere.host}/token"), "cannot be trusted"),
            (challenge('Negotiate'), "neither Bearer nor Basic"),
    ):
        registry.reply = lambda request, reply=reply: reply
        outcome = resolve(client, image)
        assert outcome.exit_code == 7 and words in outcome.stderr, str(outcome)
        if words == "--token-service":
            named = Hint.of(outcome, "token-service-elsewhere").values["host"]
    for target in (elsewhere.url, plain.url, registry.url + "/other"):
        registry.reply = lambda request, target=target: Reply(302, b"", {"Location": target})
        outcome = resolve(client, image)
        assert_failed(outcome, "SERVER_ERROR", "a redirect to " + target)
    # The realm itself sends us on.
    registry.reply = lambda request: (Reply(302, b"", {"Location": elsewhere.url})
                                      if request.path.startswith("/token") else bearer(registry.url + "/token"))
    assert_failed(resolve(client, image), "SERVER_UNREACHABLE", "answers 302")
    for server in (elsewhere, plain):
        assert not server.requests
    assert all(request.path.startswith("/token") for request in hosts.secrets_at(registry, world.secrets))

    # Named, the other token service gets what it needs.
    elsewhere.reply = lambda request: Reply(200, b'{"token":"t"}')
    registry.reply = lambda request: (manifest(INDEX, OCI_INDEX) if "authorization" in request.headers
                                      else bearer(elsewhere.url + "/token"))
    assert_found(resolve(client, image, "--token-service", named))
    (asked,) = elsewhere.requests
    assert asked.headers["authorization"] == "Basic " + basic(f"ci:{lab.password}")
    assert "scope=repository%3Ateam%2Fapp%3Apull" in asked.path and "push" not in asked.path

    # And an anonymous question for a public image may go anywhere.
    elsewhere.requests.clear()
    assert_found(resolve(world.client(), image))
    assert [("authorization" in r.headers) for r in elsewhere.requests] == [False]


def test_a_registry_that_is_never_content(world, lab, hosts):
    """401 without end: a few requests, then an answer that names the source."""
    registry = hosts.registry
    client = world.client(env=config(world, {registry.host: f"ci:{lab.password}"}))
    for text in ('Basic realm="x"', f'Bearer realm="{registry.url}/token",service="x"'):
        registry.requests.clear()
        registry.reply = lambda request, text=text: (Reply(200, b'{"token":"never-right"}')
                                                     if request.path.startswith("/token") else challenge(text))
        assert_failed(resolve(client, f"{registry.host}/team/app:1.0"), "UNAUTHORIZED", "refuses the credentials from auths in")
        assert len(registry.requests) <= 4
    registry.reply = lambda request: Reply(403)
    assert_failed(resolve(client, f"{registry.host}/team/app:1.0"), "FORBIDDEN")
    registry.reply = lambda request: (Reply(500) if request.path.startswith("/token") else challenge(text))
    assert_failed(resolve(client, f"{registry.host}/team/app:1.0"), "SERVER_UNREACHABLE", "answers 500")


def test_only_a_registry_that_was_named_is_spoken_to_without_encryption(world, lab, hosts):
    plain = hosts.plain
    plain.reply = lambda request: manifest(INDEX, OCI_INDEX)
    client = world.client(env=config(world, {plain.host: f"ci:{lab.password}"}))
    image = f"{plain.host}/team/app:1.0"
    assert_failed(resolve(client, image), "TLS_FAILED")
    assert_failed(resolve(client, image, "--insecure-registry", hosts.registry.host), "TLS_FAILED")
    assert_failed(resolve(client, image, "--allow-http"), "TLS_FAILED")
    assert not plain.requests
    assert_found(resolve(client, image, "--insecure-registry", plain.host))
    plain.reply = lambda request: challenge('Basic realm="x"')
    assert_failed(resolve(client, image, "--insecure-registry", plain.host), "UNAUTHORIZED", "not encrypted")
    assert not hosts.secrets_at(plain, world.secrets)


def test_certificates_are_found_where_docker_has_them(world):
    """The registry's authority is another than the trust server's, which `--tlscacert` names."""
    authority = Authority(world.folder("other"), "another CA")
    everybody = FakeRegistry(authority, lambda request: manifest(INDEX, OCI_INDEX))
    known_only = FakeRegistry(authority, everybody.reply, client_ca=authority.ca)
    try:
        image = f"{everybody.host}/team/app:1.0"
        assert_failed(resolve(world.client(), image), "TLS_FAILED", "authority that is not trusted")
        assert_found(resolve(world.client(env={"SSL_CERT_FILE": str(authority.ca)}), image))
        certificate, key = authority.issue("client")
        for kind in ("certs.d", "tls"):
            client = world.client()
            folder = client.home / ".docker" / kind / known_only.host
            folder.mkdir(parents=True)
            (folder / "ca.crt").write_bytes(authority.ca.read_bytes())
            image = f"{known_only.host}/team/app:1.0"
            # TLS 1.3 hears of a certificate that it did not send too late to be sure what broke.
            assert resolve(client, image).exit_code == 8 and not known_only.requests
            (folder / "client.cert").write_bytes(certificate.read_bytes())
            (folder / "client.key").write_bytes(key.read_bytes())
            assert_found(resolve(client, image))
            known_only.requests.clear()
    finally:
        everybody.stop()
        known_only.stop()


def test_a_proxy_of_the_environment_sees_no_secret(world, lab):
    registry, tunnel = FakeRegistry(lab.authority, name="registry.example.com"), Tunnel()
    registry.reply = lambda request: (manifest(INDEX, OCI_INDEX) if "authorization" in request.headers
                                      else challenge('Basic realm="x"'))
    image = f"{registry.host}/team/app:1.0"
    env = config(world, {registry.host: f"ci:{lab.password}"}) | {"HTTPS_PROXY": tunnel.url}
    assert_found(resolve(world.client(env=env), image))
    assert registry.requests[-1].headers["authorization"] == "Basic " + basic(f"ci:{lab.password}")
    assert {name for name, _ in tunnel.requests} == {registry.host}
    assert not world.secrets.found_in(str(tunnel.requests)) and "authorization" not in str(tunnel.requests).lower()
    tunnel.refusal = (403, "Forbidden")
    assert_failed(resolve(world.client(env=env), image), "SERVER_UNREACHABLE", f"the proxy {tunnel.host} answers 403")
    for server in (registry, tunnel):
        server.stop()


def test_docker_hub_has_no_trust_server_of_its_own(world):
    client = world.client(server=False)
    for image in ("alpine:3", "docker.io/team/app:1", "index.docker.io/team/app:1"):
        outcome = client.refused(3, "sign", image, "--dry-run")
        assert outcome.error[0] == "CONFIG" and "no trust server is named for docker.io/" in outcome.error[1]


def test_a_login_that_a_cloud_has_ended_is_told_where_it_is_read(world, lab, hosts):
    """As ECR does: 403 to a good password that is twelve hours old, and to HEAD without a word."""
    registry = hosts.registry
    body = json.dumps({"errors": [{"code": "DENIED", "message": "Your authorization token has expired. Reauthenticate and "
                                   "try again."}]}).encode()
    registry.reply = lambda request: (Reply(403, body) if "authorization" in request.headers else challenge('Basic realm="x"'))
    client = world.client(env=config(world, {registry.host: f"ci:{lab.password}"}))
    outcome = resolve(client, f"{registry.host}/team/app:1.0")
    assert_failed(outcome, "UNAUTHORIZED", "has expired")
    assert outcome.document["error"]["hint"] == f"log in with: docker login {registry.host}"


@pytest.mark.parametrize("where", ["the registry", "its token service"])
@pytest.mark.parametrize("after, wait", [({}, "wait, then"), ({"Retry-After": "3600"}, "wait 3600 seconds, then"),
                                         ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, "wait until Wed")])
def test_too_many_requests_is_told_as_such(world, lab, hosts, where, after, wait):
    registry = hosts.registry
    busy = Reply(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}', after)
    token = f'Bearer realm="{registry.url}/token",service="x"'
    registry.reply = lambda request: (busy if where == "the registry" or request.path.startswith("/token")
                                      else challenge(token))
    outcome = resolve(world.client(), f"{registry.host}/team/app:1.0")
    assert_failed(outcome, "SERVER_ERROR", "too many requests")
    hint = outcome.document["error"]["hint"]
    assert wait in hint and "repeat the command" in hint and "--server" not in hint


def test_what_keeps_a_registry_from_being_asked_is_mended_at_the_registry(world, lab, hosts):
    """And not at the trust server, of which the same errors tell elsewhere."""
    plain, registry = hosts.plain, hosts.registry
    stranger = FakeRegistry(Authority(world.folder("strange")))
    free = f"127.0.0.1:{free_port()}"
    hints = {plain.host: f"--insecure-registry {plain.host}", stranger.host: f"~/.docker/certs.d/{stranger.host}/",
             "registry.invalid": "check the registry in the image's name", free: "check the registry in the image's name"}
    try:
        for host, hint in hints.items():
            outcome = resolve(world.client(), f"{host}/team/app:1.0")
            assert outcome.exit_code == 8 and hint in outcome.document["error"]["hint"], str(outcome)
            assert "--server" not in outcome.document["error"]["hint"] and "--tlscacert" not in outcome.document["error"]["hint"]
    finally:
        stranger.stop()
    # As printed, it is mended.
    plain.reply = lambda request: manifest(INDEX, OCI_INDEX)
    assert_found(resolve(world.client(), f"{plain.host}/team/app:1.0", *hints[plain.host].split()))
