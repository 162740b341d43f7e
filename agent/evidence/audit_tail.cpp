#include "agent/evidence/audit_tail.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "agent/evidence/audit_log.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

constexpr std::size_t kFirstLook = 64 << 10;

[[noreturn]] void fail_reading(const std::string& name, int reason) {
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   "cannot read " + name + ": " + std::generic_category().message(reason));
}

/// The last `length` bytes of the file that is `size` bytes long.
std::string read_end(int descriptor, std::size_t size, std::size_t length, const std::string& name) {
  std::string text(length, '\0');
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got =
        pread(descriptor, text.data() + done, length - done, static_cast<off_t>(size - length + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_reading(name, errno);
    if (got == 0) fail_reading(name, EIO);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

std::optional<Statement> whole_line(const std::string& line) {
  try {
    return read_statement(line, kAuditType, tuf::ErrorCode::kAuditBroken, "line");
  } catch (const tuf::Error&) {
    return std::nullopt;
  }
}

/// Looks for the last whole line in the end of a file. nullopt if there is none in it.
std::optional<AuditTail> find_last_line(const std::string& text, bool from_start, const std::string& name) {
  AuditTail tail;
  tail.is_ended = text.empty() || text.back() == '\n';
  std::size_t end = tail.is_ended && !text.empty() ? text.size() - 1 : text.size();
  bool is_last = true;
  while (true) {
    const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    if (before == std::string::npos && !from_start) return std::nullopt;
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    const std::string line = text.substr(start, end - start);
    if (const auto statement = whole_line(line)) {
      tail.sequence = number_member(statement->body, "sequence");
      tail.sha256 = audit_line_hash(line);
      tail.cut = text.substr(std::min(end + 1, text.size()));
      return tail;
    }
    if (is_last && tail.is_ended && !text.empty()) {
      throw tuf::Error(tuf::ErrorCode::kAuditBroken, name + ": the last line is not one of an audit log");
    }
    is_last = false;
    if (before == std::string::npos) break;
    end = before;
  }
  tail.sha256 = audit_first_hash();
  tail.cut = text;
  return tail;
}

}  // namespace

AuditTail AuditTail::read(int descriptor, const std::string& name) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) fail_reading(name, errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  for (std::size_t length = std::min(size, kFirstLook);; length = std::min(size, length * 16)) {
    const bool from_start = length == size;
    if (const auto tail = find_last_line(read_end(descriptor, size, length, name), from_start, name))
      return *tail;
    if (length > 4 * AuditLog::kMaxLine) {
      throw tuf::Error(tuf::ErrorCode::kAuditBroken, name + ": it does not end with lines of an audit log");
    }
  }
}

std::string audit_line_hash(const std::string& line) {
  return tuf::to_hex(tuf::sha256(tuf::as_bytes(line)));
}

std::string audit_first_hash() {
  return std::string(64, '0');
}

}  // namespace agent
