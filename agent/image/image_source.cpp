#include "agent/image/image_source.h"

#include <algorithm>
#include <charconv>

#include "agent/image/built_image.h"
#include "agent/image/oci_layout.h"
#include "agent/image/source_claim.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

SourceClaim claim_of(std::string origin, const BuiltImage& image) {
  return {std::move(origin), image.digest, image.length, std::nullopt};
}

/// What all sources say that need no registry.
std::vector<SourceClaim> local_claims(const ImageReference& reference, const SourceOptions& options) {
  std::vector<SourceClaim> claims;
  if (reference.digest) claims.push_back({"the reference", reference.digest, std::nullopt, std::nullopt});
  if (options.size) claims.push_back({"--size", std::nullopt, options.size, std::nullopt});
  if (options.metadata_file) {
    const std::string origin = "--metadata-file " + tuf::printable(*options.metadata_file);
    const SourceLocation location = parse_source_location(*options.metadata_file, "--metadata-file");
    const std::vector<BuiltImage> images = read_metadata_file(location.path);
    claims.push_back(claim_of(origin, choose_built_image(images, reference, location.name, origin)));
  }
  if (options.digest_file) {
    const std::string origin = "--digest-file " + tuf::printable(*options.digest_file);
    const std::vector<BuiltImage> images = read_digest_file(*options.digest_file);
    claims.push_back(claim_of(origin, choose_built_image(images, reference, std::nullopt, origin)));
  }
  if (options.oci_layout) {
    claims.push_back(
        SourceClaim::of("--oci-layout " + tuf::printable(*options.oci_layout),
                        read_layout(parse_source_location(*options.oci_layout, "--oci-layout"))));
  }
  if (options.manifest_file) {
    claims.push_back(SourceClaim::of("--manifest " + tuf::printable(*options.manifest_file),
                                     read_manifest_file(*options.manifest_file)));
  }
  return claims;
}

[[noreturn]] void fail_mismatch(const Registry& registry, const ResolvedImage& image,
                                const std::string& found, const std::string& when,
                                const std::string& hint = {}) {
  throw Error(ErrorCode::kRegistryMismatch,
              name_of(image.reference) + " in " + registry.name() + " is " + found + " " + when + ", not " +
                  image.digest.text() + " (" + image.source + ")",
              hint);
}

/// Compares the tag in the registry with the image. Builders that push one image for each platform tell the
/// digest of each: signed under the tag of the whole, it would turn everybody else's machines to one
/// platform, so that is refused in any case. Another or no image under the tag is refused if the user wants
/// that checked.
void compare_with_tag(Registry& registry, const ResolvedImage& image, bool must_be_equal) {
  if (!image.reference.tag) return;
  const std::optional<Manifest> whole = registry.find(*image.reference.tag);
  if (whole && whole->digest == image.digest) {
    static_cast<void>(agree(name_of(image.reference), {{image.source, {}, image.length, {}},
                                                       {registry.name(), {}, whole->length, {}}}));
    return;
  }
  for (const ManifestChild& child : whole ? whole->children : std::vector<ManifestChild>()) {
    if (child.digest != image.digest.text()) continue;
    throw Error(ErrorCode::kRegistryMismatch,
                image.digest.text() + " (" + image.source + ") is only the " + child.platform.text() +
                    " part of " + name_of(image.reference) + ", which is " + whole->digest.text() + " in " +
                    registry.name(),
                "sign the whole index: countersign sign " +
                    tuf::shell_word(name_of(image.reference) + "@" + whole->digest.text()));
  }
  if (!must_be_equal) return;
  if (!whole) fail_mismatch(registry, image, "absent", "now", "push the image under that tag first");
  fail_mismatch(registry, image, whole->digest.text(), "now",
                "push the image under that tag, or sign what is there: countersign sign " +
                    tuf::shell_word(name_of(image.reference)));
}

}  // namespace

std::string name_of(const ImageReference& reference) {
  return reference.gun.text() + (reference.tag ? ":" + *reference.tag : std::string());
}

std::int64_t parse_size(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > tuf::kMaxJsonInteger) {
    throw Error(ErrorCode::kUsage,
                "--size \"" + tuf::printable(text, 40) + "\" is not a number of bytes from 1 to 2^53",
                "give the manifest's length in bytes: skopeo inspect --raw docker://IMAGE | wc -c");
  }
  return value;
}

ResolvedImage resolve_image(const ImageReference& reference, const SourceOptions& options,
                            const OpenRegistry& open_registry) {
  const std::string name = name_of(reference);
  std::vector<SourceClaim> claims = local_claims(reference, options);
  SourceClaim known = agree(name, claims);
  const bool needs_bytes = !known.length || (options.with_children && !known.manifest);
  std::optional<Registry> registry;
  if (!known.digest || needs_bytes || options.check_registry) registry.emplace(open_registry(reference.gun));
  const bool by_tag = !known.digest;
  if (by_tag || needs_bytes) {
    std::optional<Manifest> manifest =
        by_tag ? registry->find(reference.tag.value_or("latest")) : registry->find(*known.digest);
    if (!manifest) {
      throw Error(
          ErrorCode::kImageNotFound,
          registry->name() + " has no " + (by_tag ? name : reference.gun.text() + "@" + known.digest->text()),
          by_tag ? "" : "push the image first, or name its size, too: --size N");
    }
    claims.push_back(SourceClaim::of("the registry", *std::move(manifest)));
    known = agree(name, claims);
  }
  ResolvedImage image{reference, *known.digest, *known.length, known.origin, {}};
  if (known.manifest) image.children = known.manifest->children;
  if (registry && !by_tag) compare_with_tag(*registry, image, options.check_registry);
  return image;
}

void check_registry(Registry& registry, const ResolvedImage& image, const std::string& when) {
  const std::optional<Digest> found = registry.digest_of(image.reference.tag.value_or("latest"));
  if (!found) fail_mismatch(registry, image, "absent", when);
  if (*found != image.digest) fail_mismatch(registry, image, found->text(), when);
}

}  // namespace agent
