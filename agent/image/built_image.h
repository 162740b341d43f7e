// BuiltImage: what a builder wrote down of an image it has pushed: its names, its digest and, if the builder
// is one that tells it, the manifest's size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/names/image_reference.h"

namespace agent {

struct BuiltImage {
  std::string target;                 // of a bake file; empty elsewhere
  std::vector<ImageReference> names;  // as which it was pushed; may be none, and without tags
  Digest digest;
  std::optional<std::int64_t> length;
};

/// `--metadata-file`: the JSON of `docker buildx build`, `bake` (an image for each target) and
/// `imagetools create`, which is also the output `metadata` of docker/build-push-action and
/// docker/bake-action. Targets that were not pushed are left out. Throws kFileUnreadable if it names no
/// image, kSourcesDisagree if it gives one of them two digests, kInvalidDigest.
std::vector<BuiltImage> read_metadata_file(const std::filesystem::path& path);

/// `--digest-file`: a digest alone, as buildah, podman, skopeo and kaniko write it, or lines of
/// `REPOSITORY[:TAG]@sha256:…`, as kaniko (--image-name-with-digest-file) and ko (--image-refs) do. Throws as
/// read_metadata_file.
std::vector<BuiltImage> read_digest_file(const std::filesystem::path& path);

/// The one that was pushed as `reference`: under this name; or else to this repository; or else without a
/// name. `target` names one of a bake file instead, whatever its names. `file` is for messages. Throws kUsage
/// if none fits, or several different ones.
const BuiltImage& choose_built_image(const std::vector<BuiltImage>& images, const ImageReference& reference,
                                     const std::optional<std::string>& target, const std::string& file);

}  // namespace agent
