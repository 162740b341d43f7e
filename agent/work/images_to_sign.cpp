#include "agent/work/images_to_sign.h"

#include <algorithm>
#include <filesystem>

#include "agent/image/built_image.h"
#include "agent/image/listed/child_tags.h"
#include "agent/image/release_file.h"
#include "agent/image/source_location.h"
#include "agent/image/target_file.h"
#include "tuf/base/error.h"
#include "tuf/base/filled_hint.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr const char* kNameIt = "name the image to sign: REPO:TAG";

[[noreturn]] void fail_usage(const std::string& message, std::string hint) {
  throw Error(ErrorCode::kUsage, message, std::move(hint));
}

class Wanted {
 public:
  Wanted(const ImageOptions& options, Run& run, std::vector<tuf::Warning>& warnings)
      : options_(options), run_(run), warnings_(warnings) {
    if (options.check_registry && options.no_check_registry) {
      fail_usage("--check-registry and --no-check-registry exclude each other", "give only one of them");
    }
  }

  ImagesToSign collect() {
    for (const ReleaseEntry& entry : entries()) add(entry);
    return std::move(by_repository_);
  }

 private:
  std::vector<ReleaseEntry> entries() const {
    if (options_.release) {
      if (!options_.images.empty() || has_single_source() || has_builder_file()) {
        fail_usage("--release names the images and their sources itself",
                   "leave IMAGE and the other sources out");
      }
      return read_release_file(*options_.release);
    }
    if (options_.file && (has_single_source(/*but_file=*/true) || has_builder_file())) {
      fail_usage("--file is the content itself, not a source beside others", "leave the others out");
    }
    std::vector<std::string> images = options_.images.empty() ? built_names() : options_.images;
    if (images.empty()) fail_usage("no image is named", kNameIt);
    if (images.size() > 1 && has_single_source()) {
      fail_usage("--size, --oci-layout, --manifest and --file speak of one image, but " +
                     std::to_string(images.size()) + " are given",
                 "sign the images one by one, or write a release file: --release FILE");
    }
    std::vector<ReleaseEntry> entries;
    for (std::string& image : images) entries.push_back({std::move(image), sources(), options_.file});
    return entries;
  }

  bool has_single_source(bool but_file = false) const {
    return options_.size || options_.oci_layout || options_.manifest_file || (options_.file && !but_file);
  }
  bool has_builder_file() const { return options_.metadata_file || options_.digest_file; }

  SourceOptions sources() const {
    SourceOptions sources;
    try {
      if (options_.size) sources.size = parse_size(*options_.size);
    } catch (const Error& error) {
      // By tag or by digest: skopeo takes no name with both.
      const ImageReference image = parse_image(options_.images.front());
      throw error.with_value("IMAGE",
                             image.digest ? image.gun.text() + "@" + image.digest->text() : name_of(image));
    }
    sources.oci_layout = options_.oci_layout;
    sources.metadata_file = options_.metadata_file;
    sources.digest_file = options_.digest_file;
    sources.manifest_file = options_.manifest_file;
    return sources;
  }

  /// Without IMAGE, a builder's file says under which names it pushed.
  std::vector<std::string> built_names() const {
    std::vector<std::string> names;
    const auto add_names = [&](const std::vector<BuiltImage>& images, const auto& target) {
      for (const BuiltImage& image : images) {
        if (target && image.target != *target) continue;
        for (const ImageReference& name : image.names) {
          if (name.tag) names.push_back(name_of(name));
        }
      }
    };
    if (options_.metadata_file) {
      const SourceLocation location = parse_source_location(*options_.metadata_file, "--metadata-file");
      add_names(read_metadata_file(location.path), location.name);
    } else if (options_.digest_file) {
      add_names(read_digest_file(*options_.digest_file), std::optional<std::string>());
    }
    if (names.empty() && has_builder_file()) {
      fail_usage("no image is named, and the builder's file names none with a tag", kNameIt);
    }
    return names;
  }

