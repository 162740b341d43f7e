#include "agent/image/built_image.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

namespace {

using agent::BuiltImage;
using agent::parse_image;
using agent::read_digest_file;
using agent::read_metadata_file;
using tuf::ErrorCode;

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');

/// A file with this content.
class File {
 public:
  explicit File(const std::string& content) { test::write_file(path(), content); }
  std::filesystem::path path() const { return dir_ / "file"; }

 private:
  test::TempDir dir_;
};

std::string chosen(const std::vector<BuiltImage>& images, const std::string& image,
                   const std::optional<std::string>& target = {}) {
  return choose_built_image(images, parse_image(image), target, "FILE").digest.text();
}

std::filesystem::path recorded(const std::string& name) {
  return std::filesystem::path(TEST_DATA_DIR) / "builders" / name;
}

}  // namespace

TEST_CASE("The recorded files of every builder are read") {
  struct Row {
    const char* file;
    const char* image;
    const char* digest;
    std::int64_t length;  // 0: the builder does not tell
  };
  const std::vector<Row> metadata = {
      {"buildx-build.json", "registry.example.com/team/app:1.2",
       "sha256:19ffeab6f8bc9293ac2c3fdf94ebe28396254c993aea0b5a542cfb02e0883fa3", 506},
      {"buildx-build-index.json", "registry.example.com/team/app:1.2",
       "sha256:5a0dd5de4a1bdec5ff5d3d3cc0f4bd6a5b2ea4c9b60d3a6f6f2f3b1c6b3a6e11", 1609},
      {"buildx-build-old.json", "registry.example.com/team/app:1.2",
       "sha256:19ffeab6f8bc9293ac2c3fdf94ebe28396254c993aea0b5a542cfb02e0883fa3", 0},
      {"buildx-bake.json", "registry.example.com/team/db:1.2",
       "sha256:19ffeab6f8bc9293ac2c3fdf94ebe28396254c993aea0b5a542cfb02e0883fa3", 506},
      {"buildx-bake.json", "registry.example.com/team/web:1.2",
       "sha256:6d9ac9237a84afe1516540f40a0fafdc86859b2141954b4d643af7066d598b74", 506},
      {"buildx-imagetools.json", "registry.example.com/team/app:1.2",
       "sha256:1a8d3c6fb2b4bd1ad5cbf8b4be5b1e4d8b7d9f8e6b5c4d3e2f1a0b9c8d7e6f5a", 741},
      {"build-push-action.json", "registry.example.com/team/app:1.2",
       "sha256:5a0dd5de4a1bdec5ff5d3d3cc0f4bd6a5b2ea4c9b60d3a6f6f2f3b1c6b3a6e11", 1609}};
  for (const Row& row : metadata) {
    CAPTURE(row.file, row.image);
    const auto images = read_metadata_file(recorded(row.file));
    const BuiltImage& image = choose_built_image(images, parse_image(row.image), std::nullopt, row.file);
    CHECK(image.digest.text() == row.digest);
    CHECK(image.length.value_or(0) == row.length);
  }
  const std::string digest = "sha256:e6ffe1ed1e9bbc8ef1a7f8d1c3f9b0a54f7b8c2d3e4f5a6b7c8d9e0f1a2b3c4d";
  for (const char* file :
       {"buildah-digestfile", "podman-digestfile", "skopeo-digestfile", "kaniko-digest-file",
        "kaniko-image-name-with-digest-file", "kaniko-image-name-tag-with-digest-file", "ko-image-refs"}) {
    CAPTURE(file);
    CHECK(chosen(read_digest_file(recorded(file)), "registry.example.com/team/app:1.2") == digest);
  }
}

TEST_CASE("A metadata file without a pushed image, or with two words about one, is refused") {
  const auto read = [](const std::string& content) { return read_metadata_file(File(content).path()); };
  for (const char* content :
       {"", "[]", "garbage", "{}", R"({"buildx.build.ref":"x"})", R"({"app":{}})",
        R"({"containerimage.descriptor":7})", R"({"containerimage.descriptor":{"digest":"@A","size":-1}})",
        R"({"containerimage.descriptor":{"digest":"@A","size":1.5}})",
        R"({"containerimage.digest":"@A","image.name":"Not A Name"})"}) {
    std::string text = content;
    if (const auto at = text.find("@A"); at != std::string::npos) text.replace(at, 2, kA);
    CAPTURE(text);
    CHECK_ERROR(read(text), ErrorCode::kFileUnreadable);
  }
  CHECK_ERROR(read(R"({"containerimage.digest":")" + kA + R"(","containerimage.descriptor":{"digest":")" +
                   kB + R"("}})"),
              ErrorCode::kSourcesDisagree, kB);
  CHECK_ERROR(read(R"({"containerimage.digest":"sha512:)" + std::string(128, 'a') + "\"}"),
              ErrorCode::kInvalidDigest, "sha512");
  CHECK_ERROR(read(R"({"containerimage.digest":7})"), ErrorCode::kInvalidDigest);
}

