"""A notary-server that wants tokens, as registries run it: who is let in, how credentials are found, what is refused."""
import base64
import json

import pytest

from support.hints import Hint
from support.secrets import Secrets
from support.stores import NotaryServer, TokenService
from support.tls import Authority

ACTIONS = {"ci": ["pull", "push"], "reader": ["pull"], "owner": ["pull", "push", "*"]}


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protected")
    authority = Authority(folder)
    passwords = {name: Secrets().new() for name in ACTIONS}
    service = TokenService(folder / "service", authority, {
        name: {"password": passwords[name], "actions": actions} for name, actions in ACTIONS.items()})
    server = NotaryServer(folder / "server", with_signer=True, auth=service.auth, authority=authority)
    server.passwords = passwords
    server.token_service = service.auth["options"]["realm"].split("/")[2]
    yield server
    server.stop()
    service.stop()


@pytest.fixture
def store(protected, secrets):
    for name in ACTIONS:
        secrets.add(protected.passwords[name])
        secrets.add(basic(protected, name))
    return protected


def basic(store, name: str) -> str:
    return base64.b64encode(f"{name}:{store.passwords[name]}".encode()).decode()


def notary_auth(world, name) -> dict[str, str]:
    return {"NOTARY_AUTH": basic(world.store, name)}


def docker_login(world, name, host=None) -> dict[str, str]:
    """Credentials as `docker login HOST` leaves them, by default of the trust server."""
    folder = world.folder("docker-config")
    config = folder / "config.json"
    host = host or world.store.url.removeprefix("https://")
    config.write_text(json.dumps({"auths": {host: {"auth": basic(world.store, name)}}}))
    config.chmod(0o600)
    return {"DOCKER_CONFIG": str(folder)}


@pytest.fixture
def prepared(world):
    """An owner's repository with one signer: the GUN, the identity and the pin."""
    identity = world.identity()
    gun = world.store.gun()
    owner = world.admin(env=notary_auth(world, "owner"))
    pin = owner.init(gun)
    owner.ok("signer", "add", "jenkins", gun, "--key", identity.public)
    return gun, identity, pin


@pytest.mark.parametrize("login", [notary_auth, docker_login])
def test_a_ci_system_signs_with_its_credentials_and_a_reader_reads(world, prepared, login):
    gun, identity, pin = prepared
    image = world.image()
    world.ci(identity, pin=pin, env=login(world, "ci")).sign(gun, "1.0", image, *identity.key_args)

    world.client(pin=pin, env=login(world, "reader")).ok("verify", f"{gun}:1.0")
    notary = world.notary()
    notary.env |= notary_auth(world, "reader")
    assert notary.lookup(gun, "1.0") == (image.digest, image.size)


def test_the_registrys_account_is_used_elsewhere_only_at_a_token_service_that_is_named(world, prepared):
    gun, identity, pin = prepared
    ci = world.ci(identity, pin=pin, env=docker_login(world, "ci", "registry.example.com"))
    sign = ("sign", f"{gun}:1.0", "--oci-layout", world.image().layout, *identity.key_args)
    refused = ci.refused(7, *sign)
    assert "which are for registry.example.com" in refused.error[1], str(refused)
    service = Hint.of(refused, "credentials-of-another-host").values["service"]
    assert service == world.store.token_service
    ci.ok(*sign, "--token-service", service)


@pytest.mark.parametrize("who", ["nobody", "wrong password", "may only read"])
def test_who_may_not_publish_is_denied_and_nothing_is_published(world, prepared, who):
    gun, identity, pin = prepared
    wrong = base64.b64encode(b"ci:" + world.secrets.new().encode()).decode()
    env = {"nobody": {}, "wrong password": {"NOTARY_AUTH": world.secrets.add(wrong)},
           "may only read": notary_auth(world, "reader")}[who]
    witness = world.client(pin=pin, env=notary_auth(world, "reader"))
    before = witness.ok("list", gun).document["repositories"]
    denied = world.ci(identity, pin=pin, env=env).refused(
        7, "sign", f"{gun}:1.0", "--oci-layout", world.image().layout, *identity.key_args)
    assert denied.error[0] in ("UNAUTHORIZED", "FORBIDDEN")
    assert witness.ok("list", gun).document["repositories"] == before


def test_reading_without_credentials_is_denied_and_not_taken_for_an_unknown_repository(world, prepared):
    gun, _, pin = prepared
    world.client(pin=pin).refused(7, "list", gun)
