"""Hints about settings: options, variables, the configuration file, docker's folder of certificates."""
import base64
import json
import subprocess
from pathlib import Path

import pytest

from hints.causes import Cause, add, check, follow, in_turn, without_last
from support.ailing import bad_config, no_certificates, open_to_others, trust_dir
from support.hints import on_terminal


def write_config(text):
    """Into the file that `bad_config` named."""
    def mend(patient, hint):
        Path(patient.args[-1]).write_text(text if isinstance(text, str) else json.dumps(text(patient)))
    return mend


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


def in_other_form(**commands):
    """A client certificate as other programs keep it: "certificate" and "key" of it as openssl writes them."""
    def make(clinic):
        patient = clinic.patient()
        certificate, key = clinic.authority.issue("other-form")
        files = {"certificate": certificate, "key": key}
        for name, command in commands.items():
            files[name] = patient.client.work / f"client.{name}"
            subprocess.run(["openssl", *command.format(certificate=certificate, key=key).split(), "-out", files[name]], check=True)
            files[name].chmod(0o600)
        patient.args += ["--tlscert", str(files["certificate"]), "--tlskey", str(files["key"])]
        return patient
    return make


def name_converted(**options):
    def mend(patient, hint):
        then = hint.follow(patient.client, **options)
        patient.args = [then if arg == hint.values["file"] else arg for arg in patient.args]
        is_public = hint.values["file"].endswith(("certificate", "authorities"))
        assert is_public or (patient.client.work / then).stat().st_mode & 0o077 == 0
    return mend


ENCRYPTED = "pkey -in {key} -aes256 -passout pass:of-the-key"


def encrypted_key_of_docker(clinic):
    made = in_other_form(key=ENCRYPTED)(clinic)
    for path, name in zip(made.args[-3::2], ("mine.cert", "mine.key")):
        (docker_tls(made) / name).write_bytes(Path(path).read_bytes())
    made.certificate = docker_tls(made) / "mine.cert"
    del made.args[-4:]
    return made


def name_copy(patient, hint):
    then = hint.follow(patient.client, answers=["of-the-key"])
    patient.args += ["--tlscert", patient.certificate, "--tlskey", then]


def rewritten(which, change):
    """The client certificate or its key, as something else has changed the text of the file."""
    def make(clinic):
        patient = in_other_form()(clinic)
        place = {"certificate": -3, "key": -1}[which]
        path = patient.client.work / f"changed.{which}"
        path.write_bytes(change(Path(patient.args[place]).read_bytes()))
        path.chmod(0o600)
        patient.args[place] = str(path)
        return patient
    return make


def on_one_line(pem):
    return pem.replace(b"\n", b" ")


def in_pkcs7(*options):
    return "crl2pkcs7 -nocrl -certfile {certificate} " + " ".join(options)


def disguised_bundle(pem):
    bundle = subprocess.run(["openssl", *in_pkcs7().format(certificate="/dev/stdin").split()], input=pem, check=True,
                            stdout=subprocess.PIPE).stdout
    return bundle.replace(b"PKCS7", b"CERTIFICATE")


def swapped(clinic):
    patient = in_other_form()(clinic)
    patient.args[-3], patient.args[-1] = patient.args[-1], patient.args[-3]
    return patient


def name_as_it_says(patient, hint):
    assert hint.values["certificate"].endswith(".crt")
    patient.args[-3], patient.args[-1] = hint.values["certificate"], hint.values["key"]


def key_of_another(clinic):
    patient = in_other_form()(clinic)
    patient.own = patient.args[-1]
    patient.args[-1] = str(clinic.authority.issue("another")[1])
    return patient


def find_own_key(patient, hint):
    def shown(which):
        hint.follow(patient.client, which=which)
        return hint.shown
    assert shown(0) != (own := shown(1))
    patient.args[-1] = patient.own
    hint.commands[0] = f"openssl pkey -in {patient.own} -pubout"
    assert shown(0) == own


def authorities(change=None, *command):
    """--tlscacert with the authority's certificate in another form."""
    def make(clinic):
        patient = clinic.patient(ca=False)
        path = patient.client.work / "authorities"
        if command:
            subprocess.run(["openssl", *command, "-out", path], input=clinic.authority.ca.read_bytes(), check=True)
        path.write_bytes((change or bytes)((path if command else clinic.authority.ca).read_bytes()))
        patient.args += ["--tlscacert", str(path)]
        return patient
    return make


def archive_of_both(clinic):
    archive = "pkcs12 -export -in {certificate} -inkey {key} -passout pass:"
    patient = in_other_form(certificate=archive)(clinic)
    patient.args[-1] = patient.args[-3]
    return patient


