"""`countersign doctor`: each cause by itself, made with real parts, is the answer, with a name and a hint of its own;
and nothing changes on any server."""
import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from support.ailing import (FOR_ALICE, audit_log, bad_config, blocking_snapshot, built, changed_key, client_snapshot, copied_folder,
                            ed25519_file, encrypted_key, encrypted_named_file, expired, foreign_key, in_other_form, key_file,
                            keys_alike, lapsed_root, lapsed_server, lost_file, lost_signer, lost_targets_key, misnamed_key,
                            misshapen_targets, moved, no_certificates, no_tls, not_pushed, open_pin_file, open_to_others, other_content, other_tag,
                            own_role_only, paths, pin_that_is_not_tried, policy, rolled_back, scripted_token,
                            silent_server, static_over_https, tagged, token, token_service_at, trust_dir, twin_tokens,
                            two_signatures, unsigned_targets, wants_certificate, with_args, without_key, wrong_clock)
from support.clinic import Patient
from support.guide import ANY_CODE, diagnoses, is_told
from support.hints import without_carried
from support.process import free_port


@dataclass(frozen=True)
class Cause:
    diagnosis: str
    code: str
    broken: str  # the link
    hint: str  # stands in it
    make: Callable
    stricter: bool = False  # than `sign`, which goes on where somebody else might have meddled

    def __str__(self):
        return self.diagnosis


