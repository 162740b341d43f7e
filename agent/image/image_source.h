// Where the digest and the size of an image come from. What is signed is a claim about exact bytes, so each
// source must either have the bytes or be the user's own word, and when there are several they must agree.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/manifest.h"
#include "agent/image/registry.h"
#include "agent/names/image_reference.h"

namespace agent {

/// What the command line says about one image besides its reference. Paths are as they were given.
struct SourceOptions {
  std::optional<std::int64_t> size;          // --size, see parse_size
  std::optional<std::string> oci_layout;     // --oci-layout DIR[:REF]
  std::optional<std::string> metadata_file;  // --metadata-file FILE[:TARGET]
  std::optional<std::string> digest_file;    // --digest-file FILE
  std::optional<std::string> manifest_file;  // --manifest FILE
  bool check_registry = false;               // the tag in the registry must be this image
  bool with_children = false;                // the images of an index are wanted
};

struct ResolvedImage {
  ImageReference reference;
  Digest digest;
  std::int64_t length = 0;              // bytes of the manifest
  std::string source;                   // who said so: "--oci-layout build", "the registry"
  std::vector<ManifestChild> children;  // of an index, if a source holds its bytes
};

/// Opens the registry of an image. Called only for images that have to be looked up there.
using OpenRegistry = std::function<Registry(const tuf::Gun&)>;

/// The value of `--size`: a whole number from 1 to 2^53. Throws kUsage.
std::int64_t parse_size(std::string_view text);

/// The image is looked up in its registry if no source tells the digest, or none tells the size (then by the
/// digest), or its children or a check are wanted. Throws kSourcesDisagree (each value is named with its
/// source), kImageNotFound, kRegistryMismatch (the tag in the registry is another image, or the digest is
/// that of one platform of what is there), and what the sources throw.
ResolvedImage resolve_image(const ImageReference& reference, const SourceOptions& options,
                            const OpenRegistry& open_registry);

/// Throws kRegistryMismatch if the tag in the registry is not, or no longer, this image. `when` is for the
/// message: "before it was signed".
void check_registry(Registry& registry, const ResolvedImage& image, const std::string& when);

/// `registry.example.com/app:1.0`
std::string name_of(const ImageReference& reference);

}  // namespace agent
