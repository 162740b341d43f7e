// InputFile: a file that the user named and that is only read: configuration, certificates, image layouts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "hsm/os/file_descriptor.h"

namespace hsm {

/// Which symbolic links lead to a file: every one, or, for what an untrusted job may have left, only those
/// that stay in the folder (as those of mounted volumes do). Else a link could make us read, and tell of, a
/// secret that the job cannot read itself.
enum class Links { kFollow, kWithinFolder };

enum class Convert { kBeside, kInPlace };

class InputFile {
 public:
  /// Opens a regular file; a pipe or device is refused without waiting for it. `what` names it in messages
  /// ("the CA file"). Throws kFileUnreadable.
  InputFile(const std::filesystem::path& path, std::string what, Links links = Links::kFollow);

  /// Bytes at the time of opening.
  std::uint64_t size() const { return size_; }
  /// The bytes of [offset, offset + length). Throws kFileUnreadable if the file ends before.
  std::string read(std::uint64_t offset, std::size_t length) const;
  /// The whole file. Throws kFileUnreadable if it is longer than `max_length`.
  std::string read_all(std::size_t max_length) const;
  /// The same of a file of text: without the byte order mark that Windows programs put before UTF-8. Throws
  /// kFileUnreadable for UTF-16 and UTF-32, with the command that converts it: into a file of another name,
  /// unless the file may hold secrets and is looked for under this one.
  std::string read_text(std::size_t max_length, Convert convert = Convert::kBeside) const;

  /// Where `name` in `folder` really is; empty if there is nothing. Throws kFileUnreadable if it is not
  /// inside.
  static std::filesystem::path find_within(const std::filesystem::path& folder,
                                           const std::filesystem::path& name);
  /// A descriptor of whatever is there, opened without waiting for anybody; none, and errno says why, if
  /// there is nothing. Throws kFileUnreadable for a link that `links` does not allow.
  static FileDescriptor open_for_reading(const std::filesystem::path& path, Links links);

 private:
  [[noreturn]] void fail(const std::string& reason) const;

  std::filesystem::path path_;
  std::string name_;  // for messages
  FileDescriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// The text that was read of `name` ("the policy p.json"), as InputFile::read_text gives it; `mend` is the
/// hint for another encoding, which it gets by name.
std::string plain_text(std::string text, const std::string& name,
                       const std::function<std::string(const std::string&)>& mend);

}  // namespace hsm