TEST_CASE("Provenance beside the digest may be as deep and strange as it likes") {
  std::string deep = R"({"containerimage.digest":")" + kA + R"(","buildx.build.provenance":{"x":)";
  for (int i = 0; i < 200; ++i) deep += "[1.5,";
  deep += "1e300";
  for (int i = 0; i < 200; ++i) deep += "]";
  CHECK(read_metadata_file(File(deep + "}}").path()).at(0).digest.text() == kA);
}

TEST_CASE("Of several images the one is meant that was pushed under this name") {
  const auto images = [](const std::string& lines) { return read_digest_file(File(lines).path()); };
  const std::string two = "reg.example.com/app:1@" + kA + "\nreg.example.com/app:2@" + kB + "\n";
  CHECK(chosen(images(two), "reg.example.com/app:1") == kA);
  CHECK(chosen(images(two), "reg.example.com/app:2") == kB);
  CHECK_ERROR(chosen(images(two), "reg.example.com/app:3"), ErrorCode::kUsage, "several");
  CHECK_ERROR(chosen(images(two), "reg.example.com/other:1"), ErrorCode::kUsage, "not of");
  CHECK_ERROR(chosen(images(two), "app:1"), ErrorCode::kUsage, "not of docker.io/library/app:1");
  // Another tag of the same image, a name without a tag, and no name at all.
  CHECK(chosen(images("reg.example.com/app:1@" + kA), "reg.example.com/app:2") == kA);
  CHECK(chosen(images("reg.example.com/app@" + kA + "\r\n\n"), "reg.example.com/app:2") == kA);
  CHECK(chosen(images(kA), "reg.example.com/anything:2") == kA);
  CHECK(chosen(images("  " + kA + "\t\n"), "reg.example.com/anything:2") == kA);
  CHECK(chosen(images(kA + "\n" + kA), "app:2") == kA);
  CHECK_ERROR(chosen(images(kA + "\n" + kB), "app:2"), ErrorCode::kUsage, "several");
  CHECK(chosen(images("app:1@" + kA), "docker.io/library/app:1") == kA);
}

TEST_CASE("A bake target is named when names do not tell") {
  const File file(R"({"app":{"containerimage.digest":")" + kA + R"("},"db":{"containerimage.digest":")" + kB +
                  R"("},"cache":{"buildx.build.ref":"x"}})");
  const auto images = read_metadata_file(file.path());
  CHECK(images.size() == 2);
  CHECK(chosen(images, "reg.example.com/app:1", "db") == kB);
  CHECK_ERROR(chosen(images, "reg.example.com/app:1"), ErrorCode::kUsage, "app, db");
  CHECK_ERROR(chosen(images, "reg.example.com/app:1", "cache"), ErrorCode::kUsage, "target \"cache\"");
}

TEST_CASE("A digest file with anything else in it is refused") {
  const auto read = [](const std::string& content) { return read_digest_file(File(content).path()); };
  CHECK_ERROR(read(""), ErrorCode::kFileUnreadable, "no digest");
  CHECK_ERROR(read("\n \n"), ErrorCode::kFileUnreadable, "no digest");
  CHECK_ERROR(read(std::string(64, 'a')), ErrorCode::kInvalidDigest, "sha256:");
  CHECK_ERROR(read("sha512:" + std::string(128, 'a')), ErrorCode::kInvalidDigest, "line 1 is neither");
  CHECK_ERROR(read("\nReg/App@" + kA), ErrorCode::kFileUnreadable, "line 2 is neither");
  CHECK_ERROR(read("reg.example.com/app@sha256:"), ErrorCode::kInvalidDigest);
  CHECK_ERROR(read(kA + " extra"), ErrorCode::kInvalidDigest);
}

TEST_CASE("What stands in a digest file that is none is not repeated: it may be a secret") {
  for (const std::string& text : std::vector<std::string>{"s3cret", "s3cret@host", "s3cret:tag@sha256:12",
                                                          "user:s3cret@registry.example.com/app",
                                                          "sha256:s3cret", "https://s3cret@" + kA}) {
    const auto error = test::error_of([&] { read_digest_file(File(text).path()); });
    REQUIRE(error);
    CHECK_THAT(std::string(error->what()) + error->hint(), !Catch::Contains("s3cret"));
  }
}
