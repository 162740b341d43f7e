#include "agent/image/built_image.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::size_t kMaxListed = 20;  // images in a message

std::string name_of(const ImageReference& name) {
  return name.gun.text() + (name.tag ? ":" + *name.tag : std::string());
}

std::string name_of(const BuiltImage& image) {
  if (!image.target.empty()) return tuf::printable(image.target);
  return image.names.empty() ? image.digest.text() : name_of(image.names.front());
}

std::string listing(const std::vector<BuiltImage>& images) {
  std::string out;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (i == kMaxListed) return out + ", …";
    out += (i == 0 ? "" : ", ") + name_of(images[i]);
  }
  return out;
}

template <class Predicate>
std::vector<const BuiltImage*> fitting(const std::vector<BuiltImage>& images, Predicate fits) {
  std::vector<const BuiltImage*> found;
  for (const BuiltImage& image : images) {
    if (fits(image)) found.push_back(&image);
  }
  return found;
}

std::vector<const BuiltImage*> candidates(const std::vector<BuiltImage>& images,
                                          const ImageReference& reference,
                                          const std::optional<std::string>& target) {
  if (target) return fitting(images, [&](const BuiltImage& image) { return image.target == *target; });
  const auto is_repository = [&](const ImageReference& name) { return name.gun == reference.gun; };
  const auto is_image = [&](const ImageReference& name) {
    return is_repository(name) && name.tag == reference.tag;
  };
  const auto any_name = [](const auto& accept) {
    return [&accept](const BuiltImage& image) {
      return std::any_of(image.names.begin(), image.names.end(), accept);
    };
  };
  std::vector<const BuiltImage*> found = fitting(images, any_name(is_image));
  if (found.empty()) found = fitting(images, any_name(is_repository));
  if (found.empty()) found = fitting(images, [](const BuiltImage& image) { return image.names.empty(); });
  return found;
}

}  // namespace

const BuiltImage& choose_built_image(const std::vector<BuiltImage>& images, const ImageReference& reference,
                                     const std::optional<std::string>& target, const std::string& file) {
  const std::vector<const BuiltImage*> found = candidates(images, reference, target);
  if (found.empty()) {
    const std::string wanted = target ? "target \"" + tuf::printable(*target) + "\"" : name_of(reference);
    throw Error(ErrorCode::kUsage, file + " speaks of " + listing(images) + ", not of " + wanted,
                "give the file of that build, or the digest itself: IMAGE@sha256:… --size N");
  }
  for (const BuiltImage* image : found) {
    if (image->digest == found.front()->digest) continue;
    throw Error(ErrorCode::kUsage,
                file + " has several images that could be " + name_of(reference) + ": " + listing(images),
                (found.front()->target.empty() ? "" : "name the target: " + file + ":TARGET; or ") +
                    "give the digest itself: IMAGE@sha256:… --size N");
  }
  return *found.front();
}

}  // namespace agent
