#include "agent/image/built_image.h"
#include "agent/image/misplaced_file.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;

/// The provenance of a large build has megabytes.
constexpr std::size_t kMaxFile = 16 << 20;

/// Provenance, which buildx puts beside what is wanted here, may hold anything, and is not kept. The
/// outermost members are those of an image, or the targets of bake.
bool keeps(std::size_t depth, std::string_view name) {
  return depth == 0 || name == "containerimage.digest" || name == "containerimage.descriptor" ||
         name == "image.name" || name == "digest" || name == "size";
}

class MetadataFile {
 public:
  explicit MetadataFile(const std::filesystem::path& path) : name_(tuf::printable(path.string())) {
    const std::string content =
        hsm::InputFile(path, "the metadata file", hsm::Links::kWithinFolder).read_text(kMaxFile);
    other_ = hint_for_misplaced(content, "--metadata-file", path);
    const Json json = parse(content);
    if (!json.is_object()) fail(ErrorCode::kFileUnreadable, "is not the JSON object that buildx writes");
    if (is_image(json)) {
      images_.push_back(read_image("", json));
      return;
    }
    for (const auto& [target, image] : json.items()) {
      if (image.is_object() && is_image(image)) images_.push_back(read_image(target, image));
    }
    if (images_.empty()) fail(ErrorCode::kFileUnreadable, "names no image that was pushed");
  }

  std::vector<BuiltImage> take() { return std::move(images_); }

 private:
  Json parse(std::string_view content) const {
    try {
      return tuf::parse_foreign_json(content, "the text", keeps);
    } catch (const Error& error) {
      fail(ErrorCode::kFileUnreadable,
           std::string("is not the JSON object that buildx writes: ") + error.what());
    }
  }

  static bool is_image(const Json& json) {
    return json.contains("containerimage.digest") || json.contains("containerimage.descriptor");
  }

  BuiltImage read_image(const std::string& target, const Json& json) const {
    const Json descriptor = json.value("containerimage.descriptor", Json::object());
    if (!descriptor.is_object()) fail(ErrorCode::kFileUnreadable, "has a descriptor that is none");
    const std::string described = text_of(descriptor, "digest");
    const std::string digest = text_of(json, "containerimage.digest");
    if (!described.empty() && !digest.empty() && digest != described) {
      fail(ErrorCode::kSourcesDisagree, "gives " + (target.empty() ? "the image" : tuf::printable(target)) +
                                            " two digests: " + tuf::printable(digest) +
                                            " (containerimage.digest) and " + tuf::printable(described) +
                                            " (containerimage.descriptor)");
    }
    BuiltImage image{target, names_of(json), digest_of(digest.empty() ? described : digest), std::nullopt};
    if (const auto size = descriptor.find("size"); size != descriptor.end()) {
      const bool usable = size->is_number_integer() && size->get<std::int64_t>() > 0;
      if (!usable) fail(ErrorCode::kFileUnreadable, "has a descriptor without a size in bytes");
      image.length = size->get<std::int64_t>();
    }
    return image;
  }

  Digest digest_of(const std::string& text) const {
    try {
      return Digest::parse(text);
    } catch (const Error& error) {
      fail(error.code(), error.what());
    }
  }

  /// `image.name`: all of them, with commas between.
  std::vector<ImageReference> names_of(const Json& json) const {
    std::vector<ImageReference> names;
    const std::string all = text_of(json, "image.name");
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = std::min(all.find(',', begin), all.size());
      std::string name = all.substr(begin, end - begin);
      begin = end + 1;
      name.erase(0, name.find_first_not_of(' '));
      if (name.empty()) continue;
      try {
        names.push_back(parse_image(name));
      } catch (const Error& error) {
        fail(ErrorCode::kFileUnreadable, std::string("has an image.name that is none: ") + error.what());
      }
    }
    return names;
  }

  static std::string text_of(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
  }

  [[noreturn]] void fail(ErrorCode code, const std::string& reason) const {
    throw Error(code, name_ + " " + reason,
                other_.empty()
                    ? "give the file that buildx writes when it pushes: --push --metadata-file FILE"
                    : other_);
  }

  std::string name_;
  std::string other_;  // the hint, if the file is for another option
  std::vector<BuiltImage> images_;
};

}  // namespace

std::vector<BuiltImage> read_metadata_file(const std::filesystem::path& path) {
  return MetadataFile(path).take();
}

}  // namespace agent