  void add(const ReleaseEntry& entry) {
    if (entry.file) {
      TargetName name = parse_target_name(entry.image);
      add(name.gun, {{std::move(name.name), hash_target_file(*entry.file)}, "--file " + *entry.file, {}});
      return;
    }
    const ImageReference reference = parse_image(entry.image);
    if (!reference.tag) {
      throw Error(ErrorCode::kInvalidReference, reference.gun.text() + " is given without a tag",
                  "name the tag to sign: " + reference.gun.text() + ":TAG");
    }
    SourceOptions sources = entry.sources;
    sources.check_registry = options_.check_registry;
    sources.with_children = options_.platforms || options_.also_children;
    ResolvedImage image = [&] {
      try {
        return resolve(reference, sources);
      } catch (const Error& error) {
        throw error.with_value("IMAGE", name_of(reference));
      }
    }();
    add(reference.gun, to_target(image));
    if (options_.also_children) {
      for (const ResolvedImage& child : child_images(image)) {
        SourcedImage wanted = to_target(child);
        wanted.image.reset();
        add(reference.gun, std::move(wanted));
      }
    }
  }

  ResolvedImage resolve(const ImageReference& reference, const SourceOptions& sources) {
    bool asked = options_.no_check_registry;
    ResolvedImage image = resolve_image(reference, sources, [&](const tuf::Gun& gun) {
      asked = true;
      return run_.open_registry(gun);
    });
    const bool built = sources.oci_layout || sources.manifest_file || sources.metadata_file;
    if (built && !asked) look_into_known_registry(image, sources);
    return image;
  }

  /// What was converted while it was pushed, or not pushed at all, would be signed for nobody. The tag may
  /// have moved on since: what is signed is what was built.
  void look_into_known_registry(const ResolvedImage& image, const SourceOptions& sources) {
    const std::string name = name_of(image.reference);
    try {
      auto registry = run_.open_known_registry(image.reference.gun);
      if (!registry || registry->digest_of(image.digest.text())) return;
      throw Error(
          ErrorCode::kImageNotFound,
          registry->name() + " has no " + image.reference.gun.text() + "@" + image.digest.text() + " (" +
              image.source + "), so nobody could pull what is signed",
          sources.oci_layout
              ? "push it without converting it: " + push_command(image.reference, *sources.oci_layout) +
                    "; or sign what is there: countersign sign " + tuf::shell_word(name)
              : "push it before it is signed; or sign what is there: countersign sign " +
                    tuf::shell_word(name));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kImageNotFound) throw;
      warnings_.push_back(
          {"REGISTRY_NOT_CHECKED",
           "whether the registry has " + name + " as " + image.digest.text() +
               " was not found out: " + error.what() +
               (error.hint().empty()
                    ? ""
                    : " (" + tuf::filled_in(error.hint(), error.with_value("IMAGE", name)) + ")") +
               "; --check-registry demands it, --no-check-registry does not ask"});
    }
  }

  std::string push_command(const ImageReference& reference, const std::string& layout) const {
    const Url url = registry_url(reference.gun, run_.settings().insecure_registries());
    const bool folder = std::filesystem::is_directory(parse_source_location(layout, "--oci-layout").path);
    return std::string("skopeo copy --all --preserve-digests ") +
           (url.is_https() ? "" : "--dest-tls-verify=false ") +
           tuf::shell_word((folder ? "oci:" : "oci-archive:") + layout) + " " +
           tuf::shell_word("docker://" + name_of(reference));
  }

  static SourcedImage to_target(const ResolvedImage& image) {
    return {{*image.reference.tag, {{{"sha256", image.digest.bytes()}}, image.length, std::nullopt}},
            image.source,
            image};
  }

  void add(const tuf::Gun& gun, SourcedImage wanted) {
    std::vector<SourcedImage>& images = by_repository_[gun];
    const auto same = std::find_if(images.begin(), images.end(), [&](const SourcedImage& other) {
      return other.target.name == wanted.target.name;
    });
    if (same == images.end()) {
      images.push_back(std::move(wanted));
    } else if (same->target.target.hashes != wanted.target.target.hashes ||
               same->target.target.length != wanted.target.target.length) {
      throw Error(ErrorCode::kSourcesDisagree,
                  gun.text() + ":" + wanted.target.name + " is named twice, with different contents (" +
                      same->source + ", " + wanted.source + ")",
                  "name it once, or give one of them another tag");
    }
  }

  const ImageOptions& options_;
  Run& run_;
  std::vector<tuf::Warning>& warnings_;
  ImagesToSign by_repository_;
};

}  // namespace

ImagesToSign images_to_sign(const ImageOptions& options, Run& run, std::vector<tuf::Warning>& warnings) {
  return Wanted(options, run, warnings).collect();
}

}  // namespace agent
