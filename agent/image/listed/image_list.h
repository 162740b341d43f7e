// The images that a file names: a Kubernetes manifest, a compose file, or a plain list with one image a line.
//
// Hostile files end in an error: whoever writes the file must not be able to hide an image from this reader
// that kubectl or docker would run, so what two readers may take differently is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/image/listed/listed_image.h"

namespace agent {

/// Longest file, bytes.
inline constexpr std::size_t kMaxImageListLength = 16 << 20;

/// In the order of the file, none twice. What begins with an object of JSON is JSON, what is no list is
/// YAML. `name` is
/// that of the file, for messages. Throws kFileUnreadable, also if there is no image at all: a check of
/// nothing must not look like a check.
ImageList images_in(std::string_view text, const std::string& name);

}  // namespace agent
