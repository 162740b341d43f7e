// The tags of the single platforms of an image, for those who deploy by platform: `1.0-linux-arm64-v8` beside
// `1.0`.
#pragma once

#include <vector>

#include "agent/image/image_source.h"

namespace agent {

/// One image for each child of an index, under TAG-OS-ARCHITECTURE[-VARIANT]; none for an image that is not
/// one. Throws kUsage for two children of one platform, kInvalidTag and kInvalidDigest for what cannot be
/// signed, kSizeMismatch for a child without a size.
std::vector<ResolvedImage> child_images(const ResolvedImage& image);

}  // namespace agent
