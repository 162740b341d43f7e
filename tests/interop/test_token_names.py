"""Tokens whose parts of one key have several names or numbers, as YubiKeys and SafeNet tokens have them: what `token list`
prints signs when it is pasted, with and without the PIN at hand while it is listed."""
import pytest

from support.identities import NAME
from support.process import clean_environment, run


@pytest.fixture
def store(notary_local):
    return notary_local


class Shaped:
    """A token with one P-256 key, whose public half and certificate are then written anew under other names."""

    def __init__(self, world, private, public=None, certificate=None):
        self.world = world
        self.token = world.token()
        self.public = self.token.generate(private, "02")
        self.client = world.client(env=self.token.env)
        pem = self.client.work / "key.crt"
        self.client.ok("key", "cert", f"pkcs11:token={self.token.label};id=%02", "--cn", NAME, "--out", pem)
        if public != (private, "02"):
            self.token.tool("--delete-object", "--type", "pubkey", "--id", "02")
        if public and public != (private, "02"):
            self.write("pubkey", self.token.folder / f"{private}.der", *public)
        if certificate:
            der = self.client.work / "key.der"
            run(["/usr/bin/openssl", "x509", "-in", pem, "-outform", "DER", "-out", der],
                env=clean_environment(self.client.home), cwd=self.client.work)
            self.write("cert", der, *certificate)

    def write(self, kind, der, label, key_id):
        self.token.tool("--write-object", der, "--type", kind, "--label", label, "--id", key_id)

    def listed(self, **options):
        tokens = self.client.ok("token", "list", **options).document["tokens"]
        return [key["uri"] for token in tokens for key in token["keys"]]


SHAPES = {
    "YubiKey by OpenSC": ("SIGN key", ("SIGN pubkey", "02"), ("Certificate for Digital Signature", "02")),
    "YubiKey by ykcs11": ("Private key for Digital Signature", ("Public key for Digital Signature", "02"),
                          ("X.509 Certificate for Digital Signature", "02")),
    "SafeNet": ("te-4d0f1e3a", None, ("jenkins", "02")),
    "halves with other numbers": ("jenkins", ("jenkins", "07"), None),
    "certificate with another number, no public half": ("jenkins", None, ("jenkins", "07")),
    "other name, no certificate": ("jenkins", ("jenkins public", "02"), None),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_listed_signs(shape, world):
    shaped = Shaped(world, *SHAPES[shape])
    gun, admin = world.store.gun(), world.admin()
    admin.init(gun)
    admin.ok("signer", "add", NAME, gun, "--key", shaped.public)
    uris = {*shaped.listed(), *shaped.listed(without=["COUNTERSIGN_PIN"])}
    assert uris
    for number, uri in enumerate(sorted(uris)):
        machine = world.client(env=shaped.token.env, pin=admin.pin)
        outcome = machine.sign(gun, f"{number}.0", world.image(), "--key", uri)
        assert outcome.target(f"{number}.0")["status"] == "signed"
