// The images that a YAML stream names: a Kubernetes manifest or a compose file. JSON is YAML.
//
// Every `image` member with text counts, at any depth: containers, init and ephemeral containers, whatever a
// custom resource calls them, services of a compose file; and image volumes, `reference` below `image` and,
// in a compose file, `source` beside `type: image`. Resources that run nothing (ConfigMap, Secret,
// CustomResourceDefinition) do not count, unless an alias or a merge could make something else of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/image/listed_image.h"

namespace agent {

/// In the order of the text; one that stands there twice comes twice. `name` is that of the file, for
/// messages. Throws kFileUnreadable for what is not YAML, for an image that is put together from what stands
/// elsewhere, for a compose file that takes in others or builds what it runs, and for text documents, base64,
/// and too many values, images or levels: aliases are not expanded, so time and memory are bounded by the
/// text's length. Characters that only other readers take for the end of a line are the caller's to refuse,
/// as `images_in` does.
std::vector<ListedImage> images_in_yaml(std::string_view text, const std::string& name);

}  // namespace agent
