#include "agent/image/oci_layout.h"

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/test_data.h"

namespace {

using agent::Digest;
using nlohmann::json;
using test::code_of;
using test::error_of;
using test::mentions;
using tuf::ErrorCode;
namespace fs = std::filesystem;

constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr const char* kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr const char* kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

const std::string kZeros = "sha256:" + std::string(64, '0');

/// An image manifest; `mark` makes it one of its own. It holds a fraction, which trust metadata may not.
std::string image_manifest(const std::string& mark, const char* type = kOciManifest) {
  return json{{"schemaVersion", 2},
              {"mediaType", type},
              {"config", {{"digest", kZeros}, {"size", 2}}},
              {"layers", json::array()},
              {"annotations", {{"mark", mark}}},
              {"exotic", {{"ratio", 1.5}, {"big", 1e300}}}}
      .dump(2);
}

std::string index_manifest(const char* type = kOciIndex) {
  const auto child = [](const char* os, const char* architecture, const char* variant) {
    json platform{{"os", os}, {"architecture", architecture}};
    if (*variant != '\0') platform["variant"] = variant;
    return json{{"mediaType", kOciManifest}, {"digest", kZeros}, {"size", 7}, {"platform", platform}};
  };
  return json{{"schemaVersion", 2},
              {"mediaType", type},
              {"manifests",
               {child("linux", "amd64", ""), child("linux", "arm64", "v8"), child("unknown", "unknown", "")}}}
      .dump(2);
}

json descriptor(const std::string& content, const char* type, const json& annotations = json::object()) {
  return {{"mediaType", type},
          {"digest", Digest::of(content).text()},
          {"size", content.size()},
          {"annotations", annotations}};
}

json named(const std::string& name) {
  return {{"org.opencontainers.image.ref.name", name}};
}

/// A layout in a folder of its own, written piece by piece.
class LayoutFolder {
 public:
  LayoutFolder() {
    fs::create_directories(path() / "blobs" / "sha256");
    test::write_file(path() / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }

  void add_blob(const std::string& content) { test::write_file(blob(content), content); }
  void add(const std::string& content, const char* type, const json& annotations = json::object()) {
    add_blob(content);
    add_descriptor(descriptor(content, type, annotations));
  }
  void add_descriptor(const json& entry) {
    entries_.push_back(entry);
    write_index(json{{"schemaVersion", 2}, {"manifests", entries_}}.dump());
  }
  void write_index(const std::string& text) { test::write_file(path() / "index.json", text); }

  fs::path path() const { return dir_ / "layout"; }
  fs::path outside(const std::string& name) const { return dir_ / name; }
  fs::path blob(const std::string& content) const {
    return path() / "blobs" / "sha256" / Digest::of(content).hex();
  }
  agent::Manifest resolve(const std::string& ref = {}) const {
    return agent::read_layout({path(), ref.empty() ? std::nullopt : std::optional(ref)});
  }

 private:
  test::TempDir dir_;
  json entries_ = json::array();
};

}  // namespace

TEST_CASE("The only image of a layout is found, and its bytes are measured") {
  const char* type = GENERATE(kOciManifest, kDockerManifest);
  LayoutFolder layout;
  const std::string manifest = image_manifest("one", type);
  layout.add(manifest, type);
  const auto image = layout.resolve();
  CHECK(image.digest == Digest::of(manifest));
  CHECK(image.length == static_cast<std::int64_t>(manifest.size()));
  CHECK(image.media_type == type);
}

TEST_CASE("Of an image for several platforms the index itself is what is signed") {
  const char* type = GENERATE(kOciIndex, kDockerList);
  LayoutFolder layout;
  const std::string index = index_manifest(type);
  layout.add(index, type, named("1.0"));
  const auto image = layout.resolve("1.0");
  CHECK(image.digest == Digest::of(index));
  CHECK(image.media_type == type);
  REQUIRE(image.children.size() == 2);  // without the attestation
  CHECK(image.children[0].platform.text() == "linux/amd64");
  CHECK(image.children[1].platform.text() == "linux/arm64/v8");
  CHECK(image.children[1].digest == kZeros);
  CHECK(image.children[1].length == 7);
}

TEST_CASE("REF is compared with the OCI name, containerd's name and the digest") {
  LayoutFolder layout;
  const std::string first = image_manifest("first");
  const std::string second = image_manifest("second");
  const std::string third = image_manifest("third");
  layout.add(first, kOciManifest, named("1.0"));
  layout.add(second, kOciManifest,
             {{"org.opencontainers.image.ref.name", "2.0"},
              {"io.containerd.image.name", "reg.example.com:5000/app:2.0"}});
  layout.add(third, kOciManifest);
  CHECK(layout.resolve("1.0").digest == Digest::of(first));
  CHECK(layout.resolve("2.0").digest == Digest::of(second));
  CHECK(layout.resolve("reg.example.com:5000/app:2.0").digest == Digest::of(second));
  CHECK(layout.resolve(Digest::of(third).text()).digest == Digest::of(third));
}

TEST_CASE("Several images and no REF, or a REF that is not there, is an error that lists the refs") {
  LayoutFolder layout;
  const std::string nameless = image_manifest("nameless");
  layout.add(image_manifest("a"), kOciManifest, named("1.0"));
  layout.add(image_manifest("b"), kOciManifest, named("2.0\n"));
  layout.add(nameless, kOciManifest);
  const std::string list = "1.0, 2.0\\n, " + Digest::of(nameless).text();
  const auto none = error_of([&] { layout.resolve(); }).value();
  CHECK(none.code() == ErrorCode::kUsage);
  CHECK(mentions(none, list));
  const auto unknown = error_of([&] { layout.resolve("3.0"); }).value();
  CHECK(unknown.code() == ErrorCode::kUsage);
  CHECK(mentions(unknown, "no image \"3.0\""));
  CHECK(mentions(unknown, list));
}

TEST_CASE("Two names of one image are no ambiguity, one name of two images is") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("same");
  layout.add(manifest, kOciManifest, named("1.0"));
  layout.add(manifest, kOciManifest, named("latest"));
  CHECK(layout.resolve().digest == Digest::of(manifest));
  layout.add(image_manifest("other"), kOciManifest, named("latest"));
  CHECK(layout.resolve("1.0").digest == Digest::of(manifest));
  CHECK(code_of([&] { layout.resolve("latest"); }) == ErrorCode::kUsage);
}

