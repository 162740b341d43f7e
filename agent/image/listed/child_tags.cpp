#include "agent/image/listed/child_tags.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr const char* kWithout = "sign it without --also-children";

std::string tag_of(const ResolvedImage& image, const Platform& platform) {
  std::string tag = *image.reference.tag + "-" + platform.text();
  std::replace(tag.begin(), tag.end(), '/', '-');
  if (is_valid_tag(tag)) return tag;
  throw Error(ErrorCode::kInvalidTag,
              "\"" + tuf::printable(tag, 160) + "\", for one platform of " + name_of(image.reference) +
                  ", is not a tag",
              "sign it under a shorter tag, or without --also-children");
}

Digest digest_of(const ManifestChild& child) {
  try {
    return Digest::parse(child.digest);
  } catch (const Error& error) {
    throw error.with_context(child.platform.text()).with_hint(kWithout);
  }
}

}  // namespace

std::vector<ResolvedImage> child_images(const ResolvedImage& image) {
  std::vector<ResolvedImage> images;
  for (const ManifestChild& child : image.children) {
    ResolvedImage one{image.reference, digest_of(child), child.length, image.source, {}};
    one.reference.tag = tag_of(image, child.platform);
    one.reference.digest.reset();
    if (child.length < 1) {
      throw Error(ErrorCode::kSizeMismatch,
                  "the index of " + name_of(image.reference) + " gives no size for " + child.platform.text(),
                  kWithout);
    }
    const bool twice = std::any_of(images.begin(), images.end(), [&](const ResolvedImage& other) {
      return other.reference.tag == one.reference.tag;
    });
    if (twice) {
      throw Error(ErrorCode::kUsage,
                  name_of(image.reference) + " has several images for " + child.platform.text(), kWithout);
    }
    images.push_back(std::move(one));
  }
  return images;
}

}  // namespace agent
