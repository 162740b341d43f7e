// SourceLocation: a file or folder that holds several images, and which of them is meant: `PATH[:NAME]`, as
// --oci-layout and --metadata-file take it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace agent {

struct SourceLocation {
  std::filesystem::path path;
  std::optional<std::string> name;
};

/// NAME may hold colons: PATH is all of `text` if that exists, or else the shortest part before a colon that
/// does. `option` is for messages. Throws kFileUnreadable if there is none, kUsage for an empty NAME.
SourceLocation parse_source_location(std::string_view text, const std::string& option);

}  // namespace agent
