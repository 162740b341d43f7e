#include "hsm/os/private_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "hsm/os/atomic_file.h"
#include "hsm/os/file_descriptor.h"
#include "hsm/os/free_name.h"
#include "hsm/os/ownership.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"

namespace hsm {
namespace {

using tuf::Error;
using tuf::ErrorCode;

std::string reason() {
  return std::generic_category().message(errno);
}

[[noreturn]] void fail_reading(const std::filesystem::path& path) {
  throw Error(ErrorCode::kFileUnreadable, "cannot read " + path.string() + ": " + reason())
      .with_value("FILE", path.string());
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
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) fail_reading(path);
  if (!is_handed_over(path, status)) {
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
      throw Error(ErrorCode::kFileUnreadable, "cannot read " + path.string() + ": it is a device")
          .with_value("FILE", path.string());
    }
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
    const ssize_t length = ::read(descriptor.get(), part.data(), part.size());
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
  return write_atomically(path, content, S_IRUSR | S_IWUSR, if_exists);
}

void write_new_private_file(const std::filesystem::path& path, std::string_view content) {
  if (!write_private_file(path, content, IfExists::kFail)) fail_existing(path);
}

void require_new_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) fail_existing(path);
}

void make_private_folders(const std::filesystem::path& path) {
  make_folders(path, S_IRWXU);
}

}  // namespace hsm
