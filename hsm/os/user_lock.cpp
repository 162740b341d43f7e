#include "hsm/os/user_lock.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

namespace hsm {
namespace {

/// In /tmp anybody could have put a folder or a link there first: only one that is ours and closed to others
/// will do.
FileDescriptor open_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder.parent_path(), ignored);
  static_cast<void>(::mkdir(folder.c_str(), 0700));  // or it is there
  FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  const bool known = descriptor && ::fstat(descriptor.get(), &status) == 0;
  const bool safe = known && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  return safe ? std::move(descriptor) : FileDescriptor();
}

/// The lock file in the first folder that will do; none if none will.
FileDescriptor open_file(const std::vector<std::filesystem::path>& folders, const std::string& name) {
  for (const std::filesystem::path& path : folders) {
    const FileDescriptor folder = open_folder(path);
    if (!folder) continue;
    FileDescriptor file(
        ::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status {};
    if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) return file;
  }
  return FileDescriptor();
}

/// As the user database says: HOME may differ from job to job.
std::optional<std::filesystem::path> home_folder() {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> text(16 << 10);
  if (::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  if (found->pw_dir == nullptr || found->pw_dir[0] != '/') return std::nullopt;
  return std::filesystem::path(found->pw_dir);
}

}  // namespace

std::vector<std::filesystem::path> UserLock::default_folders() {
  std::vector<std::filesystem::path> folders;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && runtime[0] == '/') {
    struct stat status {};
    if (::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid()) {
      folders.push_back(std::filesystem::path(runtime) / "countersign");
    }
  }
  folders.push_back("/tmp/countersign-" + std::to_string(::geteuid()));
  if (const auto home = home_folder()) folders.push_back(*home / ".cache" / "countersign");
  return folders;
}

UserLock::UserLock(const std::string& name, const std::vector<std::filesystem::path>& folders)
    : descriptor_(open_file(folders, name)) {}

LockOutcome UserLock::wait(std::chrono::milliseconds patience) {
  return descriptor_ ? wait_for_lock(descriptor_.get(), patience) : LockOutcome::kImpossible;
}

void UserLock::release() {
  if (descriptor_) static_cast<void>(::flock(descriptor_.get(), LOCK_UN));
}

}  // namespace hsm
