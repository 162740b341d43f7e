// Checking an audit log: whether every line stands where it was written, as it was written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tuf/keys/public_key.h"

namespace agent {

/// What the log is held against beside itself. By itself it cannot tell that its last lines are missing, or
/// that somebody has written all of it anew.
struct AuditExpectation {
  /// Of keys one of which has signed a checkpoint.
  std::vector<tuf::PublicKey> keys;
  /// SHA-256 of a line, kept elsewhere when it was written.
  std::optional<std::string> line;
};

struct AuditSummary {
  std::int64_t lines = 0;
  std::string sha256;  // of the last line
  std::int64_t checkpoint =
      0;  // the last line that a key has signed (one of those expected, if any); 0: none
  std::vector<std::string> cuts;  // one sentence for every place where a crash has cut a line short
};

/// Throws kAuditBroken, naming the first line that is changed, missing, out of order, cut short, or signed
/// wrongly; or that the log does not hold what is expected of it. Throws kFileUnreadable.
AuditSummary check_audit_log(const std::filesystem::path& path, const AuditExpectation& expectation);

}  // namespace agent