CAUSES = [
    # the machine
    Cause("config", "CONFIG", "configuration", "mend the file", bad_config),
    Cause("configuration-not-private", "INSECURE_FILE", "configuration", "chmod go-w",
          lambda c: bad_config(c, "{}", 0o666), stricter=True),
    Cause("trust-directory-unusable", "LOCAL", "trust-directory", "--trust-dir",
          lambda c: trust_dir(c, lambda path: path.write_text(""))),
    Cause("trust-directory-not-private", "INSECURE_FILE", "trust-directory", "chmod -R go-w",
          lambda c: trust_dir(c, open_to_others), stricter=True),
    Cause("audit-log-unusable", "LOCAL", "audit-log", "with --audit-log",
          lambda c: c.patient(None, "--audit-log", "/nowhere/audit.log")),
    Cause("audit-log-not-private", "INSECURE_FILE", "audit-log", "chmod o-w", lambda c: audit_log(c, "", 0o666)),
    Cause("audit-broken", "AUDIT_BROKEN", "audit-log", "start a new one", lambda c: audit_log(c, "{}\n")),
    Cause("receipt-unusable", "LOCAL", "receipt", "mend the named disk",
          lambda c: c.patient(None, "--receipt", "/nowhere/receipt")),
    # the way to the server
    Cause("no-server", "CONFIG", "server", "DOCKER_CONTENT_TRUST_SERVER",
          lambda c: Patient(c.world().client(server=None), ["alpine"])),
    Cause("host-unknown", "SERVER_UNREACHABLE", "reachable", "getent hosts no-such-host.invalid",
          lambda c: c.elsewhere("https://no-such-host.invalid")),
    Cause("server-unreachable", "SERVER_UNREACHABLE", "reachable", "check the address",
          lambda c: c.elsewhere(f"https://127.0.0.1:{free_port()}")),
    Cause("connection-lost", "CONNECTION_LOST", "reachable", "repeat the command",
          lambda c: c.elsewhere(c.nginx("hangs-up", "return 444;").url)),
    Cause("tls-file-unusable", "FILE_UNREADABLE", "reachable", "PEM file", no_certificates),
    Cause("tls-unknown-authority", "TLS_FAILED", "tls", "--tlscacert", lambda c: c.patient(ca=False)),
    Cause("tls-other-host-name", "TLS_FAILED", "tls", "use the name",
          lambda c: c.elsewhere(c.notary.url.replace("127.0.0.1", "0.0.0.0"))),
    Cause("tls-certificate-expired", "TLS_FAILED", "tls", "clock", lambda c: c.elsewhere(lapsed_server(c).url)),
    Cause("tls-not-spoken", "TLS_FAILED", "tls", "--allow-http", no_tls),
    Cause("tls-client-certificate", "TLS_FAILED", "tls", "--tlscert", wants_certificate),
    Cause("clock-wrong", "LOCAL", "clock", "timedatectl", wrong_clock, stricter=True),
    # what it is
    Cause("server-is-registry", "SERVER_ERROR", "trust-server", "name the Notary server",
          lambda c: c.elsewhere(c.registry.url)),
    Cause("server-is-no-notary", "SERVER_ERROR", "trust-server", "name the Notary server",
          lambda c: c.elsewhere(c.nginx("page", "return 200 '<h1>Welcome</h1>';").url)),
    Cause("server-redirects", "SERVER_ERROR", "trust-server", "name the place itself",
          lambda c: c.elsewhere(c.nginx("redirect", "return 301 https://elsewhere.example.com/;").url)),
    Cause("server-failing", "SERVER_ERROR", "trust-server", "log of notary-server",
          lambda c: c.elsewhere(c.nginx("gateway", "location / { proxy_pass http://127.0.0.1:%d; }"
                                        % free_port()).url)),
    # whom it lets in
    Cause("credentials-missing", "UNAUTHORIZED", "credentials", "docker login 127.0.0.1:",
          lambda c: c.guarded({})),
    Cause("credentials-refused", "UNAUTHORIZED", "credentials", "NOTARY_AUTH",
          lambda c: c.guarded({"NOTARY_AUTH": base64.b64encode(b"ci:wrong").decode()})),
    Cause("credentials-unusable", "CONFIG", "credentials", "base64",
          lambda c: c.guarded({"NOTARY_AUTH": "not base64"})),
    Cause("pull-denied", "FORBIDDEN", "credentials", "read access", lambda c: c.guarded(c.auth("stranger"))),
    Cause("push-denied", "FORBIDDEN", "push", "push access", lambda c: c.guarded(c.auth("reader"))),
    Cause("token-service-unreachable", "SERVER_UNREACHABLE", "credentials", "auth.options.realm",
          lambda c: token_service_at(c, "lost", f"https://127.0.0.1:{free_port()}")),
    Cause("token-service-untrusted", "TLS_FAILED", "credentials", "clock",
          lambda c: token_service_at(c, "untrusted", lapsed_server(c).url)),
    Cause("no-trust-data", "NO_TRUST_DATA", "repository", "countersign repo init registry.example.com/nobody",
          lambda c: Patient(c.world().client(), ["registry.example.com/nobody"])),
    Cause("server-is-read-only", "SERVER_REJECTED", "push", "file:DIR", static_over_https),
    Cause("server-keys-unavailable", "SERVER_ERROR", "push", "notary-signer", lost_signer),
    Cause("folder-missing", "SERVER_UNREACHABLE", "server", "countersign repo init",
          lambda c: c.elsewhere(f"file:{c.folder}/nothing")),
    Cause("folder-read-only", "LOCAL", "push", "of which this is a copy", copied_folder),
    # the trust data
    Cause("unpinned-root", "UNPINNED_ROOT", "root", "--trust-root", lambda c: c.patient(pin=None)),
    Cause("pin-mismatch", "PIN_MISMATCH", "root", "countersign repo pin", lambda c: c.patient(pin="ab" * 32)),
    Cause("root-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("root")),
    Cause("targets-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("targets")),
    Cause("snapshot-expired", "EXPIRED", "metadata", "countersign repo refresh", expired("snapshot")),
    Cause("timestamp-expired", "EXPIRED", "metadata", "only the server", expired("timestamp")),
    Cause("bad-root-certificate", "BAD_ROOT_CERTIFICATE", "root", "countersign repo rotate", lapsed_root),
    Cause("role-unservable", "REPOSITORY_BROKEN", "metadata", "countersign repo repair",
          lambda c: c.forged("other-form", in_other_form("targets"))),
    Cause("repository-broken", "REPOSITORY_BROKEN", "metadata", "if that does not help", lost_file),
    Cause("rollback", "ROLLBACK", "metadata", "what was restored", rolled_back),
    Cause("bad-signature", "BAD_SIGNATURE", "metadata", "restore its data", lambda c: c.forged("unsigned", unsigned_targets)),
    Cause("hash-mismatch", "HASH_MISMATCH", "metadata", "its content was altered", other_content),
    Cause("malformed-metadata", "MALFORMED_METADATA", "metadata", "restore its data",
          lambda c: c.forged("misshapen", misshapen_targets)),
    # keys on tokens
    Cause("module-failed", "MODULE_FAILED", "module", "module",
          lambda c: token(c, env={"COUNTERSIGN_PKCS11_MODULE": "/nowhere/libnothing.so"})),
    Cause("token-not-found", "TOKEN_NOT_FOUND", "token", "countersign token list", lambda c: token(c, label="other")),
    Cause("token-ambiguous", "TOKEN_AMBIGUOUS", "token", "serial=", twin_tokens),
    Cause("key-not-on-token", "KEY_NOT_FOUND", "keys", "countersign token list",
          lambda c: token(c, object_name="nothing")),
    Cause("pin-missing", "SECRET_MISSING", "secrets", "COUNTERSIGN_PIN_FILE",
          lambda c: token(c, without=["COUNTERSIGN_PIN"])),
    Cause("pin-file-unusable", "INSECURE_FILE", "secrets", "chmod", open_pin_file),
    Cause("wrong-pin", "WRONG_PIN", "secrets", "COUNTERSIGN_PIN",
          lambda c: token(c, env={"COUNTERSIGN_PIN": c.secrets.new()})),
    Cause("pin-final-try", "PIN_FINAL_TRY", "secrets", "logs in once", lambda c: pin_that_is_not_tried(c, 0x20000)),
    Cause("pin-locked", "PIN_LOCKED", "secrets", "security officer", lambda c: pin_that_is_not_tried(c, 0x40000)),
    Cause("bad-token-signature", "BAD_TOKEN_SIGNATURE", "signature", "do not trust this token",
          lambda c: scripted_token(c, "signature=flip")),
    Cause("token-failed", "TOKEN_FAILED", "signature", "countersign token list",
          lambda c: scripted_token(c, "fail=C_Sign@*:0x30")),
    # keys in files
    Cause("key-misnamed", "KEY_NOT_FOUND", "keys", "countersign key import", misnamed_key),
    Cause("no-key", "KEY_NOT_FOUND", "keys", "countersign key generate", without_key),
    Cause("key-not-found", "KEY_NOT_FOUND", "keys", "countersign key list",
          lambda c: c.patient(key=["--key", "abcd1234"])),
    Cause("key-ambiguous", "KEY_AMBIGUOUS", "keys", "more digits", keys_alike),
    Cause("invalid-key-ref", "INVALID_KEY_REF", "keys", "PEM file", lambda c: c.patient(key=["--key", "jenkins"])),
    Cause("key-file-unreadable", "FILE_UNREADABLE", "keys", "countersign key list",
          lambda c: c.patient(key=["--key", "/nowhere/key.pem"])),
    Cause("key-file-insecure", "INSECURE_FILE", "keys", "chmod 600", lambda c: key_file(c, lambda p: p.chmod(0o644))),
    Cause("key-malformed", "KEY_MALFORMED", "keys", "countersign key list", lambda c: key_file(c, lambda p: p.write_text("?"))),
    Cause("passphrase-missing", "SECRET_MISSING", "secrets", "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
          lambda c: encrypted_key(c, DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=None)),
    Cause("wrong-passphrase", "WRONG_PASSPHRASE", "secrets", "passphrase of this file",
          lambda c: encrypted_key(c, DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=c.secrets.new())),
    # keys and roles
    Cause("no-releases-role", "ROLE_NOT_FOUND", "roles", "countersign signer add",
          lambda c: c.patient(c.repository("bare", signer=False))),
    Cause("role-not-found", "ROLE_NOT_FOUND", "roles", "countersign delegation list",
          lambda c: c.patient(None, "--role", "targets/none")),
    Cause("key-not-in-role", "KEY_NOT_IN_ROLE", "roles", "countersign signer add", foreign_key),
    Cause("key-not-in-releases", "KEY_NOT_IN_ROLE", "roles", "countersign delegation add",
          lambda c: c.forged("own-role", own_role_only)),
    Cause("targets-key-missing", "KEY_NOT_FOUND", "roles", "countersign repo rotate", lost_targets_key),
    Cause("threshold-not-met", "KEY_NOT_IN_ROLE", "roles", "--threshold 1",
          lambda c: c.forged("threshold", two_signatures)),
    Cause("role-unreadable", "BAD_SIGNATURE", "roles", "countersign witness", lambda c: c.forged("left", changed_key)),
    Cause("paths-admit-nothing", "PATH_NOT_COVERED", "paths", "--all-paths",
          lambda c: c.forged("no-paths", paths())),
    Cause("path-not-covered", "PATH_NOT_COVERED", "paths", "--path 1.0", other_tag),
    Cause("snapshot-not-server-managed", "KEY_NOT_FOUND", "snapshot", "countersign repo prepare", client_snapshot),
    # what is to be signed
    Cause("policy-malformed", "POLICY_MALFORMED", "policy", "docs/policy", lambda c: policy(c, "{")),
    Cause("image-not-found", "IMAGE_NOT_FOUND", "image", "skopeo copy", not_pushed),
    Cause("tag-moved", "TAG_MOVED", "rehearsal", "--allow-move", moved),
    Cause("file-unreadable", "FILE_UNREADABLE", "policy", "ls -A /",
          lambda c: c.patient(None, "--policy", "/nowhere/policy.json")),
    Cause("usage", "USAGE", "policy", "leave one of them out",
          lambda c: with_args(policy(c, FOR_ALICE), "--quarantine", "--no-resign-guard")),
    Cause("policy", "POLICY", "rehearsal", "delegation list", lambda c: policy(c, FOR_ALICE)),
]


# The same diagnosis out of another link, or by another sign.
CAUSES += [
    Cause("usage", "USAGE", "image", "skopeo inspect --raw", lambda c: tagged(c.patient(), "--size", "0")),
    Cause("usage", "USAGE", "rehearsal", "give only one of them",
          lambda c: tagged(c.patient(None, *built(c)), "--no-provenance", "--annotate", "a=b")),
    Cause("role-unservable", "REPOSITORY_BROKEN", "roles", "countersign repo repair",
          lambda c: c.forged("other-form-of-role", in_other_form("targets/jenkins"))),
    Cause("snapshot-expired", "EXPIRED", "metadata", "countersign repo refresh",
          lambda c: c.forged("blocking", blocking_snapshot)),
    Cause("wrong-passphrase", "WRONG_PASSPHRASE", "keys", "passphrase of this file", encrypted_named_file),
    Cause("server-unreachable", "SERVER_UNREACHABLE", "image", "check the registry", lambda c: tagged(c.patient()), stricter=True),
    Cause("key-unsupported", "KEY_UNSUPPORTED", "roles", "countersign key generate", ed25519_file),
    Cause("key-not-in-role", "KEY_NOT_IN_ROLE", "roles", "where the key of targets is",
          lambda c: c.patient(None, "--role", "targets")),
]


# What files and options say.
LINKS_OF_ANY_CODE = {"configuration", "server", "reachable", "tls", "image", "rehearsal"}

# Ten seconds each.
SLOW_CAUSES = [Cause("timeout", "TIMEOUT", "reachable", "server's health", silent_server)]


def test_every_diagnosis_of_the_guide_is_shown_here_and_no_other():
    told = {name for names in diagnoses().values() for name in names if name not in ("", ANY_CODE)}
    after_their_code = {cause.diagnosis for cause in CAUSES if cause.broken in LINKS_OF_ANY_CODE} - told
    assert told == {cause.diagnosis for cause in CAUSES + SLOW_CAUSES} - after_their_code


def test_every_link_breaks_by_what_the_guide_says_of_it():
    wrong = [f"{cause.broken}: {cause.diagnosis}, {cause.code}" for cause in CAUSES + SLOW_CAUSES
             if not is_told(cause.broken, cause.diagnosis, cause.code)]
    assert not wrong
    assert LINKS_OF_ANY_CODE == {link for link, names in diagnoses().items() if ANY_CODE in names}


@pytest.mark.parametrize("cause", CAUSES + [pytest.param(cause, marks=pytest.mark.slow) for cause in SLOW_CAUSES],
                         ids=str)
def test_the_first_broken_link_is_the_answer(clinic, cause):
    made = cause.make(clinic)
    patients = made if hasattr(made, "__next__") else iter([made])
    patient = next(patients)
    before = patient.stored()
    outcome = patient.doctor()
    document = outcome.document
    assert (document["diagnosis"], document["error"]["code"]) == (cause.diagnosis, cause.code), str(outcome)
    assert cause.hint in without_carried(document["error"]["hint"]), str(outcome)
    checks = document["checks"]
    assert [check["ok"] for check in checks] == [True] * (len(checks) - 1) + [False]
    assert (checks[-1]["name"], checks[-1]["detail"]) == (cause.broken, document["error"]["message"])
    assert patient.stored() == before
    if patient.gun and not cause.stricter:
        assert patient.sign().exit_code != 0, "the doctor sees what does not keep anybody from signing"
    assert next(patients, None) is None
