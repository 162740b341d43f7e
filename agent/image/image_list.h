// The images that a file names: a Kubernetes manifest, a compose file, or a plain list with one image a line.
//
// In YAML (JSON is YAML) every `image` member with text counts, at any depth: containers, init and ephemeral
// containers, whatever a custom resource calls them, services of a compose file; and `reference` below
// `image`, as in image volumes. Resources that run nothing (ConfigMap, Secret, CustomResourceDefinition) do
// not count, unless an alias or a merge could make something else of them. Hostile files end in an error:
// aliases are not expanded, depth, values and images are bounded, and what other readers of YAML would take
// for something else is refused: whoever writes the file must not be able to hide an image from this one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// Longest file, bytes.
inline constexpr std::size_t kMaxImageListLength = 16 << 20;

struct ListedImage {
  std::string text;
  int line;
};

/// In the order of the file, none twice. `name` is that of the file, for messages. Throws kFileUnreadable,
/// also if there is no image at all: a check of nothing must not look like a check.
std::vector<ListedImage> images_in(std::string_view text, const std::string& name);

}  // namespace agent