def configured_by_powershell(clinic):
    patient = bad_config(clinic)
    Path(patient.args[-1]).write_bytes("{}\r\n".encode("utf-16"))
    return patient


def logged_in_by_powershell(clinic):
    """`$config | Out-File config.json`: the login that it holds is read by nobody else afterwards either."""
    patient = clinic.guarded({})
    auth = clinic.auth("ci")["NOTARY_AUTH"]
    config = patient.client.home / ".docker" / "config.json"
    config.parent.mkdir(exist_ok=True)
    host = patient.client.store.option.removeprefix("https://")
    config.write_bytes(json.dumps({"auths": {host: {"auth": auth}}}).encode("utf-16"))
    patient.config = config
    return patient


def follow_privately(patient, hint):
    follow(patient, hint)
    assert patient.config.stat().st_mode & 0o077 == 0


def pins_of(clinic, *others):
    """What repo pin prints: of several repositories with their names."""
    healthy = clinic.repository()
    return [f"{healthy.gun}={healthy.admin.pin}", *(f"{gun}={'ab' * 32}" for gun in others)] if others else [healthy.admin.pin]


def pinned_in_a_file(clinic, *others):
    """`countersign repo pin REPO… > "the pin"`, and its name where the pin should stand."""
    patient = clinic.patient(pin="the pin")
    (patient.client.work / "the pin").write_text("".join(f"{pin}\n" for pin in pins_of(clinic, *others)))
    return patient


def content(patient, hint):
    """What `"$(cat …)"` becomes."""
    return (patient.client.work / hint.values["file"]).read_text().rstrip("\n")


def in_variable(patient, hint):
    patient.client.pin = None
    patient.client.env["COUNTERSIGN_TRUST_ROOT"] = content(patient, hint)


def each_of_its_own(patient, hint):
    first, *others = patient.client.pin.split("\n")
    patient.client.pin = first
    for pin in others:
        patient.args += ["--trust-root", pin]


