#include "agent/image/oci_layout.h"

#include <algorithm>
#include <set>
#include <vector>

#include "agent/image/tar_archive.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/text_encoding.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
namespace fs = std::filesystem;

constexpr std::size_t kMaxListed = 20;  // names in a message
constexpr const char* kWriteAgain = "the layout is damaged or was changed: write it again";

/// Reads files of a layout by their name inside it.
class LayoutFiles {
 public:
  explicit LayoutFiles(const fs::path& path) : root_(path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      archive_.emplace(path);
      return;
    }
    root_ = fs::canonical(path, error);
    if (error) fail(path, error.message());
  }

  /// nullopt if there is no such file.
  std::optional<std::string> read(const std::string& name) const {
    if (archive_) return archive_->read(name, kMaxManifestLength);
    // A layout may come out of a job that is not trusted: what it names must be inside.
    const fs::path real = hsm::InputFile::find_within(root_, name);
    if (real.empty()) return std::nullopt;
    return hsm::InputFile(real, "the layout's file", hsm::Links::kWithinFolder).read_all(kMaxManifestLength);
  }

 private:
  [[noreturn]] static void fail(const fs::path& path, const std::string& reason) {
    throw Error(ErrorCode::kFileUnreadable, "cannot read " + tuf::printable(path.string()) + ": " + reason);
  }

  fs::path root_;  // canonical, if it is a folder
  std::optional<TarArchive> archive_;
};

/// An entry of `manifests` in index.json.
struct Descriptor {
  std::string digest;
  std::int64_t size = 0;
  std::string media_type;
  std::vector<std::string> names;  // by which REF can mean it

  /// Layouts of an image with several tags hold one entry for each.
  bool same_blob(const Descriptor& other) const {
    return digest == other.digest && size == other.size && media_type == other.media_type;
  }
};

class Layout {
 public:
  explicit Layout(const SourceLocation& location)
      : location_(location), name_(tuf::printable(location.path.string())), files_(location.path) {
    const std::optional<std::string> text = files_.read("index.json");
    if (!text)
      fail(ErrorCode::kFileUnreadable, "there is no index.json, so it is not an OCI image layout",
           "name a folder or an archive that holds an index.json");
    read_index(*text);
  }

  Manifest manifest() const {
    const Descriptor& chosen = choose();
    const Digest digest = blob_digest(chosen);
    const std::optional<std::string> content = files_.read("blobs/sha256/" + digest.hex());
    if (!content) fail(ErrorCode::kFileUnreadable, "the blob " + digest.text() + " is missing", kWriteAgain);
    if (static_cast<std::int64_t>(content->size()) != chosen.size) {
      fail(ErrorCode::kSizeMismatch,
           "the blob " + digest.text() + " has " + std::to_string(content->size()) +
               " bytes, but index.json says " + std::to_string(chosen.size),
           kWriteAgain);
    }
    if (Digest::of(*content) != digest) {
      fail(ErrorCode::kHashMismatch, "the blob " + digest.text() + " has another digest in truth",
           kWriteAgain);
    }
    try {
      return describe_manifest(*content, chosen.media_type);
    } catch (const Error& error) {
      fail(error.code(), digest.text() + " is " + error.what(), error.hint());
    }
  }

 private:
  [[noreturn]] void fail(ErrorCode code, const std::string& reason, std::string hint = {}) const {
    throw Error(code, "OCI layout " + name_ + ": " + reason, std::move(hint));
  }

  void read_index(const std::string& text) {
    tuf::refuse_wide(text, "OCI layout " + name_ + ": index.json",
                     [](const std::string&) { return kWriteAgain; });
    tuf::Json index;
    try {
      index = tuf::parse_json(text, "index.json");
    } catch (const Error& error) {
      fail(ErrorCode::kFileUnreadable, error.what(), kWriteAgain);
    }
    const auto manifests = index.is_object() ? index.find("manifests") : index.end();
    if (!index.is_object() || manifests == index.end() || !manifests->is_array()) {
      fail(ErrorCode::kFileUnreadable, "index.json has no list of manifests", kWriteAgain);
    }
    for (const tuf::Json& entry : *manifests) entries_.push_back(read_descriptor(entry));
    if (entries_.empty()) fail(ErrorCode::kFileUnreadable, "it holds no image", kWriteAgain);
  }

  Descriptor read_descriptor(const tuf::Json& entry) const {
    const auto text = [](const tuf::Json& object, const char* name) {
      const auto member = object.find(name);
      return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
    };
    if (!entry.is_object())
      fail(ErrorCode::kFileUnreadable, "an entry of index.json is not an object", kWriteAgain);
    const auto size = entry.find("size");
    if (size == entry.end() || !size->is_number_integer() || size->get<std::int64_t>() <= 0) {
      fail(ErrorCode::kFileUnreadable, "an entry of index.json has no size", kWriteAgain);
    }
    Descriptor descriptor{text(entry, "digest"), size->get<std::int64_t>(), text(entry, "mediaType"), {}};
    if (const auto annotations = entry.find("annotations");
        annotations != entry.end() && annotations->is_object()) {
      for (const char* name : {"org.opencontainers.image.ref.name", "io.containerd.image.name"}) {
        if (std::string ref = text(*annotations, name); !ref.empty())
          descriptor.names.push_back(std::move(ref));
      }
    }
    return descriptor;
  }

  const Descriptor& choose() const {
    std::vector<const Descriptor*> fitting;
    for (const Descriptor& entry : entries_) {
      const auto& names = entry.names;
      const bool named = !location_.name || entry.digest == *location_.name ||
                         std::find(names.begin(), names.end(), *location_.name) != names.end();
      if (named) fitting.push_back(&entry);
    }
    const std::string here = tuf::printable(location_.path.string());
    if (fitting.empty()) {
      fail(ErrorCode::kUsage,
           "it has no image \"" + tuf::printable(*location_.name) + "\"; it has " + listing(),
           "name one of them: --oci-layout " + here + ":REF");
    }
    for (const Descriptor* entry : fitting) {
      if (entry->same_blob(*fitting.front())) continue;
      if (location_.name) {
        fail(ErrorCode::kUsage,
             "several different images in it are called \"" + tuf::printable(*location_.name) + "\"",
             "name the image by its digest: --oci-layout " + here + ":sha256:…");
      }
      fail(ErrorCode::kUsage, "it holds several images: " + listing(),
           "name one of them: --oci-layout " + here + ":REF");
    }
    return *fitting.front();
  }

  /// What REF could be: the names of each entry, or its digest if it has none.
  std::string listing() const {
    std::set<std::string> refs;
    for (const Descriptor& entry : entries_) {
      if (entry.names.empty()) refs.insert(tuf::printable(entry.digest));
      for (const std::string& name : entry.names) refs.insert(tuf::printable(name));
    }
    std::string out;
    std::size_t listed = 0;
    for (const std::string& ref : refs) {
      if (listed == kMaxListed) return out + ", …";
      out += (listed++ == 0 ? "" : ", ") + ref;
    }
    return out;
  }

  Digest blob_digest(const Descriptor& entry) const {
    try {
      return Digest::parse(entry.digest);
    } catch (const Error& error) {
      fail(error.code(), std::string("index.json: ") + error.what(),
           "let the builder name images by their SHA-256, and write it again");
    }
  }

  SourceLocation location_;
  std::string name_;
  LayoutFiles files_;
  std::vector<Descriptor> entries_;
};

}  // namespace

Manifest read_layout(const SourceLocation& location) {
  return Layout(location).manifest();
}

}  // namespace agent
