#include "agent/report/error_table.h"

#include "tuf/base/filled_hint.h"

namespace agent {

// No default branch: the compiler refuses a new code that has no row.
const std::array<ExitCodeRow, 13> kExitCodes = {{
    {ExitCode::kOk, "OK", "done and proven"},
    {ExitCode::kInternal, "INTERNAL", "a bug"},
    {ExitCode::kUsage, "USAGE", "the command line is wrong"},
    {ExitCode::kConfig, "CONFIG", "a file, variable or secret is missing or malformed"},
    {ExitCode::kUntrusted, "UNTRUSTED",
     "trust data is invalid: signature, threshold, rollback, expiry, hash, pin"},
    {ExitCode::kPolicy, "POLICY", "valid, but a policy or a guard refuses"},
    {ExitCode::kNotFound, "NOT_FOUND",
     "no trust data, the tag is not signed, or the registry has no such image"},
    {ExitCode::kDenied, "DENIED", "the server refuses these credentials"},
    {ExitCode::kUnavailable, "UNAVAILABLE",
     "network, TLS, server error, the time of the command is up; try again"},
    {ExitCode::kConflict, "CONFLICT", "others kept publishing first; try again"},
    {ExitCode::kKey, "KEY",
     "token or key unusable: absent, wrong PIN or passphrase, locked, not listed in the role"},
    {ExitCode::kLocal, "LOCAL", "the disk, a lock or a permission on this machine"},
    {ExitCode::kUnknown, "UNKNOWN", "sent, and it could not be found out whether it was stored; look first"},
}};

ErrorRow error_row(tuf::ErrorCode code) {
  using tuf::ErrorCode;
  switch (code) {
    case ErrorCode::kInternal:
      return {"INTERNAL", ExitCode::kInternal,
              "this is a bug: please report the message and the command line"};

    case ErrorCode::kUsage:
      return {"USAGE", ExitCode::kUsage, "see: countersign --help"};
    case ErrorCode::kInvalidReference:
      return {"INVALID_REFERENCE", ExitCode::kUsage,
              "write the image as [registry/]repository[:tag][@sha256:…], the repository in lower case"};
    case ErrorCode::kInvalidTag:
      return {"INVALID_TAG", ExitCode::kUsage,
              "a tag has up to 128 letters, digits, _ . - and does not start with . or -"};
    case ErrorCode::kInvalidRole:
      return {"INVALID_ROLE", ExitCode::kUsage,
              "write a delegation as targets/NAME, with lower-case letters, digits, - and _"};
    case ErrorCode::kInvalidDigest:
      return {"INVALID_DIGEST", ExitCode::kUsage,
              "write sha256: and the 64 lower-case hex digits of the manifest"};
    case ErrorCode::kSizeMismatch:
      return {"SIZE_MISMATCH", ExitCode::kUsage, "write it again: what is empty cannot be signed"};
    case ErrorCode::kSourcesDisagree:
      return {"SOURCES_DISAGREE", ExitCode::kUsage,
              "leave out the source that speaks of another build, or make all of them in one build"};
    case ErrorCode::kInvalidKeyRef:
      return {"INVALID_KEY_REF", ExitCode::kUsage,
              "give a pkcs11: URI (countersign token list), the path of a PEM file, or at least 4 digits of "
              "a key "
              "ID (countersign key list)"};

    case ErrorCode::kConfig:
      return {"CONFIG", ExitCode::kConfig,
              "mend the named setting, or choose another file with --config FILE"};
    case ErrorCode::kFileUnreadable:
      return {"FILE_UNREADABLE", ExitCode::kConfig, "check path, permission and content: ls -ld FILE"};
    case ErrorCode::kInsecureFile:
      return {"INSECURE_FILE", ExitCode::kConfig, "take away the others' access: chmod 600 FILE"};
    case ErrorCode::kSecretMissing:
      return {"SECRET_MISSING", ExitCode::kConfig,
              "set one of the named variables, or its …_FILE twin to the path of a mounted secret"};

    case ErrorCode::kPolicyMalformed:
      return {"POLICY_MALFORMED", ExitCode::kConfig,
              "mend the policy file at the named line; its schema: docs/policy.schema.json"};

    case ErrorCode::kMalformedMetadata:
      return {"MALFORMED_METADATA", ExitCode::kUntrusted,
              "nothing was used of it; ask the server's administrator to restore its data"};
    case ErrorCode::kBadSignature:
      return {
          "BAD_SIGNATURE", ExitCode::kUntrusted,
          "nothing was used of it; ask the server's administrator what was changed, and to restore its data"};
    case ErrorCode::kExpired:
      return {"EXPIRED", ExitCode::kUntrusted,
              "check this machine's clock: date -u; else whoever holds the role's key runs: countersign repo "
              "refresh REPO"};
    case ErrorCode::kRollback:
      return {"ROLLBACK", ExitCode::kUntrusted,
              "the server shows less than it did before: ask its administrator what was restored; do not "
              "sign until then"};
    case ErrorCode::kHashMismatch:
      return {"HASH_MISMATCH", ExitCode::kUntrusted,
              "repeat it once in case it was being changed; if it stays, its content was altered: the "
              "repository's owner publishes it anew, or restores the server's data"};
    case ErrorCode::kBadRootCertificate:
      return {"BAD_ROOT_CERTIFICATE", ExitCode::kUntrusted,
              "an administrator gives the repository a new root certificate with: countersign repo rotate "
              "REPO root"};
    case ErrorCode::kPinMismatch:
      return {"PIN_MISMATCH", ExitCode::kUntrusted,
              "ask the repository's owner, not the server, for the output of: countersign repo pin REPO"};
    case ErrorCode::kUnpinnedRoot:
      return {
          "UNPINNED_ROOT", ExitCode::kUntrusted,
          "pin it with --trust-root REPO=REF (the owner prints REF with: countersign repo pin REPO), or use "
          "--trust-on-first-use"};
    case ErrorCode::kRepositoryBroken:
      return {
          "REPOSITORY_BROKEN", ExitCode::kUntrusted,
          "whoever holds the role's key runs: countersign repo repair REPO; if that does not help, ask the "
          "server's administrator to restore its data"};
    case ErrorCode::kRegistryMismatch:
      return {
          "REGISTRY_MISMATCH", ExitCode::kUntrusted,
          "find out who pushed over the tag; deploy by the signed digest, or push the signed image again"};
    case ErrorCode::kReceiptInvalid:
      return {"RECEIPT_INVALID", ExitCode::kUntrusted,
              "do not rely on it; what is signed now is shown by: countersign inspect REPO"};
    case ErrorCode::kAuditBroken:
      return {"AUDIT_BROKEN", ExitCode::kUntrusted,
              "keep the file as evidence, compare it with a copy kept elsewhere, and start a new one"};

    case ErrorCode::kPolicy:
      return {"POLICY", ExitCode::kPolicy, "meet what the policy demands, or ask its owner to change it"};
    case ErrorCode::kTagMoved:
      return {"TAG_MOVED", ExitCode::kPolicy,
              "choose a new tag; or, to move this one on purpose, run this again with --allow-move"};
    case ErrorCode::kTagImmutable:
      return {"TAG_IMMUTABLE", ExitCode::kPolicy, "choose a new tag: the policy lets nobody move this one"};
    case ErrorCode::kForeignEntry:
      return {"FOREIGN_ENTRY", ExitCode::kPolicy,
              "find out who brought it in; to drop it, run this again with --quarantine"};
    case ErrorCode::kExpiryDue:
      return {"EXPIRY_DUE", ExitCode::kPolicy,
              "whoever holds the role's key runs: countersign repo refresh REPO"};
    case ErrorCode::kPathNotCovered:
      return {"PATH_NOT_COVERED", ExitCode::kPolicy,
              "an administrator admits it with: countersign delegation add REPO ROLE --path PATH"};

    case ErrorCode::kNoTrustData:
      return {"NO_TRUST_DATA", ExitCode::kNotFound,
              "check the name and the server; its owner creates a new one with: countersign repo init REPO"};
    case ErrorCode::kNotSigned:
      return {"NOT_SIGNED", ExitCode::kNotFound, "see what is signed with: countersign list REPO"};
    case ErrorCode::kRoleNotFound:
      return {
          "ROLE_NOT_FOUND", ExitCode::kNotFound,
          "see the roles with: countersign delegation list REPO; an administrator adds one with: countersign "
          "delegation add REPO ROLE --key PUBLIC"};
    case ErrorCode::kImageNotFound:
      return {"IMAGE_NOT_FOUND", ExitCode::kNotFound,
              "push the image first, or name its digest and size: IMAGE@sha256:… --size N"};

    case ErrorCode::kUnauthorized:
      return {"UNAUTHORIZED", ExitCode::kDenied, "log in to the server that the message names: docker login"};
    case ErrorCode::kForbidden:
      return {"FORBIDDEN", ExitCode::kDenied,
              "ask the server's administrator to give this account access to the repository"};

    case ErrorCode::kServerUnreachable:
      return {
          "SERVER_UNREACHABLE", ExitCode::kUnavailable,
          "nothing was sent: check the address (--server URL), network and proxy, then repeat the command"};
    case ErrorCode::kConnectionLost:
      return {"CONNECTION_LOST", ExitCode::kUnavailable, "repeat the command: that is always safe"};
    case ErrorCode::kTimeout:
      return {"TIMEOUT", ExitCode::kUnavailable, "look at the server's health, then repeat the command"};
    case ErrorCode::kTlsFailed:
      return {"TLS_FAILED", ExitCode::kUnavailable,
              "whoever runs the server looks at its certificate and its TLS settings"};
    case ErrorCode::kServerError:
      return {"SERVER_ERROR", ExitCode::kUnavailable,
              "check that --server names a trust server and read its log, then repeat the command"};
    case ErrorCode::kServerRejected:
      return {"SERVER_REJECTED", ExitCode::kUnavailable,
              "nothing was published: mend what the message gives as the server's reason, then repeat the "
              "command"};

    case ErrorCode::kConflict:
      return {"CONFLICT", ExitCode::kConflict,
              "others kept publishing: repeat the command when they are done"};

    case ErrorCode::kKeyNotFound:
      return {"KEY_NOT_FOUND", ExitCode::kKey,
              "see the keys at hand with: countersign key list, or countersign token list"};
    case ErrorCode::kKeyNotInRole:
      return {"KEY_NOT_IN_ROLE", ExitCode::kKey,
              "an administrator adds it with: countersign signer add NAME REPO --key NAME.pub"};
    case ErrorCode::kKeyAmbiguous:
      return {"KEY_AMBIGUOUS", ExitCode::kKey, "name one of the listed keys with --signing-key REF"};
    case ErrorCode::kKeyUnsupported:
      return {"KEY_UNSUPPORTED", ExitCode::kKey,
              "make a key that Notary can use with: countersign key generate NAME"};
    case ErrorCode::kKeyMalformed:
      return {"KEY_MALFORMED", ExitCode::kKey, "copy the file anew from where it was made"};
    case ErrorCode::kWrongPassphrase:
      return {"WRONG_PASSPHRASE", ExitCode::kKey,
              "set DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE (root key: "
              "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE) to "
              "this key's passphrase"};
    case ErrorCode::kModuleFailed:
      return {"MODULE_FAILED", ExitCode::kKey,
              "name the module's file with module-path= in the URI or with COUNTERSIGN_PKCS11_MODULE"};
    case ErrorCode::kTokenNotFound:
      return {"TOKEN_NOT_FOUND", ExitCode::kKey,
              "plug the token in, start its service or name another; see what is there with: countersign "
              "token list"};
    case ErrorCode::kTokenAmbiguous:
      return {"TOKEN_AMBIGUOUS", ExitCode::kKey,
              "add serial= (or module-path=, if one token is seen twice) to the URI"};
    case ErrorCode::kTokenFailed:
      return {"TOKEN_FAILED", ExitCode::kKey,
              "check the token with: countersign token list; then repeat the command"};
    case ErrorCode::kWrongPin:
      return {"WRONG_PIN", ExitCode::kKey,
              "correct COUNTERSIGN_PIN or the URI's pin-source before the next run: each attempt counts"};
    case ErrorCode::kPinLocked:
      return {"PIN_LOCKED", ExitCode::kKey,
              "the token's security officer sets a new PIN with the vendor's tool"};
    case ErrorCode::kPinFinalTry:
      return {
          "PIN_FINAL_TRY", ExitCode::kKey,
          "one more wrong PIN would lock the token, so none was tried: log in once with the vendor's tool"};
    case ErrorCode::kBadTokenSignature:
      return {"BAD_TOKEN_SIGNATURE", ExitCode::kKey,
              "do not trust this token, or the public key object on it, before both were examined"};

    case ErrorCode::kLocal:
      return {"LOCAL", ExitCode::kLocal,
              "mend the named disk, folder or permission; full disks are shown by: df -h"};
    case ErrorCode::kLocked:
      return {"LOCKED", ExitCode::kLocal, "wait for it to end, then repeat the command"};

    case ErrorCode::kOutcomeUnknown:
      return {"OUTCOME_UNKNOWN", ExitCode::kUnknown,
              "before repeating it, see what the server has with: countersign inspect REPO"};
  }
  throw tuf::Error(tuf::ErrorCode::kInternal, "an error code outside its list");
}

std::string hint_of(const tuf::Error& error) {
  return tuf::filled_in(error.hint().empty() ? error_row(error.code()).hint : error.hint(), error);
}

}  // namespace agent