TEST_CASE("A blob that does not hash to its name is refused") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("honest");
  layout.add(manifest, kOciManifest);
  std::string forged = manifest;
  forged.replace(forged.find("honest"), 6, "forged");
  test::write_file(layout.blob(manifest), forged);
  const auto error = error_of([&] { layout.resolve(); }).value();
  CHECK(error.code() == ErrorCode::kHashMismatch);
  CHECK_FALSE(mentions(error, Digest::of(forged).text()));  // it might be that of a secret
}

TEST_CASE("A blob of another length than its descriptor says is refused") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("x");
  json entry = descriptor(manifest, kOciManifest);
  entry["size"] = manifest.size() + 1;
  layout.add_blob(manifest);
  layout.add_descriptor(entry);
  const auto error = error_of([&] { layout.resolve(); }).value();
  CHECK(error.code() == ErrorCode::kSizeMismatch);
  CHECK(mentions(error, std::to_string(manifest.size() + 1)));
}

TEST_CASE("A missing blob is named") {
  LayoutFolder layout;
  layout.add_descriptor(descriptor(image_manifest("gone"), kOciManifest));
  const auto error = error_of([&] { layout.resolve(); }).value();
  CHECK(error.code() == ErrorCode::kFileUnreadable);
  CHECK(mentions(error, Digest::of(image_manifest("gone")).text() + " is missing"));
}

TEST_CASE("A symbolic link that leads out of the layout is refused, one inside is followed") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("linked");
  layout.add_descriptor(descriptor(manifest, kOciManifest));
  SECTION("the blob, out of it") {
    test::write_file(layout.outside("stolen"), manifest);
    fs::create_symlink(layout.outside("stolen"), layout.blob(manifest));
    CHECK(mentions(error_of([&] { layout.resolve(); }), "leads out of its folder"));
  }
  SECTION("the folder of blobs, out of it") {
    fs::create_directory(layout.outside("elsewhere"));
    test::write_file(layout.outside("elsewhere") / Digest::of(manifest).hex(), manifest);
    fs::remove(layout.path() / "blobs" / "sha256");
    fs::create_symlink("../../elsewhere", layout.path() / "blobs" / "sha256");
    CHECK(mentions(error_of([&] { layout.resolve(); }), "leads out of its folder"));
  }
  SECTION("a neighbour whose name begins like the layout's") {
    fs::create_directory(layout.outside("layout2"));
    test::write_file(layout.outside("layout2") / "x", manifest);
    fs::create_symlink("../../../layout2/x", layout.blob(manifest));
    CHECK(mentions(error_of([&] { layout.resolve(); }), "leads out of its folder"));
  }
  SECTION("index.json, out of it") {
    fs::rename(layout.path() / "index.json", layout.outside("index.json"));
    fs::create_symlink("../index.json", layout.path() / "index.json");
    CHECK(mentions(error_of([&] { layout.resolve(); }), "leads out of its folder"));
  }
  SECTION("inside") {
    test::write_file(layout.path() / "kept", manifest);
    fs::create_symlink("../../kept", layout.blob(manifest));
    CHECK(layout.resolve().digest == Digest::of(manifest));
  }
  SECTION("the layout itself may be named through a link") {
    layout.add_blob(manifest);
    fs::create_directory_symlink(layout.path(), layout.outside("alias"));
    CHECK(agent::read_layout({layout.outside("alias"), std::nullopt}).digest == Digest::of(manifest));
  }
}

