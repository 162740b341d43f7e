#include "hsm/pkcs11/startup_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace hsm {
namespace {

constexpr std::chrono::milliseconds kPause{10};

tuf::Error unsafe(const std::filesystem::path& path, const std::string& why) {
  return {tuf::ErrorCode::kLocal, "start-up lock " + path.string() + ": " + why,
          "remove it, or set XDG_RUNTIME_DIR to a folder of your own"};
}

std::string reason() {
  return std::strerror(errno);
}

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
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw unsafe(folder, reason());
  Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0) throw unsafe(folder, reason());
  if (status.st_uid != ::geteuid()) throw unsafe(folder, "the folder belongs to another user");
  if ((status.st_mode & 077) != 0) throw unsafe(folder, "the folder is open to other users");
  return descriptor;
}

Descriptor open_file(const Descriptor& folder, const std::string& name, const std::filesystem::path& path) {
  Descriptor file(::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) throw unsafe(path, reason());
  if (!S_ISREG(status.st_mode)) throw unsafe(path, "not a plain file");
  return file;
}

}  // namespace

std::filesystem::path StartupLock::default_folder() {
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && runtime[0] == '/') {
    struct stat status {};
    if (::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid()) {
      return std::filesystem::path(runtime) / "countersign";
    }
  }
  return "/tmp/countersign-" + std::to_string(::geteuid());
}

StartupLock::StartupLock(const std::string& module_path, const std::filesystem::path& folder,
                         std::chrono::milliseconds timeout) {
  const std::filesystem::path place = folder.empty() ? default_folder() : folder;
  const std::string name =
      "token-" + tuf::to_hex(tuf::sha256(tuf::as_bytes(module_path))).substr(0, 16) + ".lock";
  const std::filesystem::path path = place / name;
  Descriptor file = open_file(open_folder(place), name, path);

  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw unsafe(path, reason());
    if (std::chrono::steady_clock::now() >= deadline) {
      throw tuf::Error(
          tuf::ErrorCode::kLocked,
          "another process has been starting with " + module_path + " for too long (" + path.string() + ")",
          "see who holds it: fuser -v " + path.string());
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
