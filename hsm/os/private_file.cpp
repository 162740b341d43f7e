#include "hsm/os/private_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "hsm/os/free_name.h"
#include "hsm/os/ownership.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"

namespace hsm {
namespace {

using tuf::Error;
using tuf::ErrorCode;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }
  /// Closes now, since only this tells of the last errors of a write.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string reason() {
  return std::generic_category().message(errno);
}

[[noreturn]] void fail_reading(const std::filesystem::path& path) {
  throw Error(ErrorCode::kFileUnreadable, "cannot read " + path.string() + ": " + reason())
      .with_value("FILE", path.string());
}

[[noreturn]] void fail_writing(const std::filesystem::path& path) {
  throw Error(ErrorCode::kLocal, "cannot write " + path.string() + ": " + reason());
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system that has nothing to flush for folders.
  return descriptor.ok() && (::fsync(descriptor.number()) == 0 || errno == EINVAL);
}

/// rename(2) that does not replace; errno is EEXIST if there is something to replace.
bool rename_to_new(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // This file system cannot do it in one step.
  if (::access(to, F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from, to) == 0;
}

/// A pipe, such as a shell makes for `<(…)`, or a file that has no name any more, as for `<<EOF`: nobody else
/// can open it.
bool is_handed_over(const std::filesystem::path& path, const struct stat& status) {
  const std::filesystem::path folder = path.parent_path();
  const bool descriptor = folder == "/dev/fd" || folder == "/proc/self/fd" || path == "/dev/stdin";
  return descriptor && (!S_ISREG(status.st_mode) || status.st_nlink == 0);
}

[[noreturn]] void fail_existing(const std::filesystem::path& path) {
  throw Error(ErrorCode::kLocal, path.string() + " exists already", "choose another file, or remove it");
}

}  // namespace

PrivateFile read_private_file(const std::filesystem::path& path, std::size_t max_size) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (!descriptor.ok() || ::fstat(descriptor.number(), &status) != 0) fail_reading(path);
  if (!is_handed_over(path, status)) {
    if (is_foreign(status)) {
      const std::string name = tuf::shell_path(path.string());
      const std::string own = tuf::shell_path(free_name(path.string(), ".own"));
      throw Error(ErrorCode::kInsecureFile, path.string() + " belongs to another user, who could change it",
                  "put a copy of your own in its place: install -m 600 " + name + " " + own + " && mv -f " +
                      own + " " + name);
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
      throw Error(ErrorCode::kInsecureFile, path.string() + " can be written by others")
          .with_value("FILE", path.string());
    }
  }
  PrivateFile file;
  file.others_can_read = S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  SecretBytes part(4096);
  while (true) {
    const ssize_t length = ::read(descriptor.number(), part.data(), part.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) fail_reading(path);
    if (length == 0) return file;
    file.content.insert(file.content.end(), part.begin(), part.begin() + length);
    if (file.content.size() > max_size) {
      throw Error(ErrorCode::kFileUnreadable, path.string() + " is too long for what it should hold")
          .with_value("FILE", path.string());
    }
  }
}

bool write_private_file(const std::filesystem::path& path, std::string_view content, IfExists if_exists) {
  const std::filesystem::path folder = folder_of(path);
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!descriptor.ok()) fail_writing(path);
  bool ok =
      write_all(descriptor.number(), content) && ::fsync(descriptor.number()) == 0 && descriptor.close();
  if (ok && if_exists == IfExists::kFail) {
    ok = rename_to_new(temporary.c_str(), path.c_str());
  } else if (ok) {
    ok = ::rename(temporary.c_str(), path.c_str()) == 0;
  }
  if (!ok) {
    const int error = errno;
    ::unlink(temporary.c_str());
    if (if_exists == IfExists::kFail && error == EEXIST) return false;
    errno = error;
    fail_writing(path);
  }
  if (!sync_folder(folder)) fail_writing(path);
  return true;
}

void write_new_private_file(const std::filesystem::path& path, std::string_view content) {
  if (!write_private_file(path, content, IfExists::kFail)) fail_existing(path);
}

void require_new_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) fail_existing(path);
}

void make_private_folders(const std::filesystem::path& path) {
  std::filesystem::path folder;
  for (const std::filesystem::path& name : path) {
    folder /= name;
    if (::mkdir(folder.c_str(), S_IRWXU) == 0) continue;
    const int error = errno;
    struct stat status {};
    if (error == EEXIST && ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    errno = error;
    throw Error(ErrorCode::kLocal, "cannot make the folder " + folder.string() + ": " + reason());
  }
}

}  // namespace hsm