TEST_CASE("A pipe or a folder in the place of a blob is refused at once") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("pipe");
  layout.add_descriptor(descriptor(manifest, kOciManifest));
  SECTION("pipe") {
    REQUIRE(mkfifo(layout.blob(manifest).c_str(), 0600) == 0);
  }
  SECTION("folder") {
    fs::create_directory(layout.blob(manifest));
  }
  CHECK(code_of([&] { layout.resolve(); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("What is no layout is refused as an unreadable file") {
  LayoutFolder layout;
  const auto code_with_index = [&](const std::string& text) {
    INFO(text);
    layout.write_index(text);
    return code_of([&] { layout.resolve(); });
  };
  CHECK(code_of([&] { layout.resolve(); }) == ErrorCode::kFileUnreadable);  // no index.json
  CHECK(code_with_index("") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index("not json") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index("[]") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index("{}") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":{}})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[]})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[7]})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[{}]})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[],"manifests":[]})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[{"size":-1}]})") == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[{"size":1}]})") == ErrorCode::kInvalidDigest);
  CHECK(code_with_index(R"({"manifests":[{"size":1,"digest":"sha256:../../../etc/passwd"}]})") ==
        ErrorCode::kInvalidDigest);
  CHECK(code_with_index(R"({"manifests":[{"size":1,"digest":"sha512:)" + std::string(128, 'a') + R"("}]})") ==
        ErrorCode::kInvalidDigest);
  CHECK(code_with_index(std::string(100000, '[')) == ErrorCode::kFileUnreadable);
  CHECK(code_with_index(R"({"manifests":[]})" + std::string(9 << 20, ' ')) == ErrorCode::kFileUnreadable);
}

TEST_CASE("What is not an image's manifest is not signed, whatever its descriptor says") {
  LayoutFolder layout;
  const auto error_with = [&](const std::string& content, const char* type) {
    layout.add(content, type);
    return error_of([&] { layout.resolve(); });
  };
  SECTION("another media type") {
    CHECK(mentions(error_with(R"({"schemaVersion":2})", "application/vnd.oci.image.config.v1+json"),
                   "media type"));
  }
  SECTION("no media type at all") {
    CHECK(mentions(error_with(R"({"schemaVersion":2})", ""), "is not given"));
  }
  SECTION("garbage") {
    CHECK(mentions(error_with("garbage", kOciManifest), "not a JSON object"));
  }
  SECTION("deeply nested garbage") {
    CHECK(error_with(std::string(200000, '['), kOciManifest));
  }
  SECTION("it says itself that it is another type") {
    CHECK(mentions(error_with(image_manifest("x", kDockerManifest), kOciManifest), "calls itself"));
  }
  SECTION("index and image in one") {
    CHECK(mentions(error_with(R"({"manifests":[],"layers":[]})", kOciIndex), "at once"));
  }
}

TEST_CASE("A manifest's own media type counts where its descriptor has none") {
  LayoutFolder layout;
  const std::string manifest = image_manifest("x");
  json entry = descriptor(manifest, kOciManifest);
  entry.erase("mediaType");
  layout.add_blob(manifest);
  layout.add_descriptor(entry);
  CHECK(layout.resolve().media_type == kOciManifest);
}

TEST_CASE("Members of strange types neither fail nor show up in the list of platforms") {
  LayoutFolder layout;
  layout.add(
      R"({"manifests":[7,{"platform":1},{"platform":{"os":3}},{"platform":{"os":"linux","architecture":[]}}],
                "subject":1e400})",
      kOciIndex);
  CHECK_THROWS_AS(layout.resolve(), tuf::Error);  // 1e400 is no number at all
  LayoutFolder other;
  other.add(
      R"({"manifests":[7,{"platform":1},{"platform":{"os":3}},{"platform":{"os":"linux","architecture":[]}}],
               "subject":1e300})",
      kOciIndex);
  const auto image = other.resolve();
  REQUIRE(image.children.size() == 1);
  CHECK(image.children[0].platform.os == "linux");
  CHECK(image.children[0].digest.empty());
}

TEST_CASE("DIR:REF is split where a folder ends") {
  const test::TempDir dir;
  fs::create_directory(dir / "a");
  fs::create_directory(dir / "b:c");
  const auto split = [&](const std::string& text) {
    return agent::parse_source_location((dir.path() / text).string(), "--oci-layout");
  };
  CHECK(split("a").path == dir / "a");
  CHECK_FALSE(split("a").name);
  CHECK(split("a:1.0").name == "1.0");
  CHECK(split("a:reg:5000/app:1.0").name == "reg:5000/app:1.0");
  CHECK(split("b:c").path == dir / "b:c");
  CHECK_FALSE(split("b:c").name);
  CHECK(split("b:c:1.0").path == dir / "b:c");
  CHECK(split("b:c:1.0").name == "1.0");
  CHECK(code_of([&] { split("a:"); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { split("none"); }) == ErrorCode::kFileUnreadable);
  CHECK(code_of([&] { split("none:1.0"); }) == ErrorCode::kFileUnreadable);
  CHECK(code_of([&] { agent::parse_source_location("", "--oci-layout"); }) == ErrorCode::kFileUnreadable);
}
