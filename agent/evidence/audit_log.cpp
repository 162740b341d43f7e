#include "agent/evidence/audit_log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "agent/evidence/audit_tail.h"
#include "hsm/os/file_descriptor.h"
#include "hsm/os/file_lock.h"
#include "hsm/os/ownership.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;

/// A line is written in milliseconds; whoever holds the lock for longer is stuck. What was published is
/// logged also when the command has no time left, so this counts on its own.
constexpr std::chrono::seconds kPatience{10};

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path, int reason) {
  throw Error(ErrorCode::kLocal,
              what + " the audit log " + tuf::printable(path.string()) + ": " +
                  std::generic_category().message(reason),
              "every publication is to be logged: name a file that can be written with --audit-log");
}

/// `create` is O_CREAT or 0: then none is what comes back if there is no log.
hsm::FileDescriptor open_for_appending(const std::filesystem::path& path, int create = O_CREAT) {
  constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  hsm::FileDescriptor fd(open(path.c_str(), kFlags | create, 0600));
  if (!fd && errno == ENOENT && create == 0) return fd;
  if (!fd) fail("cannot open", path, errno);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) fail("cannot open", path, errno);
  if (!S_ISREG(status.st_mode)) fail("cannot open", path, EINVAL);
  if (hsm::is_foreign(status) || (status.st_mode & S_IWOTH) != 0) {
    const std::string word = tuf::shell_path(path.string());
    throw Error(
        ErrorCode::kInsecureFile,
        "the audit log " + tuf::printable(path.string()) +
            (hsm::is_foreign(status) ? " belongs to another user, who could change it"
                                     : " can be written by everybody"),
        hsm::is_foreign(status)
            ? "name a log of your own with --audit-log, or let an administrator give you that one: chown " +
                  std::to_string(geteuid()) + " " + word
            : "take away the others' access: chmod o-w " + word);
  }
  return fd;
}

/// Whether `file`, the log or its lock, is there or could be made.
void require_makeable(const std::filesystem::path& file, const std::filesystem::path& log) {
  if (access(file.c_str(), F_OK) == 0 && access(file.c_str(), R_OK | W_OK) == 0) return;
  if (errno != ENOENT) fail("cannot open", log, errno);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (access(folder.c_str(), W_OK | X_OK) != 0) fail("cannot open", log, errno);
}

/// A limit on the size of files would let the run publish and then not be logged.
void require_room(const hsm::FileDescriptor& fd, const std::filesystem::path& path) {
  constexpr rlim_t kUsualLine = 64 << 10;
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) fail("cannot open", path, errno);
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (static_cast<rlim_t>(status.st_size) + kUsualLine > limit.rlim_cur) fail("cannot write", path, EFBIG);
}

/// All or nothing, as far as the disk allows: what was written of a line that does not fit is taken back.
void append_text(const hsm::FileDescriptor& fd, const std::string& text, const std::filesystem::path& path) {
  struct stat before {};
  if (fstat(fd.get(), &before) != 0) fail("cannot write", path, errno);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = write(fd.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      static_cast<void>(!ftruncate(fd.get(), before.st_size));  // if not even that: a line that was cut short
      fail("cannot write", path, reason);
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fdatasync(fd.get()) != 0) fail("cannot flush", path, errno);
}

Json describe(const AuditRecord& record) {
  Json body = {
      {"time", tuf::format_time(record.time)}, {"command", record.command},  {"exit_code", record.exit_code},
      {"repositories", Json::array()},         {"used_keys", Json::array()}, {"ci", record.ci},
      {"countersign", COUNTERSIGN_VERSION}};
  if (record.failure)
    body["error"] = {{"code", record.failure->code}, {"message", tuf::printable(record.failure->message)}};
  for (const PublishedRepository& repository : record.repositories)
    body["repositories"].push_back(to_evidence(repository));
  for (const tuf::KeyId& id : record.used_keys) body["used_keys"].push_back(id.hex());
  return body;
}

std::string write_line(const Json& body, const std::vector<std::shared_ptr<tuf::Signer>>& signers) {
  std::string line = write_statement(kAuditType, body, signers);
  if (line.size() <= AuditLog::kMaxLine) return line;
  Json shorter = body;
  for (Json& repository : shorter["repositories"]) {
    repository = {{"gun", repository["gun"]}, {"targets_left_out", repository["targets"].size()}};
  }
  return write_statement(kAuditType, shorter, signers);
}

}  // namespace

void AuditLog::require_writable() const {
  const hsm::FileDescriptor fd = open_for_appending(path_);  // first: no lock is left beside what is no log
  require_room(fd, path_);
  const hsm::FileLock lock(lock_path(), kPatience);
  AuditTail::read(fd.get(), tuf::printable(path_.string()));
}

void AuditLog::require_writable_later() const {
  const hsm::FileDescriptor fd = open_for_appending(path_, 0);
  if (!fd) require_makeable(path_, path_);
  require_makeable(lock_path(), path_);
  if (!fd) return;
  require_room(fd, path_);
  // Without the lock: half a line that another run is writing is no damage.
  AuditTail::read(fd.get(), tuf::printable(path_.string()));
}

AuditLog::Place AuditLog::append(const AuditRecord& record,
                                 const std::vector<std::shared_ptr<tuf::Signer>>& signers) const {
  const hsm::FileLock lock(lock_path(), kPatience);
  const hsm::FileDescriptor fd = open_for_appending(path_);
  const AuditTail tail = AuditTail::read(fd.get(), tuf::printable(path_.string()));
  Json body = describe(record);
  body["sequence"] = tail.sequence + 1;
  body["previous"] = tail.sha256;
  if (!tail.cut.empty()) {
    body["cut"] = {{"length", tail.cut.size()}, {"sha256", audit_line_hash(tail.cut)}};
  }
  const std::string line = write_line(body, signers);
  append_text(fd, (tail.is_ended ? "" : "\n") + line + "\n", path_);
  return {tail.sequence + 1, audit_line_hash(line)};
}

}  // namespace agent
