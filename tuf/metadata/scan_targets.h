// Reads a file of targets as it is nearly always written: in wire form, with targets of the one shape. Then
// nothing is built of them but a list of where they stand. Internal to the codec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tuf {

/// Parts of the file.
struct ScannedTargets {
  std::string_view signed_part;       // `{…}`, in wire form
  std::string_view targets;           // `{…}` within it
  std::vector<std::uint32_t> starts;  // TargetMap's
  std::size_t custom_memory = 0;      // what the custom data of all takes at most, when looked at
};

/// nullopt if the file is in another form, or its targets in another shape; that says nothing against it.
/// What stands beside the targets is only known to be good JSON.
std::optional<ScannedTargets> scan_targets(std::string_view file);

}  // namespace tuf
