// The one exception of the program and the one list of what can go wrong.
//
// Thrown as low as the fact is known; context is added on the way up with `with_context`; caught once
// per command. Every code maps to a name, an exit code and a default hint in one table
// (agent/report/error_table.h). Expected outcomes (404, nothing to do, a lost race) are values, not errors.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tuf {

enum class ErrorCode {
  kInternal,
  // USAGE
  kUsage,
  kInvalidReference,  // image reference or GUN
  kInvalidTag,        // tag or target name that no client could read back
  kInvalidRole,       // role name outside the grammar, or not fit for the command
  kInvalidDigest,
  kSizeMismatch,     // the given size or digest is not that of the manifest
  kSourcesDisagree,  // two sources give an image different digests or sizes
  kInvalidKeyRef,    // what --key or --token was given cannot name a key
  // CONFIG
  kConfig,
  kFileUnreadable,  // a file named by the user is missing, unreadable or not what it should be
  kInsecureFile,    // a private file that others can read or write
  kSecretMissing,
  kPolicyMalformed,
  // UNTRUSTED
  kMalformedMetadata,
  kBadSignature,  // below threshold, wrong key, wrong method
  kExpired,
  kRollback,
  kHashMismatch,
  kBadRootCertificate,
  kPinMismatch,
  kUnpinnedRoot,
  kRepositoryBroken,  // a file that verified metadata names cannot be had
  kRegistryMismatch,  // the registry's tag is not what is signed
  kReceiptInvalid,    // a receipt that was changed, or that the repository does not bear out
  kAuditBroken,       // an audit log with a changed, missing or reordered line
  // POLICY
  kPolicy,
  kTagMoved,        // the tag is signed with another digest
  kTagImmutable,    // the policy lets nobody move the tag
  kForeignEntry,    // an entry that signing would adopt, and that nobody who counts vouches for
  kExpiryDue,       // a role is about to expire
  kPathNotCovered,  // the delegation's paths do not admit the tag
  // NOT_FOUND
  kNoTrustData,
  kNotSigned,
  kRoleNotFound,
  kImageNotFound,  // the registry has no such tag or manifest
  // DENIED
  kUnauthorized,  // 401: who are you
  kForbidden,     // 403: not you
  // UNAVAILABLE
  kServerUnreachable,  // nothing was sent
  kConnectionLost,     // sent, and no (whole) answer came
  kTimeout,
  kTlsFailed,
  kServerError,     // an answer that is of no use: 5xx, 3xx, over the limit
  kServerRejected,  // the server says why it refuses what we published
  // CONFLICT
  kConflict,
  // KEY
  kKeyNotFound,
  kKeyNotInRole,
  kKeyAmbiguous,
  kKeyUnsupported,
  kKeyMalformed,
  kWrongPassphrase,
  kModuleFailed,
  kTokenNotFound,
  kTokenAmbiguous,
  kTokenFailed,
  kWrongPin,
  kPinLocked,
  kPinFinalTry,
  kBadTokenSignature,
  // LOCAL
  kLocal,   // disk, permission, descriptor
  kLocked,  // another process holds the lock for too long
  // UNKNOWN
  kOutcomeUnknown,  // sent, and it could not be found out whether it was stored
};

class Error : public std::runtime_error {
 public:
  /// `message` is one line that names the thing; `hint`, if there is one, is the command that mends it.
  Error(ErrorCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

  ErrorCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

  /// Words that a hint has in the place of values, such as REPO, with their values.
  const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

  /// The same error with "`context`: " before its message.
  Error with_context(const std::string& context) const {
    return {code_, context + ": " + what(), hint_, values_};
  }
  Error with_hint(std::string hint) const { return {code_, what(), std::move(hint), values_}; }
  /// What `word` stands for in the hint, which whoever threw it did not know. The first to say so is the
  /// nearest.
  Error with_value(const std::string& word, const std::string& value) const {
    Error error = *this;
    const auto is_word = [&](const auto& entry) { return entry.first == word; };
    if (std::none_of(values_.begin(), values_.end(), is_word)) error.values_.emplace_back(word, value);
    return error;
  }

 private:
  using Values = std::vector<std::pair<std::string, std::string>>;
  Error(ErrorCode code, const std::string& message, std::string hint, Values values)
      : std::runtime_error(message), code_(code), hint_(std::move(hint)), values_(std::move(values)) {}

  ErrorCode code_;
  std::string hint_;
  Values values_;
};

}  // namespace tuf
