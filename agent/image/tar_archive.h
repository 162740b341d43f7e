// TarArchive: reads single small files out of an uncompressed tar archive, such as
// `docker buildx build --output type=oci` and `docker save` write. Nothing is unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "hsm/os/input_file.h"

namespace agent {

class TarArchive {
 public:
  /// Goes through the headers (ustar, GNU and pax). Throws kFileUnreadable if it is none, is cut off, or
  /// holds one file twice.
  explicit TarArchive(const std::filesystem::path& path);

  /// The regular file of that name ("blobs/sha256/…", no leading "./"); nullopt if there is none. Throws
  /// kFileUnreadable if it is longer than `max_length`.
  std::optional<std::string> read(const std::string& name, std::size_t max_length) const;

 private:
  struct Entry {
    std::uint64_t offset;
    std::uint64_t length;
  };
  void index();
  [[noreturn]] void fail(const std::string& reason,
                         const std::string& hint = "write the archive again") const;
  [[noreturn]] void fail_on_other_kind(const std::string& begin) const;

  std::string path_;  // for messages
  hsm::InputFile file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace agent
