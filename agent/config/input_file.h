// InputFile: a file that the user named and that is only read: configuration, certificates, image layouts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace agent {

class InputFile {
 public:
  /// Opens a regular file; a pipe or device is refused without waiting for it. `what` names it in messages
  /// ("the CA file"). Throws kFileUnreadable.
  InputFile(const std::filesystem::path& path, std::string what);
  InputFile(const InputFile&) = delete;  // owns a descriptor
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// Bytes at the time of opening.
  std::uint64_t size() const { return size_; }
  /// The bytes of [offset, offset + length). Throws kFileUnreadable if the file ends before.
  std::string read(std::uint64_t offset, std::size_t length) const;
  /// The whole file. Throws kFileUnreadable if it is longer than `max_length`.
  std::string read_all(std::size_t max_length) const;

 private:
  [[noreturn]] void fail(const std::string& reason) const;

  std::string name_;  // for messages
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace agent
