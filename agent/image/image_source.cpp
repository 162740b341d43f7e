#include "agent/image/image_source.h"

#include <charconv>

#include "agent/image/oci_layout.h"
#include "agent/report/printable.h"
#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::string_view kHowToSize =
    "give the manifest's length in bytes: docker buildx imagetools inspect --raw IMAGE | wc -c";

std::string name_of(const ImageReference& reference) {
  return reference.gun.text() + (reference.tag ? ":" + *reference.tag : std::string());
}

}  // namespace

std::int64_t parse_size(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > tuf::kMaxJsonInteger) {
    throw Error(ErrorCode::kUsage,
                "--size \"" + printable(text, 40) + "\" is not a number of bytes from 1 to 2^53",
                std::string(kHowToSize));
  }
  return value;
}

ResolvedImage resolve_image(const ImageReference& reference, const SourceOptions& options) {
  if (!options.oci_layout) {
    if (!reference.digest) {
      throw Error(ErrorCode::kUsage, "nothing tells the digest of " + name_of(reference),
                  "write IMAGE@sha256:… with --size N, or give --oci-layout DIR[:REF]");
    }
    if (!options.size) {
      throw Error(ErrorCode::kUsage,
                  "nothing tells the size of " + name_of(reference) + "@" + reference.digest->text(),
                  "add --size N: " + std::string(kHowToSize));
    }
    return {reference, *reference.digest, *options.size, {}, {}};
  }
  Manifest manifest = read_layout(parse_layout_location(*options.oci_layout));
  const std::string origin = "--oci-layout " + printable(*options.oci_layout);
  if (reference.digest && *reference.digest != manifest.digest) {
    throw Error(ErrorCode::kInvalidDigest,
                name_of(reference) + ": the reference says " + reference.digest->text() + ", but " + origin +
                    " holds " + manifest.digest.text(),
                "leave the digest out, or give the layout of that image");
  }
  if (options.size && *options.size != manifest.length) {
    throw Error(ErrorCode::kSizeMismatch,
                name_of(reference) + ": --size says " + std::to_string(*options.size) +
                    " bytes, but the manifest in " + origin + " has " + std::to_string(manifest.length),
                "leave --size out: the layout tells it");
  }
  return {reference, manifest.digest, manifest.length, std::move(manifest.media_type),
          std::move(manifest.platforms)};
}

}  // namespace agent
