// The version of a metadata file that is of no other use: too long, malformed, or from whoever.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tuf {

/// The highest `signed.version` that a server may have read in the text, whatever else is wrong with it;
/// nullopt if there is none. Builds nothing, so the text may be of any length.
std::optional<std::int64_t> find_version(std::string_view file);

}  // namespace tuf
