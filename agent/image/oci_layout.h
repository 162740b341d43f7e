// An OCI image layout on disk (`--oci-layout DIR[:REF]`): a folder as skopeo, buildah and crane write it, or
// the tar archive of one. The manifest is really read and hashed; nothing is taken from its descriptor on
// trust.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "agent/image/manifest.h"

namespace agent {

struct LayoutLocation {
  std::filesystem::path path;      // a folder or an archive
  std::optional<std::string> ref;  // as in the annotations of index.json, or a digest that stands there
};

/// Splits `DIR[:REF]`. REF may hold colons: DIR is all of `text` if that exists, or else the shortest part
/// before a colon that does. Throws kFileUnreadable if there is none.
LayoutLocation parse_layout_location(std::string_view text);

/// The manifest that REF names, or the only one. Throws kUsage if REF is not there or several images are and
/// none was named, kFileUnreadable if the layout is not one or leads out of itself by a symbolic link,
/// kSizeMismatch and kHashMismatch if the blob is not the one its descriptor describes.
Manifest read_layout(const LayoutLocation& location);

}  // namespace agent
