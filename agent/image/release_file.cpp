#include "agent/image/release_file.h"

#include <map>

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

constexpr std::size_t kMaxFile = 4 << 20;
constexpr const char* kSchema = "countersign/release/v1";

class ReleaseFile {
 public:
  explicit ReleaseFile(const std::filesystem::path& path) : path_(path) {}

  std::vector<ReleaseEntry> read() const {
    const std::string text =
        hsm::InputFile(path_, "the release file", hsm::Links::kWithinFolder).read_text(kMaxFile);
    const std::string other = hint_for_misplaced(text, "--release", path_);
    Json json;
    try {
      json = tuf::parse_json(text, "the release");
    } catch (const Error& error) {
      fail(error.what(), other);
    }
    if (!json.is_object()) fail("it is not a JSON object", other);
    if (json.value("schema", Json()) != kSchema) fail(std::string("its \"schema\" is not ") + kSchema, other);
    // From here on it is a release, and may be quoted.
    for (const auto& [name, value] : json.items()) {
      if (name != "schema" && name != "images") fail("\"" + tuf::printable(name) + "\" is not known");
    }
    const Json images = json.value("images", Json());
    if (!images.is_array() || images.empty()) fail("its \"images\" is not a list of images");
    std::vector<ReleaseEntry> entries;
    for (const Json& image : images) entries.push_back(read_entry(image, entries.size() + 1));
    return entries;
  }

 private:
  ReleaseEntry read_entry(const Json& json, std::size_t number) const {
    const std::string where = "image " + std::to_string(number);
    if (!json.is_object()) fail(where + " is not an object");
    ReleaseEntry entry;
    SourceOptions& sources = entry.sources;
    const std::map<std::string, std::optional<std::string>*> paths = {
        {"oci-layout", &sources.oci_layout},
        {"metadata-file", &sources.metadata_file},
        {"digest-file", &sources.digest_file},
        {"manifest", &sources.manifest_file},
        {"file", &entry.file}};
    for (const auto& [name, value] : json.items()) {
      const auto path = paths.find(name);
      if (path != paths.end()) {
        *path->second = (path_.parent_path() / text_of(value, where, name)).string();
      } else if (name == "image") {
        entry.image = text_of(value, where, name);
      } else if (name == "size") {
        if (!value.is_number_integer()) fail(where + ": \"size\" is not a number of bytes");
        try {
          sources.size = parse_size(value.dump());
        } catch (const Error& error) {
          fail(where + ": " + error.what());
        }
      } else {
        fail(where + ": \"" + tuf::printable(name) + "\" is not known");
      }
    }
    if (entry.image.empty()) fail(where + " has no \"image\"");
    if (entry.file && json.size() > 2) fail(where + ": a \"file\" stands alone with its \"image\"");
    return entry;
  }

  std::string text_of(const Json& value, const std::string& where, const std::string& name) const {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      fail(where + ": \"" + name + "\" is not a text");
    }
    return value.get<std::string>();
  }

  [[noreturn]] void fail(const std::string& reason, const std::string& hint = {}) const {
    throw Error(ErrorCode::kConfig, tuf::printable(path_.string()) + ": " + reason,
                hint.empty() ? "how a release file is written stands in docs/images.md" : hint);
  }

  std::filesystem::path path_;
};

}  // namespace

std::vector<ReleaseEntry> read_release_file(const std::filesystem::path& path) {
  return ReleaseFile(path).read();
}

}  // namespace agent
