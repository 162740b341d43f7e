// Where the digest and the size of an image come from. What is signed is a claim about exact bytes, so each
// source must either have the bytes or be the user's own word, and when there are several they must agree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/image_reference.h"
#include "agent/image/manifest.h"

namespace agent {

/// What the command line says about one image besides its reference.
struct SourceOptions {
  std::optional<std::int64_t> size;       // --size, see parse_size
  std::optional<std::string> oci_layout;  // --oci-layout DIR[:REF]
};

struct ResolvedImage {
  ImageReference reference;
  Digest digest;
  std::int64_t length = 0;          // bytes of the manifest
  std::string media_type;           // empty if only the user's word is known
  std::vector<Platform> platforms;  // as far as known
};

/// The value of `--size`: a whole number from 1 to 2^53. Throws kUsage.
std::int64_t parse_size(std::string_view text);

/// Throws kUsage if digest or size is nowhere to be had, kInvalidDigest or kSizeMismatch if two sources
/// disagree (both are named), and what `read_layout` throws.
ResolvedImage resolve_image(const ImageReference& reference, const SourceOptions& options);

}  // namespace agent