CAUSES = [
    Cause("configuration-utf16", configured_by_powershell, follow),
    Cause("configuration-utf16", logged_in_by_powershell, follow_privately, about="of docker"),
    Cause("setting-wrong", lambda c: bad_config(c, '{"remote_server": 1}'), write_config("{}")),
    Cause("configuration-not-json", lambda c: bad_config(c, "{"), write_config("{}")),
    Cause("configuration-not-json", lambda c: bad_config(c, "[]"), write_config("{}"), about="but a list"),
    Cause("setting-empty", lambda c: bad_config(c, '{"trust_dir": ""}'), write_config("{}")),
    Cause("client-certificate-half-configured", half_a_certificate, write_config(lambda p: {
        "remote_server": dict(zip(("tls_client_cert", "tls_client_key"), map(str, p.pair)))})),
    Cause("tls-verification-off", no_verification,
          write_config(lambda p: {"remote_server": {"root_ca": str(p.client.store.ca)}})),
    Cause("pins-empty", no_pins, write_config("{}")),
    Cause("pins-empty", lambda c: bad_config(c, '{"countersign": {"trust_root": []}}'), write_config("{}"), about="own"),
    Cause("pins-empty", lambda c: bad_config(c, '{"trust_pinning": {"certs": null}}'), write_config("{}"), about="null"),
    Cause("trust-root-unusable", lambda c: c.patient(pin=None, env={"COUNTERSIGN_TRUST_ROOT": " \n"}),
          lambda p, h: p.client.env.update(COUNTERSIGN_TRUST_ROOT=p.client.store.read(p.gun).root_key_ids[0]), about="blank"),
    Cause("setting-unknown", lambda c: bad_config(c, '{"countersign": {"trustdir": "x"}}'),
          write_config('{"countersign": {"trust_dir": "x"}}')),
    Cause("configuration-writable", lambda c: bad_config(c, "{}", 0o666), follow),
    Cause("timeout-no-time", with_args("--timeout", "soon"), in_turn(without_last(1), add("90s"))),
    Cause("client-certificate-half-named", with_args("--tlscert", "x.crt"),
          in_turn(without_last(2), lambda p, h: add("--tlscert", a := p.client.store.authority.issue("named")[0],
                                                   "--tlskey", a.with_suffix(".key"))(p, h))),
    Cause("option-not-a-host", with_args("--token-service", "https://auth.example.com/token"),
          in_turn(without_last(1), add("auth.example.com"))),
    Cause("setting-not-a-host", lambda c: bad_config(c, '{"countersign": {"insecure_registries": ["https://r.example.com/v2"]}}'),
          write_config('{"countersign": {"insecure_registries": ["r.example.com"]}}')),
    Cause("trust-root-unusable", lambda c: c.patient(pin="registry.pem"),
          lambda p, h: setattr(p.client, "pin", p.client.store.read(p.gun).root_key_ids[0])),
    Cause("trust-root-in-a-file", pinned_in_a_file, lambda p, h: setattr(p.client, "pin", content(p, h))),
    Cause("trust-roots-in-a-file", lambda c: pinned_in_a_file(c, "registry.example.com/other/app"), in_variable),
    Cause("trust-root-of-several-lines", lambda c: c.patient(pin="\n".join(pins_of(c, "registry.example.com/other/app"))), each_of_its_own),
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
    Cause("tls-client-certificate-der", in_other_form(certificate="x509 -in {certificate} -outform DER"), name_converted()),
    Cause("tls-client-key-der", in_other_form(key="pkey -in {key} -outform DER"), name_converted()),
    Cause("tls-client-archive", archive_of_both, name_converted(answers=[""])),
    Cause("tls-client-key-encrypted", in_other_form(key=ENCRYPTED), name_converted(answers=["of-the-key"])),
    Cause("tls-client-key-encrypted", in_other_form(key="ec -in {key} -aes128 -passout pass:of-the-key"),
          name_converted(answers=["of-the-key"]), about="of the old form"),
    Cause("tls-client-key-encrypted", encrypted_key_of_docker, name_copy, about="in docker's folder"),
    Cause("tls-client-files-swapped", swapped, name_as_it_says),
    Cause("tls-client-key-of-another", key_of_another, find_own_key),
    Cause("public-key-on-one-line", rewritten("certificate", on_one_line), name_converted(), about="client certificate"),
    Cause("private-key-on-one-line", rewritten("key", on_one_line), name_converted(), about="of a client certificate"),
    Cause("public-key-in-base64", rewritten("certificate", base64.b64encode), name_converted(), about="client certificate"),
    Cause("private-key-in-base64", rewritten("key", base64.b64encode), name_converted(), about="of a client certificate"),
    Cause("private-key-in-utf16", rewritten("key", lambda pem: pem.decode().encode("utf-16")), name_converted(),
          about="of a client certificate"),
    Cause("certificates-in-pkcs7", in_other_form(certificate=in_pkcs7()), name_converted(), about="client certificate"),
    Cause("certificates-in-pkcs7-der", in_other_form(certificate=in_pkcs7("-outform DER")), name_converted(),
          about="client certificate"),
    Cause("certificates-in-disguised-pkcs7", rewritten("certificate", disguised_bundle), name_converted()),
    Cause("certificates-in-pkcs7", authorities(None, "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin"), name_converted(),
          about="authorities"),
    Cause("certificates-in-pkcs7-der", authorities(None, "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", "-outform", "DER"),
          name_converted(), about="authorities"),
    Cause("public-key-in-pkcs12", authorities(None, "pkcs12", "-export", "-nokeys", "-passout", "pass:"),
          name_converted(answers=[""]), about="authorities"),
    Cause("certificate-of-openssls-own-form", authorities(None, "x509", "-trustout"), name_converted(), about="authorities"),
    Cause("public-key-on-one-line", authorities(on_one_line), name_converted(), about="authorities"),
    Cause("public-key-with-escapes", authorities(lambda pem: pem.replace(b"\n", b"\\n")), name_converted(), about="authorities"),
    Cause("public-key-in-base64", authorities(base64.b64encode), name_converted(), about="authorities"),
    Cause("tls-file-unusable", authorities(None, "x509", "-noout", "-pubkey"),
          in_turn(without_last(1), add(lambda p: p.client.store.ca)), about="public key"),
    Cause("client-certificate-unusable", lambda c: with_args(*["--tlscert", c.authority.ca, "--tlskey", c.authority.ca])(c),
          in_turn(without_last(4), lambda p, h: add("--tlscert", a := p.client.store.authority.issue("pem")[0],
                                                   "--tlskey", a.with_suffix(".key"))(p, h))),
]


@pytest.mark.parametrize("cause", CAUSES, ids=str)
def test_a_setting_is_mended_as_its_hint_says(clinic, cause):
    check(clinic, cause)


@pytest.mark.parametrize("encrypted", [in_other_form(key=ENCRYPTED), encrypted_key_of_docker], ids=["named", "in docker's folder"])
def test_nobody_is_asked_on_a_terminal_for_the_passphrase_of_a_client_certificate(clinic, encrypted):
    patient = encrypted(clinic)
    client = patient.client
    tls = patient.args[patient.args.index("--tlscert"):] if "--tlscert" in patient.args else []
    done = on_terminal(client.argv("list", patient.gun, *tls, "--timeout", "30s", output="text"), [], env=client.environment(),
                       cwd=client.work)
    assert done.returncode == 3 and "encrypted" in done.stdout and "pass phrase" not in done.stdout, done.stdout
