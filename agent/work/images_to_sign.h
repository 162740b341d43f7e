// What is to be signed: names of images, the sources beside them, and release files, made into targets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/image/image_source.h"
#include "agent/work/run.h"
#include "agent/work/sign_images.h"
#include "tuf/base/warning.h"

namespace agent {

/// As a request names them.
struct ImageOptions {
  std::vector<std::string> images;
  std::optional<std::string> size;
  std::optional<std::string> oci_layout;
  std::optional<std::string> metadata_file;
  std::optional<std::string> digest_file;
  std::optional<std::string> manifest_file;
  std::optional<std::string> file;
  std::optional<std::string> release;
  bool check_registry = false;
  bool no_check_registry = false;
  bool platforms = false;
  bool also_children = false;
};

struct SourcedImage {
  ImageToSign target;
  std::string source;                  // for reports: "the registry"
  std::optional<ResolvedImage> image;  // nullopt: a file, or one platform of an image
};

/// By repository, each of which is one transaction.
using ImagesToSign = std::map<tuf::Gun, std::vector<SourcedImage>>;

/// Throws kUsage for options that do not go together, kSourcesDisagree for one name with two contents, and
/// what resolve_image throws. What a file of the builder tells is looked for in its registry, if that is
/// known here (kImageNotFound); one that does not answer is a warning.
ImagesToSign images_to_sign(const ImageOptions& options, Run& run, std::vector<tuf::Warning>& warnings);

}  // namespace agent
