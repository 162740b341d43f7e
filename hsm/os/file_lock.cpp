#include "hsm/os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <thread>

#include "tuf/base/error.h"

namespace hsm {
namespace {

constexpr std::chrono::milliseconds kPollInterval{3};

[[noreturn]] void fail(const std::filesystem::path& path, int reason) {
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   "cannot lock " + path.string() + ": " + std::generic_category().message(reason));
}

/// Whoever holds the lock has written its number here, for this message only.
[[noreturn]] void throw_locked(const std::filesystem::path& path, int fd) {
  char text[16] = {};
  const ssize_t length = pread(fd, text, sizeof text, 0);
  long pid = 0;
  const auto parsed = std::from_chars(text, text + (length > 0 ? length : 0), pid);
  const bool known = parsed.ec == std::errc() && pid > 0;
  throw tuf::Error(tuf::ErrorCode::kLocked,
                   path.string() + " is locked by " +
                       (known ? "process " + std::to_string(pid) : std::string("another process")));
}

/// False if somebody removed or replaced the file while we waited: then the lock keeps nobody out.
bool still_at(const std::filesystem::path& path, int fd) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(fd, &ours) == 0 && lstat(path.c_str(), &theirs) == 0 && ours.st_dev == theirs.st_dev &&
         ours.st_ino == theirs.st_ino;
}

void write_pid(int fd) {
  const std::string pid = std::to_string(getpid()) + "\n";
  // The lock holds without it.
  if (ftruncate(fd, 0) == 0) static_cast<void>(!pwrite(fd, pid.data(), pid.size(), 0));
}

}  // namespace

LockOutcome wait_for_lock(int descriptor, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return LockOutcome::kImpossible;
    if (std::chrono::steady_clock::now() >= deadline) return LockOutcome::kBusy;
    std::this_thread::sleep_for(kPollInterval);
  }
  return LockOutcome::kHeld;
}

FileLock::FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    FileDescriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) fail(path, errno);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    switch (wait_for_lock(fd.get(), left)) {
      case LockOutcome::kHeld:
        break;
      case LockOutcome::kBusy:
        throw_locked(path, fd.get());
      case LockOutcome::kImpossible:
        fail(path, errno);
    }
    if (still_at(path, fd.get())) {
      write_pid(fd.get());
      fd_ = std::move(fd);
      return;
    }
  }
}

}  // namespace hsm
