// The images that a YAML stream names: a Kubernetes manifest or a compose file, read by libyaml, from which
// the readers of kubectl, helm and docker descend.
#pragma once

#include <string>
#include <string_view>

#include "agent/image/listed/listed_image.h"

namespace agent {

/// What ImageFinder finds; one image that stands there twice comes twice. `name` is that of the file, for
/// messages. Throws kFileUnreadable for what ImageFinder refuses, for what is not YAML, and for what readers
/// take differently: tags but `!!str`, directives, what stands on the line of a mark between documents or
/// after the end of one. Time and memory are bounded by the text's length. Characters with which a line could
/// be hidden are the caller's to refuse, as `images_in` does.
ImageList images_in_yaml(std::string_view text, const std::string& name);

}  // namespace agent
