#include "hsm/pkcs11/startup_lock.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace hsm {
namespace {

constexpr std::chrono::milliseconds kPause{10};

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// In /tmp anybody could have put a folder or a link there first: only one that is ours and closed to others
/// will do.
Descriptor open_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder.parent_path(), ignored);
  static_cast<void>(::mkdir(folder.c_str(), 0700));  // or it is there
  Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  const bool known = descriptor.get() >= 0 && ::fstat(descriptor.get(), &status) == 0;
  const bool safe = known && status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
  return safe ? std::move(descriptor) : Descriptor(-1);
}

/// The lock file in the first folder that will do; none if none will.
Descriptor open_file(const std::vector<std::filesystem::path>& folders, const std::string& name) {
  for (const std::filesystem::path& path : folders) {
    const Descriptor folder = open_folder(path);
    if (folder.get() < 0) continue;
    Descriptor file(::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status {};
    if (file.get() >= 0 && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) return file;
  }
  return Descriptor(-1);
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

std::vector<std::filesystem::path> StartupLock::default_folders() {
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

StartupLock::StartupLock(const std::string& module_path, const std::vector<std::filesystem::path>& folders,
                         std::chrono::milliseconds timeout) {
  const std::string name =
      "token-" + tuf::to_hex(tuf::sha256(tuf::as_bytes(module_path))).substr(0, 16) + ".lock";
  Descriptor file = open_file(folders, name);

  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return;  // a file system without locks
    if (std::chrono::steady_clock::now() >= deadline) {
      throw tuf::Error(tuf::ErrorCode::kLocked,
                       "another process of this user has been starting with " + module_path + " for too long",
                       "wait for it to end; see which it is with: lslocks | grep " + name);
    }
    std::this_thread::sleep_for(kPause);
  }
  descriptor_ = file.release();
}

StartupLock::StartupLock(StartupLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StartupLock::~StartupLock() {
  if (descriptor_ >= 0) ::close(descriptor_);  // and the lock with it
}

}  // namespace hsm
