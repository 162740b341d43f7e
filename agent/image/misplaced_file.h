// Files that say which image is meant, told apart by what they hold: each is read by an option of its own,
// and whoever gives one to another is told which.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace agent {

/// The hint for a file that `option` cannot read, since it is what another option of `sign` takes; empty if
/// it is none of theirs.
std::string hint_for_misplaced(std::string_view content, std::string_view option,
                               const std::filesystem::path& path);

}  // namespace agent
