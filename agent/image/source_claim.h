// SourceClaim: what one source says of an image, and which source that is. What is signed is a claim about
// exact bytes, so sources that speak of the same image must say the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/image/manifest.h"

namespace agent {

struct SourceClaim {
  std::string origin;  // for messages: "--metadata-file build.json"
  std::optional<Digest> digest;
  std::optional<std::int64_t> length;
  std::optional<Manifest> manifest;  // if the source holds the bytes

  /// Of a source that holds the bytes.
  static SourceClaim of(std::string origin, Manifest manifest);
};

/// All that `claims` say together. Throws kSourcesDisagree, with each value and who says it; `image` names
/// the image.
SourceClaim agree(const std::string& image, const std::vector<SourceClaim>& claims);

}  // namespace agent
