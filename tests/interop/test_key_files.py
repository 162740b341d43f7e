"""Keys in the forms in which users have them, from openssl, ssh, Windows, Java and certificate authorities: each is
read, or refused with a command that makes a file of it that is. The tests run that command, and then the first one
again."""
import base64
import json
import shutil
import subprocess

import pytest

from support.hints import Hint
from support.identities import NAME
from support.keys import canonical_key_id
from support.process import clean_environment, run
from support.secrets import Secrets

PASSPHRASE = "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"


@pytest.fixture
def store(notary_local):
    return notary_local


class Workshop:
    """A signer's EC and RSA key and the certificates that two authorities have given for them, as openssl makes
    them."""

    def __init__(self, folder, secret):
        self.folder = folder
        self.secret = secret

    def furnish(self):
        for name, kind in (("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("rsa", ["RSA"]), ("other", ["RSA"])):
            self.openssl("genpkey", "-algorithm", *kind, "-out", f"{name}.key")
            self.openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
        for name, issuer in (("root", None), ("intermediate", "root"), ("stranger", None)):
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
            self.certify(name, issuer, "basicConstraints=critical,CA:TRUE")
        for name, issuer in (("ec", "intermediate"), ("rsa", "root"), ("other", "stranger")):
            self.certify(name, issuer, "basicConstraints=CA:FALSE")

    def openssl(self, *args):
        return run(["/usr/bin/openssl", *args], env=clean_environment(self.folder) | {"SECRET": self.secret},
                   cwd=self.folder)

    def certify(self, name, issuer, extension):
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        (self.folder / "extensions").write_text(extension + "\n")
        signed_by = ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer else [
            "-signkey", f"{name}.key"]
        self.openssl("x509", "-req", "-in", f"{name}.csr", *signed_by, "-days", "30", "-extfile", "extensions", "-out",
                     f"{name}.crt")

    def join(self, target, *names, between=b""):
        path = self.folder / target
        path.write_bytes(between.join((self.folder / name).read_bytes() for name in names))
        return path

    def ssh(self, target, kind, passphrase=""):
        run(["/usr/bin/ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "somebody@somewhere", "-f",
             self.folder / target], env=clean_environment(self.folder), cwd=self.folder)
        return self.folder / target


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    workshop = Workshop(tmp_path_factory.mktemp("workshop"), Secrets().new())
    workshop.furnish()
    return workshop


@pytest.fixture
def workshop(furnished, world, secrets):
    """A copy for one test."""
    folder = world.folder("copies") / "work shop"
    shutil.copytree(furnished.folder, folder)
    return Workshop(folder, secrets.add(furnished.secret))


class Administrator:
    def __init__(self, world):
        self.machine = world.admin()
        self.gun = world.store.gun()
        self.machine.init(self.gun)

    def add(self, path, exit_code=0):
        """What signing machines have to say of the file, as the public key of a signer."""
        outcome = self.machine.run("signer", "add", NAME, self.gun, "--key", path)
        assert outcome.exit_code == exit_code, str(outcome)
        return outcome

    def enrolled(self):
        """The keys that may sign releases, by canonical ID."""
        roles = self.machine.ok("delegation", "list", self.gun).repository["delegations"]
        return {key["canonical_id"] for role in roles if role["name"] == "targets/releases" for key in role["keys"]}


@pytest.fixture
def administrator(world):
    return Administrator(world)


def utf16(text, encoding="utf-16"):
    return text.decode().replace("\n", "\r\n").encode(encoding)


def windows(data):
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")


# --- public keys: what is read. Each gives a file and the .pub of the key that it stands for.

READ = {
    "a chain with its authority first": lambda w: (w.join("a.pem", "root.crt", "intermediate.crt", "ec.crt"), "ec.pub"),
    "a chain with its leaf first": lambda w: (w.join("b.pem", "ec.crt", "intermediate.crt", "root.crt"), "ec.pub"),
    "a chain with its leaf in the middle": lambda w: (
        w.join("c.pem", "intermediate.crt", "ec.crt", "root.crt"), "ec.pub"),
    "a chain without its root": lambda w: (w.join("d.pem", "intermediate.crt", "ec.crt"), "ec.pub"),
    "a certificate in DER": lambda w: (w.openssl("x509", "-in", "rsa.crt", "-outform", "DER", "-out", "rsa.der"),
                                       w.folder / "rsa.der")[1:] + ("rsa.pub",),
    "a public key in DER": lambda w: (w.openssl("pkey", "-pubin", "-in", "ec.pub", "-outform", "DER", "-out", "k.der"),
                                      w.folder / "k.der")[1:] + ("ec.pub",),
    "a certificate beside its own public key": lambda w: (w.join("e.pem", "ec.crt", "ec.pub"), "ec.pub"),
    "a certificate as a Windows editor saves it": lambda w: (write(w, "f.pem", windows(read(w, "ec.crt"))), "ec.pub"),
    "a chain of files with a byte order mark each": lambda w: (
        write(w, "g.pem", windows(read(w, "root.crt")) + windows(read(w, "rsa.crt"))), "rsa.pub"),
}


def read(workshop, name):
    return (workshop.folder / name).read_bytes()


def write(workshop, name, data):
    path = workshop.folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("form", READ)
def test_a_public_key_in_this_form_is_read(form, workshop, administrator):
    path, public = READ[form](workshop)
    administrator.add(path)
    assert administrator.enrolled() == {canonical_key_id(workshop.folder / public)}


# --- public keys: what is refused with a command. `answers` is what is typed when it asks.


def pkcs12(w, name, *options):
    w.openssl("pkcs12", "-export", "-in", "ec.crt", "-inkey", "ec.key", "-certfile", "chain.pem", "-passout",
              "env:SECRET", "-out", name, *options)
    return w.folder / name


def follow_in_steps(hint, client, **options):
    """Java reads ahead what is typed for the next program."""
    hint.commands = hint.command.split(" && ")
    return [hint.follow(client, which=which, **options) for which in range(len(hint.commands))][-1]


def escaped(pem: bytes) -> bytes:
    return pem.replace(b"\n", b"\\n")


def jwk(w, half, name):
    script = f"console.log(JSON.stringify(crypto.create{half}Key(fs.readFileSync(process.argv[1])).export({{format: 'jwk'}})))"
    return write(w, f"{half}.jwk", subprocess.run(["node", "-e", script, w.folder / name], capture_output=True, check=True).stdout)


def keystore(w):
    archive, store = pkcs12(w, "java.p12"), w.folder / "java.jks"
    run(["keytool", "-importkeystore", "-noprompt", "-srckeystore", archive, "-srcstorepass:env", "SECRET", "-destkeystore", store,
         "-deststoretype", "JKS", "-deststorepass:env", "SECRET", "-srcalias", "1", "-destkeypass:env", "SECRET"],
        env=clean_environment(w.folder) | {"SECRET": w.secret}, cwd=w.folder)
    return store


def made(w, name, *args):
    w.openssl(*args, "-out", name)
    return w.folder / name


def open_ended(der):
    """The same with the outer length left open, as NSS and Apple write it."""
    assert der[0] == 0x30 and der[1] & 0x80
    return b"\x30\x80" + der[2 + (der[1] & 0x7f):] + b"\0\0"


def joined(pem, by):
    """With `by` for ends of lines and, as the shell does it, for empty lines."""
    return by.join(line for line in pem.split(b"\n") if line)


def labelled(w, name):
    """With the headers of docker and of `key generate`."""
    first, rest = read(w, name).split(b"\n", 1)
    return first + b"\nrole: ci\ngun: registry.example.com:5000/app\n\n" + rest


CONVERTED = {
    "PKCS#12": lambda w: (w.join("chain.pem", "intermediate.crt", "root.crt"), pkcs12(w, "ec.p12"), "ec.pub")[1:],
    "PKCS#12 of an old Windows": lambda w: (w.join("chain.pem", "intermediate.crt"), pkcs12(w, "old.pfx", "-legacy"),
                                            "ec.pub")[1:],
    "PKCS#12 with triple DES": lambda w: (w.join("chain.pem", "root.crt", "intermediate.crt"), pkcs12(
        w, "des.p12", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"), "ec.pub")[1:],
    "p7b in PEM": lambda w: (made(w, "ec.p7b", "crl2pkcs7", "-nocrl", "-certfile", "root.crt", "-certfile",
                                  "intermediate.crt", "-certfile", "ec.crt"), "ec.pub"),
    "p7b in DER": lambda w: (made(w, "ec.p7b", "crl2pkcs7", "-nocrl", "-certfile", "root.crt", "-certfile", "rsa.crt",
                                  "-outform", "DER"), "rsa.pub"),
    "p7b that calls itself a certificate": lambda w: (
        made(w, "x.p7b", "crl2pkcs7", "-nocrl", "-certfile", "rsa.crt"),
        write(w, "p7 b.cer", read(w, "x.p7b").replace(b"PKCS7", b"CERTIFICATE")), "rsa.pub")[1:],
    "PKCS#12 in BER": lambda w: (w.join("chain.pem", "intermediate.crt"), write(w, "ber.p12", open_ended(
        pkcs12(w, "ec.p12").read_bytes())), "ec.pub")[1:],
    "p7b in BER": lambda w: (write(w, "ber.p7b", open_ended(made(
        w, "rsa.p7b", "crl2pkcs7", "-nocrl", "-certfile", "rsa.crt", "-outform", "DER").read_bytes())), "rsa.pub"),
    "PKCS#1 in PEM": lambda w: (made(w, "rsa1.pub", "rsa", "-in", "rsa.key", "-RSAPublicKey_out"), "rsa.pub"),
    "PKCS#1 in DER": lambda w: (made(w, "rsa1.der", "rsa", "-in", "rsa.key", "-RSAPublicKey_out", "-outform", "DER"),
                                "rsa.pub"),
    "a request in PEM": lambda w: (w.folder / "ec.csr", "ec.pub"),
    "a request in DER": lambda w: (made(w, "csr.der", "req", "-in", "rsa.csr", "-outform", "DER"), "rsa.pub"),
    "a request of Microsoft's tools": lambda w: (
        write(w, "new.req", read(w, "rsa.csr").replace(b"CERTIFICATE REQ", b"NEW CERTIFICATE REQ")), "rsa.pub"),
    "OpenSSL's trusted certificate": lambda w: (made(w, "t.crt", "x509", "-in", "rsa.crt", "-trustout"), "rsa.pub"),
    "a private key in PKCS#8": lambda w: (w.folder / "ec.key", "ec.pub"),
    "a private key in SEC 1": lambda w: (made(w, "sec1.key", "pkey", "-in", "ec.key", "-traditional"), "ec.pub"),
    "a private key in DER": lambda w: (made(w, "p8.der", "pkey", "-in", "rsa.key", "-outform", "DER"), "rsa.pub"),
    "a private key beside its certificate": lambda w: (w.join("both.pem", "ec.crt", "ec.key"), "ec.pub"),
    "a private key that is encrypted": lambda w: (
        made(w, "e.key", "pkcs8", "-topk8", "-in", "ec.key", "-passout", "env:SECRET"), "ec.pub"),
    "several public keys": lambda w: (w.join("two.pub", "ec.pub", "rsa.pub"), "ec.pub"),
    "several public keys, in a file of an odd name": lambda w: (w.join("a\\tb=\\c's.pub", "ec.pub", "rsa.pub"), "ec.pub"),
    "several signers' certificates": lambda w: (w.join("two certificates.pem", "ec.crt", "rsa.crt"), "ec.pub"),
    "a chain with a stranger": lambda w: (w.join("mixed.pem", "ec.crt", "stranger.crt"), "ec.pub"),
    "a chain with a stranger, and remarks": lambda w: (
        write(w, "mixed.pem", b"Bag Attributes\n" + read(w, "stranger.crt") + b"subject=x\n" + read(w, "rsa.crt")),
        "rsa.pub"),
    "the certificate that `openssl req -x509` makes": lambda w: (
        made(w, "self.crt", "req", "-x509", "-key", "ec.key", "-subj", "/CN=self"), "ec.pub"),
    "UTF-16 as PowerShell writes it": lambda w: (write(w, "ps.pub", utf16(read(w, "ec.pub"))), "ec.pub"),
    "UTF-16 without a mark": lambda w: (write(w, "le.crt", utf16(read(w, "ec.crt"), "utf-16-le")), "ec.pub"),
    "UTF-16 in big endian": lambda w: (
        write(w, "be.crt", b"\xfe\xff" + utf16(read(w, "rsa.crt"), "utf-16-be")), "rsa.pub"),
    "with \\n for ends of lines": lambda w: (write(w, "v.pub", escaped(read(w, "ec.pub"))), "ec.pub"),
    "with blanks for ends of lines": lambda w: (write(w, "v.crt", read(w, "ec.crt").replace(b"\n", b" ")), "ec.pub"),
    "of key generate, with blanks for ends of lines": lambda w: (write(w, "one.pub", joined(labelled(w, "ec.pub"), b" ")), "ec.pub"),
    "of key generate, with carriage returns": lambda w: (write(w, "one.pub", labelled(w, "ec.pub").replace(b"\n", b"\r")), "ec.pub"),
    "base64 of PEM": lambda w: (write(w, "b64.pub", base64.encodebytes(read(w, "rsa.pub"))), "rsa.pub"),
    "DER in base64": lambda w: (write(w, "body", b"".join(read(w, "ec.pub").splitlines()[1:-1])), "ec.pub"),
    "JWK": lambda w: (jwk(w, "Public", "ec.pub"), "ec.pub"),
    "with parameters spelt out": lambda w: (made(w, "e.pem", "ec", "-in", "ec.key", "-pubout", "-param_enc", "explicit"), "ec.pub"),
    "with parameters spelt out, in DER": lambda w: (
        made(w, "e.der", "ec", "-in", "ec.key", "-pubout", "-param_enc", "explicit", "-outform", "DER"), "ec.pub"),
    "a certificate with parameters spelt out": lambda w: (
        made(w, "explicit.key", "ec", "-in", "ec.key", "-param_enc", "explicit"),
        made(w, "x.crt", "req", "-x509", "-key", "explicit.key", "-subj", "/CN=x", "-addext",
             "basicConstraints=critical,CA:FALSE"), "ec.pub")[1:],
    "JKS": lambda w: (w.join("chain.pem", "root.crt"), keystore(w), "ec.pub")[1:],
}


HINTS = {  # the rows that they show
    "with \\n for ends of lines": "public-key-with-escapes",
    "with blanks for ends of lines": "public-key-on-one-line",
    "of key generate, with blanks for ends of lines": "public-key-with-headers-on-one-line",
    "of key generate, with carriage returns": "public-key-with-headers-on-one-line",
    "base64 of PEM": "public-key-in-base64",
    "DER in base64": "public-key-in-base64",
    "JWK": "public-key-in-jwk",
    "with parameters spelt out": "public-curve-spelt-out",
    "with parameters spelt out, in DER": "public-curve-spelt-out",
    "a certificate with parameters spelt out": "certificate-curve-spelt-out",
    "JKS": "public-key-in-keystore",
    "PKCS#12": "public-key-in-pkcs12",
    "PKCS#12 of an old Windows": "public-key-in-old-pkcs12",
    "PKCS#12 with triple DES": "public-key-in-pkcs12",
    "p7b in PEM": "certificates-in-pkcs7",
    "p7b in DER": "certificates-in-pkcs7-der",
    "p7b that calls itself a certificate": "certificates-in-disguised-pkcs7",
    "PKCS#12 in BER": "public-key-in-pkcs12",
    "p7b in BER": "certificates-in-pkcs7-der",
    "PKCS#1 in PEM": "public-key-in-pkcs1",
    "PKCS#1 in DER": "public-key-in-pkcs1-der",
    "a request in PEM": "public-key-in-request",
    "a request in DER": "public-key-in-request-der",
    "a request of Microsoft's tools": "public-key-in-request",
    "OpenSSL's trusted certificate": "certificate-of-openssls-own-form",
    "several public keys": "several-public-keys",
    "several public keys, in a file of an odd name": "several-public-keys",
    "several signers' certificates": "several-public-keys",
    "a chain with a stranger": "authority-beside-the-chain",
    "a chain with a stranger, and remarks": "authority-beside-the-chain",
    "the certificate that `openssl req -x509` makes": "certificate-of-an-authority",
    "UTF-16 as PowerShell writes it": "public-key-in-utf16",
    "UTF-16 without a mark": "public-key-in-utf16",
    "UTF-16 in big endian": "public-key-in-utf16",
} | {form: "private-key-for-a-public-one" for form in CONVERTED if form.startswith("a private key")}


@pytest.mark.parametrize("form", CONVERTED)
def test_the_hint_converts_a_public_key_in_this_form(form, workshop, administrator):
    path, public = CONVERTED[form](workshop)
    path.chmod(0o600)
    refusal = administrator.add(path, exit_code=10)
    assert administrator.enrolled() == set()
    converted = follow_in_steps(Hint.of(refusal, HINTS[form]), administrator.machine, answers=[workshop.secret] * 3,
                                env={PASSPHRASE: workshop.secret})
    administrator.add(converted)
    assert administrator.enrolled() == {canonical_key_id(workshop.folder / public)}


SSH = {
    "one line": lambda w, kind: w.ssh("id", kind).with_suffix(".pub"),
    "SSH2": lambda w, kind: write(w, "ssh2.pub", subprocess.run(
        ["ssh-keygen", "-e", "-f", w.ssh("id", kind)], capture_output=True, check=True).stdout),
    "the private key": lambda w, kind: w.ssh("id", kind),
    "the encrypted private key": lambda w, kind: w.ssh("id", kind, w.secret),
}


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("form", SSH)
def test_the_hint_converts_a_key_of_ssh(form, kind, workshop, administrator):
    path = SSH[form](workshop, kind)
    hint = Hint.of(administrator.add(path, exit_code=10), "public-key-of-ssh2" if form == "SSH2" else "public-key-of-ssh")
    administrator.add(hint.follow(administrator.machine))
    expected = run(["/usr/bin/ssh-keygen", "-e", "-m", "PKCS8", "-f", workshop.folder / "id"],
                   env=clean_environment(workshop.folder), cwd=workshop.folder).stdout
    assert administrator.enrolled() == {canonical_key_id(write(workshop, "expected", expected.encode()))}


def test_of_several_keys_of_ssh_one_is_taken_out_by_the_hint(workshop, administrator):
    first, second = (workshop.ssh(name, "ecdsa").with_suffix(".pub") for name in ("a", "b"))
    path = write(workshop, "authorized_keys", b"# ours\n\n" + first.read_bytes() + second.read_bytes())
    for row in ("several-keys-of-ssh", "public-key-of-ssh"):
        path = Hint.of(administrator.add(path, exit_code=10), row).follow(administrator.machine)
    administrator.add(path)
    expected = run(["/usr/bin/ssh-keygen", "-e", "-m", "PKCS8", "-f", first], env=clean_environment(workshop.folder),
                   cwd=workshop.folder).stdout
    assert administrator.enrolled() == {canonical_key_id(write(workshop, "expected", expected.encode()))}


@pytest.mark.parametrize("form", SSH)
def test_a_key_of_ssh_that_notary_cannot_use_is_refused_with_the_way_to_another(form, workshop, administrator):
    outcome = administrator.add(SSH[form](workshop, "ed25519"), exit_code=10)
    assert outcome.error[0] == "KEY_UNSUPPORTED"
    machine = administrator.machine
    Hint.of(outcome, "key-unsupported").follow(machine, filled={"NAME": NAME})
    administrator.add(machine.work / f"{NAME}.pub")
    assert administrator.enrolled() == {canonical_key_id(machine.work / f"{NAME}.pub")}


USELESS = {
    "secp256k1": ["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    "RSA-1024": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "RSA-PSS": ["RSA-PSS"],
    "Ed25519": ["ED25519"],
    "Ed448": ["ED448"],
    "X25519": ["X25519"],
}


@pytest.mark.parametrize("half", ["public", "private", "private in DER"])
@pytest.mark.parametrize("kind", USELESS)
def test_a_key_that_notary_cannot_use_is_refused_with_the_way_to_another(kind, half, workshop, administrator):
    path = made(workshop, "useless", "genpkey", "-algorithm", *USELESS[kind])
    if half != "private":
        path = made(workshop, "other", "pkey", "-in", path, *(["-pubout"] if half == "public" else ["-outform", "DER"]))
    machine = administrator.machine
    Hint.of(administrator.add(path, exit_code=10), "key-unsupported").follow(machine, filled={"NAME": NAME})
    administrator.add(machine.work / f"{NAME}.pub")
    assert administrator.enrolled() == {canonical_key_id(machine.work / f"{NAME}.pub")}


def test_a_private_key_that_spells_its_curve_out_is_converted_before_its_public_half_is_taken(workshop, administrator):
    path = made(workshop, "explicit.key", "ec", "-in", "ec.key", "-param_enc", "explicit")
    path.chmod(0o600)
    converted = Hint.of(administrator.add(path, exit_code=10), "curve-spelt-out").follow(administrator.machine)
    public = Hint.of(administrator.add(converted, exit_code=10), "private-key-for-a-public-one").follow(administrator.machine)
    administrator.add(public)
    assert administrator.enrolled() == {canonical_key_id(workshop.folder / "ec.pub")}


@pytest.mark.parametrize("command", ["sign", "doctor"])
def test_whoever_signs_with_an_ed25519_key_is_not_sent_to_an_administrator(command, workshop, world, administrator):
    administrator.add(workshop.folder / "ec.pub")
    path = made(workshop, "ed25519.pem", "genpkey", "-algorithm", "ED25519")
    path.chmod(0o600)
    machine = world.client(env={PASSPHRASE: workshop.secret}, pin=administrator.machine.pin)
    def words(key):
        return ["sign", f"{administrator.gun}:1.0", "--oci-layout", world.image().layout, "--key", key] if command == "sign" else [
            "doctor", administrator.gun, "--signing-key", key]
    outcome = machine.refused(10, *words(path))
    assert "cannot sign for a delegation" in outcome.error[1]
    Hint.of(outcome, "key-unsupported").follow(machine, filled={"NAME": NAME})
    administrator.machine.ok("signer", "rotate", NAME, administrator.gun, "--add", machine.work / f"{NAME}.pub")
    (key,) = machine.ok("key", "list").document["keys"]
    machine.ok(*words(key["canonical_id"]))


HOPELESS = {
    "an empty file": (b"", "KEY_MALFORMED", "is empty"),
    "a file of blank lines": (b"\r\n \n", "KEY_MALFORMED", "is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "KEY_MALFORMED", "is empty"),
    "a letter": (b"Dear administrator,\nattached is my key.\n", "KEY_MALFORMED",
                 "neither a certificate nor a public key"),
    "headers that end nowhere": (b"-----BEGIN PUBLIC KEY-----role: ciMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE-----END PUBLIC KEY-----",
                                 "KEY_MALFORMED", "where its headers end"),
    "headers of several words on one line": (
        b"-----BEGIN PUBLIC KEY----- role: ci of ours MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE -----END PUBLIC KEY-----",
        "KEY_MALFORMED", "where its headers end"),
    "a cut certificate": (b"-----BEGIN CERTIFICATE-----\nMIIB", "KEY_MALFORMED", "damaged"),
    "a key of PGP": (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
                     "KEY_MALFORMED", "not known"),
}


@pytest.mark.parametrize("form", HOPELESS)
def test_what_holds_no_public_key_is_refused_by_name(form, workshop, administrator):
    content, name, message = HOPELESS[form]
    path = write(workshop, "file.pub", content)
    outcome = administrator.add(path, exit_code=10)
    assert outcome.error[0] == name and str(path) in outcome.error[1] and message in outcome.error[1]
    assert administrator.enrolled() == set()
    (workshop.folder / "ec.key").chmod(0o600)
    Hint.of(outcome, "no-public-key-in-file").follow(
        administrator.machine, filled={"KEY": workshop.folder / "ec.key", "NEW.pub": "new.pub"})
    administrator.add(administrator.machine.work / "new.pub")
    assert administrator.enrolled() == {canonical_key_id(workshop.folder / "ec.pub")}


def test_authorities_alone_are_never_enrolled(workshop, administrator):
    for path, row in ((workshop.join("bundle.pem", "root.crt", "intermediate.crt"), "certificates-of-authorities"),
                      (workshop.folder / "root.crt", "certificate-of-an-authority")):
        outcome = administrator.add(path, exit_code=10)
        assert outcome.error[0] == "KEY_UNSUPPORTED" and "authorit" in outcome.error[1]
        Hint.of(outcome, row)
    assert administrator.enrolled() == set()
    administrator.add(workshop.folder / "ec.crt")  # which they have signed


def test_every_command_that_takes_public_keys_reads_them_alike(workshop, administrator, world):
    chain = workshop.join("chain.pem", "root.crt", "rsa.crt")
    (workshop.folder / "rsa.key").chmod(0o600)
    expected = {canonical_key_id(workshop.folder / "rsa.pub")}
    machine, gun = administrator.machine, administrator.gun
    machine.ok("delegation", "add", gun, "targets/releases", "--key", chain)
    assert administrator.enrolled() == expected
    administrator.add(workshop.folder / "ec.pub")
    machine.ok("signer", "rotate", NAME, gun, "--add", chain, "--remove", canonical_key_id(workshop.folder / "ec.pub"))
    assert administrator.enrolled() == expected
    for command in (["delegation", "add", gun, "targets/releases", "--key"], ["signer", "rotate", NAME, gun, "--add"]):
        outcome = machine.refused(10, *command, workshop.folder / "root.crt")
        assert "authorit" in outcome.error[1] and "openssl x509" in outcome.document["error"]["hint"]
    receipt = workshop.folder / "receipt.json"
    machine.sign(gun, "1.0", world.image(), "--role", "targets/releases", "--key", workshop.folder / "rsa.key",
                 "--receipt", receipt)
    machine.ok("receipt", "verify", receipt, "--key", chain)
    outcome = machine.refused(10, "receipt", "verify", receipt, "--key", workshop.folder / "root.crt")
    assert "authorit" in outcome.error[1]
    policy = write(workshop, "policy.json", b'{"version": 1, "users": {"jenkins": {"keys": ["root.crt"]}},'
                   b' "rules": [{"images": ["*"], "signatures": {"of": ["jenkins"]}}]}')
    outcome = machine.refused(3, "verify", f"{gun}:1.0", "--policy", policy)
    assert "authorit" in outcome.error[1] and str(workshop.folder / "root.crt") in outcome.document["error"]["hint"]


# --- public keys that a policy names, by their paths from its folder, or holds


class PolicyOf:
    """A policy in a folder of the user's, and a key for it."""

    def __init__(self, machine, gun):
        self.machine, self.gun = machine, gun
        self.file = machine.work / "pol icy" / "p.json"
        (self.file.parent / "keys").mkdir(parents=True)

    def write(self, *keys):
        self.file.write_text(json.dumps({"version": 1, "users": {"jenkins": {"keys": list(keys)}}, "rules": [
            {"images": ["registry.example.com/**"]}]}, indent=1))

    def refused(self):
        outcome = self.machine.refused(3, "verify", f"{self.gun}:1.0", "--policy", "pol icy/p.json")
        assert outcome.error[0] == "POLICY_MALFORMED"
        return outcome

    def is_read(self):
        assert self.machine.run("verify", f"{self.gun}:1.0", "--policy", "pol icy/p.json").error[0] != "POLICY_MALFORMED"


@pytest.fixture
def policy(administrator):
    return PolicyOf(administrator.machine, administrator.gun)


@pytest.mark.parametrize("form", CONVERTED)
def test_the_hint_converts_a_public_key_of_a_policy_and_says_what_to_write_there(form, workshop, policy):
    path, _ = CONVERTED[form](workshop)
    shutil.copy(path, policy.file.parent / "keys" / path.name)
    (policy.file.parent / "keys" / path.name).chmod(0o600)
    policy.write(f"keys/{path.name}")
    hint = Hint.of(policy.refused(), HINTS[form])
    follow_in_steps(hint, policy.machine, answers=[workshop.secret] * 3, env={PASSPHRASE: workshop.secret})
    name = hint.values.get("mention", hint.values["then"])
    (line,) = [number for number, text in enumerate(policy.file.read_text().splitlines(), 1) if "keys/" in text]
    assert name.startswith("keys/") and hint.values["place"] == f"line {line} of pol icy/p.json"
    policy.write(name)
    policy.is_read()


INLINE = {
    "on one line": lambda w: (read(w, "ec.pub").replace(b"\n", b" "), "without ends of lines"),
    "two": lambda w: (read(w, "ec.pub") + read(w, "rsa.pub"), "several public keys"),
    "an authority": lambda w: (read(w, "root.crt"), "an authority"),
    "a request": lambda w: (read(w, "ec.csr"), "a certificate request"),
}


@pytest.mark.parametrize("form", INLINE)
def test_a_key_in_a_policy_that_is_not_read_is_called_what_it_is(form, workshop, policy):
    content, message = INLINE[form](workshop)
    policy.write(content.decode())
    outcome = policy.refused()
    assert message in outcome.error[1]
    Hint.of(outcome, "policy-key-inline")
    # As it says, once as text with its lines and once as a file.
    policy.write(read(workshop, "ec.pub").decode())
    policy.is_read()
    shutil.copy(workshop.folder / "ec.pub", policy.file.parent / "keys")
    policy.write("keys/ec.pub")
    policy.is_read()


@pytest.mark.parametrize("by", [b"\n", b" "])
def test_a_private_key_in_a_policy_is_to_be_taken_out(by, workshop, policy):
    policy.write(joined(read(workshop, "ec.key"), by).decode())
    outcome = policy.refused()
    (workshop.folder / "ec.key").chmod(0o600)
    Hint.of(outcome, "policy-private-key-inline").follow(
        policy.machine, filled={"KEY": workshop.folder / "ec.key", "NAME.pub": policy.file.parent / "ec.pub"})
    policy.write("ec.pub")
    policy.is_read()


@pytest.mark.parametrize("inline", [False, True])
def test_a_key_in_a_policy_that_cannot_sign_is_replaced(inline, workshop, policy):
    made(workshop, "ed25519.pem", "genpkey", "-algorithm", "ED25519")
    path = made(workshop, "ed25519.pub", "pkey", "-in", "ed25519.pem", "-pubout")
    shutil.copy(path, policy.file.parent / "keys")
    policy.write(path.read_text() if inline else "keys/ed25519.pub")
    Hint.of(policy.refused(), "key-unsupported").follow(policy.machine, filled={"NAME": "other"}, env={PASSPHRASE: workshop.secret})
    policy.write("../other.pub")
    policy.is_read()


# --- private keys


def encrypted(w, name, *how):
    return made(w, name, "pkcs8", "-topk8", "-in", "ec.key", "-passout", "env:SECRET", *how)


def traditional(w, name, cipher):
    return made(w, name, "ec", "-provider", "legacy", "-provider", "default", "-in", "ec.key", cipher, "-passout",
                "env:SECRET")


LEGACY = ("-provider", "legacy", "-provider", "default", "-v1")

PRIVATE_READ = {
    "PKCS#8 in DER": lambda w: made(w, "k.der", "pkey", "-in", "ec.key", "-outform", "DER"),
    "SEC 1 in DER": lambda w: made(w, "k.der", "ec", "-in", "ec.key", "-outform", "DER"),
    "encrypted in DER": lambda w: encrypted(w, "k.der", "-outform", "DER"),
    "with a byte order mark": lambda w: write(w, "k.pem", windows(read(w, "ec.key"))),
    "behind the attributes of PKCS#12": lambda w: write(
        w, "k.pem", b"Bag Attributes: <No Attributes>\n" + read(w, "ec.key")),
    "between certificates": lambda w: w.join("k.pem", "root.crt", "ec.key", "ec.crt"),
    "encrypted with triple DES": lambda w: encrypted(w, "k.pem", "-v1", "PBE-SHA1-3DES"),
    "of the old form, with AES": lambda w: traditional(w, "k.pem", "-aes128"),
}

PRIVATE_CONVERTED = {
    "encrypted with PBE-MD5-DES": lambda w: encrypted(w, "k.pem", *LEGACY, "PBE-MD5-DES"),
    "encrypted with PBE-SHA1-RC2-40": lambda w: encrypted(w, "k ey.pem", *LEGACY, "PBE-SHA1-RC2-40"),
    "encrypted with PBE-SHA1-RC4-128": lambda w: encrypted(w, "k.pem", *LEGACY, "PBE-SHA1-RC4-128"),
    "encrypted with PBE-MD5-DES in DER": lambda w: encrypted(w, "k.der", *LEGACY, "PBE-MD5-DES", "-outform", "DER"),
    "of the old form, with single DES": lambda w: traditional(w, "k.pem", "-des"),
    "of the old form, with Camellia's elder": lambda w: traditional(w, "k.pem", "-seed"),
    "with more iterations than fit": lambda w: encrypted(w, "k.pem", "-iter", "2000001"),
    "PKCS#12": lambda w: (w.join("chain.pem", "root.crt"), pkcs12(w, "k.p12"))[1],
    "PKCS#12 of an old Windows": lambda w: (w.join("chain.pem", "root.crt"), pkcs12(w, "k.pfx", "-legacy"))[1],
    "UTF-16": lambda w: write(w, "k.pem", utf16(read(w, "ec.key"))),
    "UTF-16 without a mark": lambda w: write(w, "k.pem", utf16(read(w, "ec.key"), "utf-16-le")),
    "with \\n for ends of lines": lambda w: write(w, "k.pem", escaped(read(w, "ec.key"))),
    "with blanks for ends of lines": lambda w: write(w, "k.pem", read(w, "ec.key").replace(b"\n", b" ")),
    "without ends of lines": lambda w: write(w, "k.pem", read(w, "ec.key").replace(b"\n", b"")),
    "encrypted, with blanks for ends of lines": lambda w: write(w, "k.pem", made(
        w, "e.key", "pkcs8", "-topk8", "-in", "ec.key", "-passout", "env:SECRET").read_bytes().replace(b"\n", b" ")),
    "of key generate, with blanks for ends of lines": lambda w: write(w, "k.pem", joined(labelled(w, "ec.key"), b" ")),
    "of key generate, with carriage returns": lambda w: write(w, "k.pem", labelled(w, "ec.key").replace(b"\n", b"\r")),
    "of the old form, with blanks for ends of lines": lambda w: write(w, "k.pem", joined(
        traditional(w, "e.key", "-aes128").read_bytes(), b" ")),
    "of the old form, without ends of lines": lambda w: write(w, "k.pem", joined(
        traditional(w, "e.key", "-aes256").read_bytes(), b"")),
    "of the old form, with triple DES, without ends of lines": lambda w: write(w, "k.pem", joined(
        traditional(w, "e.key", "-des3").read_bytes(), b"")),
    "base64 of PEM": lambda w: write(w, "k.b64", base64.b64encode(read(w, "ec.key"))),
    "DER in base64": lambda w: write(w, "k.b64", b"".join(read(w, "ec.key").splitlines()[1:-1])),
    "JWK": lambda w: jwk(w, "Private", "ec.key"),
    "JKS": lambda w: (w.join("chain.pem", "root.crt"), keystore(w))[1],
    "with parameters spelt out": lambda w: made(w, "k.pem", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
                                                "-param_enc", "explicit"),
}


PRIVATE_HINTS = {
    "PKCS#12": "private-key-in-pkcs12",
    "PKCS#12 of an old Windows": "private-key-in-old-pkcs12",
    "UTF-16": "private-key-in-utf16",
    "UTF-16 without a mark": "private-key-in-utf16",
    "with parameters spelt out": "curve-spelt-out",
    "with \\n for ends of lines": "private-key-with-escapes",
    "with blanks for ends of lines": "private-key-on-one-line",
    "without ends of lines": "private-key-on-one-line",
    "encrypted, with blanks for ends of lines": "private-key-on-one-line",
    "of key generate, with blanks for ends of lines": "private-key-with-headers-on-one-line",
    "of key generate, with carriage returns": "private-key-with-headers-on-one-line",
    "of the old form, with blanks for ends of lines": "private-key-with-headers-on-one-line",
    "of the old form, without ends of lines": "private-key-with-headers-on-one-line",
    "of the old form, with triple DES, without ends of lines": "private-key-with-headers-on-one-line",
    "base64 of PEM": "private-key-in-base64",
    "DER in base64": "private-key-in-base64",
    "JWK": "private-key-in-jwk",
    "JKS": "private-key-in-keystore",
}


@pytest.fixture
def signer(world, workshop):
    """Imports what it gets; the passphrase is that of every encrypted file."""
    return world.client(env={PASSPHRASE: workshop.secret})


def imported(outcome):
    return [key["canonical_id"] for key in outcome.document["keys"]]


@pytest.mark.parametrize("form", PRIVATE_READ)
def test_a_private_key_in_this_form_is_read(form, workshop, signer):
    path = PRIVATE_READ[form](workshop)
    path.chmod(0o600)
    assert imported(signer.ok("key", "import", path)) == [canonical_key_id(workshop.folder / "ec.pub")]


@pytest.mark.parametrize("form", PRIVATE_CONVERTED)
def test_the_hint_converts_a_private_key_in_this_form(form, workshop, signer):
    path = PRIVATE_CONVERTED[form](workshop)
    path.chmod(0o600)
    hint = Hint.of(signer.refused(10, "key", "import", path),
                   PRIVATE_HINTS.get(form, "private-key-encrypted-otherwise"))
    # Asked for are the passphrase that the file has and, twice, that of the new file.
    converted = follow_in_steps(hint, signer, answers=[workshop.secret] * 3)
    (key_id,) = imported(signer.ok("key", "import", converted))
    assert key_id == canonical_key_id(workshop.folder / "ec.pub") or "spelt out" in form
    if "ends of lines" in form and "of the old form" in form:  # openssl wants an empty line behind headers
        workshop.openssl("pkey", "-in", signer.work / converted, "-passin", "env:SECRET", "-noout")
    # What was encrypted stays so, and nobody else can read what comes out.
    assert (signer.work / converted).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("passphrase", [False, True])
def test_the_hint_converts_a_private_key_of_ssh(kind, passphrase, workshop, signer):
    path = workshop.ssh("id", kind, workshop.secret if passphrase else "")
    hint = Hint.of(signer.refused(10, "key", "import", path), "private-key-of-ssh")
    converted = hint.follow(signer, answers=[workshop.secret] * 3)
    before = path.read_bytes()
    (key_id,) = imported(signer.ok("key", "import", converted))
    public = run(["/usr/bin/ssh-keygen", "-e", "-m", "PKCS8", "-f", path], env=clean_environment(workshop.folder),
                 cwd=workshop.folder).stdout
    assert key_id == canonical_key_id(write(workshop, "expected", public.encode())) and path.read_bytes() == before


@pytest.mark.parametrize("by", [b" ", b"\r"])
def test_a_key_on_one_line_keeps_what_its_headers_say(by, workshop, signer):
    path = write(workshop, "k.pem", joined(labelled(workshop, "ec.key").replace(b"role: ci", b"role: targets"), by))
    path.chmod(0o600)
    converted = Hint.of(signer.refused(10, "key", "import", path), "private-key-with-headers-on-one-line").follow(signer)
    (key,) = signer.ok("key", "import", converted).document["keys"]
    assert (key["label"], key["gun"]) == ("targets", "registry.example.com:5000/app")


def test_a_private_key_without_an_end_of_its_headers_is_copied_anew(workshop, signer):
    path = write(workshop, "k.pem", joined(labelled(workshop, "ec.key"), b""))
    path.chmod(0o600)
    outcome = signer.refused(10, "key", "import", path)
    assert outcome.error[0] == "KEY_MALFORMED" and "where its headers end" in outcome.error[1]
    Hint.of(outcome, "file-damaged")
    path.write_bytes(labelled(workshop, "ec.key"))
    signer.ok("key", "import", path)


def test_the_public_half_is_not_taken_for_the_private_one(workshop, signer):
    p7b = made(workshop, "ec.p7b", "crl2pkcs7", "-nocrl", "-certfile", "ec.crt")
    for name in ("ec.pub", "ec.crt", "ec.csr", p7b.name):
        outcome = signer.refused(10, "key", "import", workshop.folder / name)
        assert outcome.error[0] == "KEY_UNSUPPORTED"
        hint = Hint.of(outcome, "public-key-for-a-private-one")
    signer.ok("key", "import", workshop.folder / "ec.key")
    hint.follow(signer)
    assert canonical_key_id(workshop.folder / "ec.pub") in hint.shown


def test_signing_names_the_same_command_as_importing(workshop, world, administrator):
    administrator.add(workshop.folder / "ec.pub")
    path = encrypted(workshop, "k.pem", *LEGACY, "PBE-MD5-DES")
    path.chmod(0o600)
    machine = world.client(env={PASSPHRASE: workshop.secret}, pin=administrator.machine.pin)
    image = world.image()
    sign = ["sign", f"{administrator.gun}:1.0", "--oci-layout", image.layout, "--key"]
    converted = Hint.of(machine.refused(10, *sign, path)).follow(machine, answers=[workshop.secret] * 3)
    machine.ok(*sign, converted)
