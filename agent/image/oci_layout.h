// An OCI image layout on disk (`--oci-layout DIR[:REF]`): a folder as skopeo, buildah and crane write it, or
// the tar archive of one. The manifest is really read and hashed; nothing is taken from its descriptor on
// trust.
#pragma once

#include "agent/image/manifest.h"
#include "agent/image/source_location.h"

namespace agent {

/// The manifest that REF (`location.name`: a name in the annotations of index.json, or a digest that stands
/// there) names, or the only one. Throws kUsage if REF is not there or several images are and
/// none was named, kFileUnreadable if the layout is not one or leads out of itself by a symbolic link,
/// kSizeMismatch and kHashMismatch if the blob is not the one its descriptor describes.
Manifest read_layout(const SourceLocation& location);

}  // namespace agent
