#include "hsm/os/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hsm/os/free_name.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/text_encoding.h"

namespace hsm {
namespace {

/// A link to what the caller has opened for us, and no job could have put there.
bool is_descriptor(const std::filesystem::path& path) {
  return path == "/dev/stdin" || path.parent_path() == "/dev/fd" || path.parent_path() == "/proc/self/fd";
}

/// `name` says what the file is for. A file that is not there can only be looked for in the nearest folder
/// that is.
tuf::Error unreadable(const std::filesystem::path& path, const std::string& name, const std::string& reason) {
  const tuf::Error error(tuf::ErrorCode::kFileUnreadable, "cannot read " + name + ": " + reason);
  std::error_code failure;
  if (std::filesystem::symlink_status(path, failure).type() != std::filesystem::file_type::not_found)
    return error.with_value("FILE", path.string());
  std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  while (!std::filesystem::is_directory(folder, failure) && folder.has_relative_path())
    folder = folder.parent_path();
  return error.with_hint("name a file that is there, of these: ls -A " + tuf::shell_path(folder.string()));
}

}  // namespace

std::filesystem::path InputFile::find_within(const std::filesystem::path& folder,
                                             const std::filesystem::path& name) {
  const std::filesystem::path path = folder / name;
  const auto refuse = [&](const std::string& reason) {
    throw unreadable(path, tuf::printable(path.string()), reason);
  };
  std::error_code error;
  const std::filesystem::path root = std::filesystem::canonical(folder.empty() ? "." : folder, error);
  const std::filesystem::path real = error ? root : std::filesystem::canonical(root / name, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (error) refuse(error.message());
  if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end()) {
    refuse("a symbolic link leads out of its folder");
  }
  return real;
}

FileDescriptor InputFile::open_for_reading(const std::filesystem::path& path, Links links) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if (links == Links::kFollow || is_descriptor(path)) return FileDescriptor(open(path.c_str(), kFlags));
  const std::filesystem::path real = find_within(path.parent_path(), path.filename());
  return FileDescriptor(open(real.empty() ? path.c_str() : real.c_str(), kFlags | O_NOFOLLOW));
}

InputFile::InputFile(const std::filesystem::path& path, std::string what, Links links)
    : path_(path), name_(std::move(what) + " " + tuf::printable(path.string())) {
  descriptor_ = open_for_reading(path, links);
  if (!descriptor_) fail(std::strerror(errno));
  struct stat status {};
  const bool known = fstat(descriptor_.get(), &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    fail(known && S_ISDIR(status.st_mode) ? "it is a folder" : "it is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::string InputFile::read(std::uint64_t offset, std::size_t length) const {
  if (offset > size_ || length > size_ - offset) fail("it ends too early");
  std::string content(length, '\0');
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got =
        pread(descriptor_.get(), content.data() + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(std::strerror(errno));
    if (got == 0) fail("it became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  return content;
}

std::string InputFile::read_all(std::size_t max_length) const {
  if (size_ > max_length) {
    fail("it is longer than " + std::to_string(max_length) + " bytes (" + std::to_string(size_) + ")");
  }
  return read(0, static_cast<std::size_t>(size_));
}

std::string InputFile::read_text(std::size_t max_length, Convert convert) const {
  return plain_text(read_all(max_length), name_, [&](const std::string& encoding) {
    if (convert == Convert::kInPlace) return "convert it with: " + to_utf8_in_place(encoding, path_.string());
    const std::string converted = tuf::shell_path(free_name(path_.string(), ".utf8"));
    return "convert it with: iconv -f " + encoding + " -t UTF-8 " + tuf::shell_path(path_.string()) + " > " +
           converted + "; then name " + converted;
  });
}

void InputFile::fail(const std::string& reason) const {
  throw unreadable(path_, name_, reason);
}

std::string plain_text(std::string text, const std::string& name,
                       const std::function<std::string(const std::string&)>& mend) {
  tuf::refuse_wide(text, name, mend);
  text.erase(0, text.size() - tuf::without_mark(text).size());
  return text;
}

}  // namespace hsm
