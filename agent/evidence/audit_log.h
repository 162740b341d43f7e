// AuditLog: one line for every run that published, or tried to. A file of lines, each a statement of type
// `countersign-audit/v1`:
//
//   sequence (from 1), previous (SHA-256 of the line before, without its end; zeros for the first), time,
//   command, exit_code, error, repositories (what was changed), used_keys, ci, countersign (version)
//
// A line that is signed is a checkpoint: through `previous` it vouches for every line before it. Lines are
// only ever appended, whole and flushed to the disk, by one writer at a time (FILE.lock). What a crash has
// left of a line stays; the next line says how long that is and its SHA-256 in a member `cut`.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/evidence/published.h"
#include "agent/evidence/statement.h"
#include "tuf/view/provenance.h"

namespace agent {

inline constexpr std::string_view kAuditType = "countersign-audit/v1";

struct AuditRecord {
  struct Failure {
    std::string code;  // "TAG_MOVED"
    std::string message;
  };
  tuf::Time time = {};
  std::string command = {};
  tuf::Provenance ci = {};  // what the CI says
  int exit_code = 0;
  std::optional<Failure> failure = {};
  std::vector<tuf::KeyId> used_keys = {};  // canonical IDs
  std::vector<PublishedRepository> repositories = {};
};

class AuditLog {
 public:
  explicit AuditLog(std::filesystem::path path) : path_(std::move(path)) {}

  /// The longest line, in bytes; what a run has changed beyond that is left out, and the line says so.
  static constexpr std::size_t kMaxLine = 16 << 20;

  /// Asked before anything is published. Makes the file (0600) if it is not there. Throws kLocal, kLocked,
  /// kInsecureFile if another user could change it, and kAuditBroken if its last line is none: then what is
  /// appended would vouch for damage.
  void require_writable() const;

  /// The same for a run that will publish nothing: nothing is made or waited for.
  void require_writable_later() const;

  struct Place {
    std::int64_t sequence;
    std::string sha256;  // of the line: what `audit verify --expect` takes
  };
  /// Appends one line about the run, signed by `signers`. Throws as above, and the KEY errors; then nothing
  /// was appended.
  Place append(const AuditRecord& record, const std::vector<std::shared_ptr<tuf::Signer>>& signers) const;

  const std::filesystem::path& path() const { return path_; }
  /// What keeps other writers out.
  std::filesystem::path lock_path() const { return path_.string() + ".lock"; }

 private:
  std::filesystem::path path_;
};

}  // namespace agent
