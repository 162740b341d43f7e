// The images that a manifest in JSON names, or several of them one after another, as kubectl takes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/image/listed/listed_image.h"

namespace agent {

/// What ImageFinder finds; nullopt if the text does not begin with a value of JSON, but with YAML that looks
/// like it. One image that stands there twice comes twice. `name` is that of the file, for messages. Throws
/// kFileUnreadable for what ImageFinder refuses, and if what follows is not JSON. Time and memory are bounded
/// by the text's length.
std::optional<ImageList> images_in_json(std::string_view text, const std::string& name);

}  // namespace agent
