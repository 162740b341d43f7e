#include "hsm/os/atomic_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <set>
#include <system_error>

#include "hsm/os/file_descriptor.h"
#include "tuf/base/error.h"

namespace hsm {
namespace {

constexpr std::string_view kTemporaryPrefix = ".tmp-";
constexpr std::size_t kMaxOpen = 64;  // files that are written side by side

[[noreturn]] void fail(const char* what, const std::filesystem::path& path, int reason) {
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   std::string(what) + " " + path.string() + ": " + std::generic_category().message(reason));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

void write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// rename(2) that does not replace; errno is EEXIST if there is something to replace.
bool rename_to_new(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // This file system cannot do it in one step.
  if (access(to, F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
  return rename(from, to) == 0;
}

/// A new file under a name of its own; removed again unless it is renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& folder)
      : name_((folder / (std::string(kTemporaryPrefix) + "XXXXXX")).string()),
        fd_(mkostemp(name_.data(), O_CLOEXEC)) {  // O_EXCL and 0600 are implied
    if (!fd_) fail("cannot make a file in", folder, errno);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) unlink(name_.c_str());
  }

  int fd() const { return fd_.get(); }
  /// False if `path` exists and must not be replaced.
  bool rename_to(const std::filesystem::path& path, IfExists if_exists) {
    const bool is_new = if_exists == IfExists::kFail;
    renamed_ = is_new ? rename_to_new(name_.c_str(), path.c_str()) : rename(name_.c_str(), path.c_str()) == 0;
    if (!renamed_ && !(is_new && errno == EEXIST)) fail("cannot write", path, errno);
    return renamed_;
  }

 private:
  std::string name_;
  FileDescriptor fd_;
  bool renamed_ = false;
};

/// Makes renames and new names in `folder` survive a power loss.
void flush_folder(const std::filesystem::path& folder) {
  const FileDescriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail("cannot open", folder, errno);
  // EINVAL: a file system that has nothing to flush for folders.
  if (fsync(fd.get()) != 0 && errno != EINVAL) fail("cannot flush", folder, errno);
}

void fill(const TemporaryFile& file, const FileContent& wanted, mode_t mode) {
  write_all(file.fd(), wanted.content, wanted.path);
  if (fchmod(file.fd(), mode) != 0) fail("cannot set the mode of", wanted.path, errno);
}

void flush(const TemporaryFile& file, const std::filesystem::path& path) {
  if (fsync(file.fd()) != 0) fail("cannot flush", path, errno);
}

}  // namespace

bool write_atomically(const std::filesystem::path& path, std::string_view content, mode_t mode,
                      IfExists if_exists) {
  TemporaryFile file(folder_of(path));
  fill(file, {path, content}, mode);
  flush(file, path);
  if (!file.rename_to(path, if_exists)) return false;
  flush_folder(folder_of(path));
  return true;
}

void write_all_atomically(const std::vector<FileContent>& files, mode_t mode) {
  std::set<std::filesystem::path> folders;
  for (std::size_t first = 0; first < files.size(); first += kMaxOpen) {
    const std::size_t count = std::min(kMaxOpen, files.size() - first);
    std::deque<TemporaryFile> written;
    for (std::size_t i = 0; i < count; ++i) {
      const FileContent& file = files[first + i];
      fill(written.emplace_back(folder_of(file.path)), file, mode);
      // Only a hint: what is on its way to the disk already need not be waited for one by one.
      sync_file_range(written.back().fd(), 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    for (std::size_t i = 0; i < count; ++i) flush(written[i], files[first + i].path);
    for (std::size_t i = 0; i < count; ++i) {
      written[i].rename_to(files[first + i].path, IfExists::kReplace);
      folders.insert(folder_of(files[first + i].path));
    }
  }
  for (const std::filesystem::path& folder : folders) flush_folder(folder);
}

void require_writable(const std::filesystem::path& path) {
  const std::filesystem::path folder = folder_of(path);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) fail("cannot write", path, errno);
  if (!S_ISDIR(status.st_mode)) fail("cannot write", path, ENOTDIR);
  if (access(folder.c_str(), W_OK | X_OK) != 0) fail("cannot write", path, errno);
  if (lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) fail("cannot write", path, errno);
  } else if (!S_ISREG(status.st_mode)) {
    throw tuf::Error(tuf::ErrorCode::kLocal, "cannot write " + path.string() + ": it is not a regular file");
  }
}

void require_folder(const std::filesystem::path& folder) {
  std::filesystem::path there = std::filesystem::absolute(folder).lexically_normal();
  struct stat status {};
  while (stat(there.c_str(), &status) != 0) {
    if (errno != ENOENT || there == there.parent_path()) fail("cannot make folder", folder, errno);
    there = there.parent_path();
  }
  if (!S_ISDIR(status.st_mode)) fail("cannot make folder", folder, ENOTDIR);
  if (access(there.c_str(), W_OK | X_OK) != 0) fail("cannot write", there, errno);
}

void make_folders(const std::filesystem::path& folder, mode_t mode) {
  struct stat status {};
  if (stat(folder.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) fail("cannot make folder", folder, ENOTDIR);
    return;
  }
  const std::filesystem::path parent = folder_of(folder);
  if (parent != folder) make_folders(parent, mode);
  if (mkdir(folder.c_str(), mode) != 0) {
    // Another process that makes the same folder is no failure, unless it made something else.
    if (errno == EEXIST && stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    fail("cannot make folder", folder, errno);
  }
  if (chmod(folder.c_str(), mode) != 0) fail("cannot set the mode of", folder, errno);
  flush_folder(parent);
}

std::optional<std::string> read_whole_file(const std::filesystem::path& path, std::size_t max_length) {
  // O_NONBLOCK: a pipe in its place must not hang.
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    if (errno == ELOOP) {
      throw tuf::Error(tuf::ErrorCode::kLocal, "cannot read " + path.string() + ": it is a symbolic link");
    }
    fail("cannot read", path, errno);
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) fail("cannot read", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw tuf::Error(tuf::ErrorCode::kLocal, "cannot read " + path.string() + ": it is not a regular file");
  }
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path, errno);
    if (got == 0) return content;
    // Counted while reading: the size that fstat tells may have changed since.
    if (content.size() + static_cast<std::size_t>(got) > max_length) {
      throw tuf::Error(tuf::ErrorCode::kLocal, "cannot read " + path.string() + ": it is longer than " +
                                                   std::to_string(max_length) + " bytes");
    }
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

void remove_abandoned_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::filesystem::path path = entries->path();
    if (!path.filename().string().starts_with(kTemporaryPrefix)) continue;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) fail("cannot remove", path, errno);
  }
  if (error && error != std::errc::no_such_file_or_directory) fail("cannot list", folder, error.value());
}

}  // namespace hsm
