// AuditTail: the end of an audit log, as far as the next line must know it. Internal to the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

struct AuditTail {
  std::int64_t sequence = 0;  // of the last whole line; 0 if there is none
  std::string sha256;         // of that line; zeros if there is none
  std::string cut;            // what stands behind it: all that a crash has left of lines
  bool is_ended = true;       // the file is empty or its last character ends a line

  /// Reads no more of the file than it needs. `name` is for messages. Throws kAuditBroken if the file ends
  /// with a whole line that is no statement of an audit log, kLocal.
  static AuditTail read(int descriptor, const std::string& name);
};

/// SHA-256 of a line, without its end, in hex; and what stands for the line before the first.
std::string audit_line_hash(const std::string& line);
std::string audit_first_hash();

}  // namespace agent
