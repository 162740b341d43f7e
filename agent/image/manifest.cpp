#include "agent/image/manifest.h"

#include "agent/image/misplaced_file.h"
#include "hsm/os/free_name.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/text_encoding.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Json;

const char kNoManifest[] = "not an image manifest: ";
const char kGiveOne[] = "give an image or an index of OCI, or of Docker's schema 2";

[[noreturn]] void fail(const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable, kNoManifest + reason, kGiveOne);
}

/// A member that is a string, or else "".
std::string text_member(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

Json parse(std::string_view content) {
  try {
    return tuf::parse_foreign_json(content, "the text");
  } catch (const tuf::Error& error) {
    fail(std::string("it is not a JSON object that can be read: ") + error.what());
  }
}

std::int64_t size_member(const Json& object) {
  const auto member = object.find("size");
  return member != object.end() && member->is_number_integer() ? member->get<std::int64_t>() : 0;
}

std::vector<ManifestChild> children_of(const Json& index) {
  std::vector<ManifestChild> children;
  const auto manifests = index.find("manifests");
  if (manifests == index.end() || !manifests->is_array()) return children;
  for (const Json& descriptor : *manifests) {
    if (!descriptor.is_object()) continue;
    const auto platform = descriptor.find("platform");
    if (platform == descriptor.end() || !platform->is_object()) continue;
    Platform found{text_member(*platform, "os"), text_member(*platform, "architecture"),
                   text_member(*platform, "variant")};
    // buildx marks attestations with the platform unknown/unknown.
    if (found.os.empty() || found.os == "unknown") continue;
    children.push_back({std::move(found), text_member(descriptor, "digest"), size_member(descriptor)});
  }
  return children;
}

/// For bytes that come without a type and name none.
std::string type_by_members(const Json& json) {
  if (json.contains("manifests")) return "application/vnd.oci.image.index.v1+json";
  return json.contains("layers") && json.contains("config") ? "application/vnd.oci.image.manifest.v1+json"
                                                            : std::string();
}

}  // namespace

std::string Platform::text() const {
  return os + "/" + architecture + (variant.empty() ? std::string() : "/" + variant);
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == "application/vnd.oci.image.manifest.v1+json" ||
         media_type == "application/vnd.oci.image.index.v1+json" ||
         media_type == "application/vnd.docker.distribution.manifest.v2+json" ||
         media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
}

Manifest describe_manifest(std::string_view content, std::string_view media_type) {
  const Json json = parse(content);
  if (!json.is_object()) fail("it is not a JSON object");
  if (json.contains("manifests") && (json.contains("layers") || json.contains("config"))) {
    fail("it is an index and an image at once, so clients would disagree about what it is");
  }
  const std::string own_type = text_member(json, "mediaType");
  if (!own_type.empty() && !media_type.empty() && own_type != media_type) {
    fail("it calls itself " + tuf::printable(own_type) + ", but is held as " + tuf::printable(media_type));
  }
  const std::string type = media_type.empty() ? own_type : std::string(media_type);
  if (!is_manifest_type(type)) {
    fail(type.empty() ? "its media type is not given" : "its media type is " + tuf::printable(type));
  }
  return {Digest::of(content), static_cast<std::int64_t>(content.size()), type, children_of(json)};
}

Manifest read_manifest_file(const std::filesystem::path& path) {
  const std::string name = tuf::printable(path.string());
  const std::string content =
      hsm::InputFile(path, "the manifest", hsm::Links::kWithinFolder).read_all(kMaxManifestLength);
  try {
    // Another encoding is other bytes, so it is not converted.
    tuf::refuse_wide(content, std::string(kNoManifest) + "it", [](const std::string&) { return kGiveOne; });
    const Json json = parse(content);
    const bool untyped = json.is_object() && text_member(json, "mediaType").empty();
    return describe_manifest(content, untyped ? type_by_members(json) : std::string());
  } catch (const tuf::Error& error) {
    const std::string other = hint_for_misplaced(content, "--manifest", path);
    const std::string file = tuf::shell_path(hsm::free_name(path.string(), ".manifest"));
    throw error.with_context(name).with_hint(
        other.empty() ? "write the manifest, byte for byte, with: skopeo inspect --raw docker://IMAGE > " +
                            file + "; then name " + file
                      : other);
  }
}

}  // namespace agent
