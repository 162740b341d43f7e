#include "agent/image/release_file.h"

#include "agent/image/target_file.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"
#include "tuf/base/digest.h"

namespace {

using tuf::ErrorCode;

class Folder {
 public:
  std::vector<agent::ReleaseEntry> read(const std::string& content) {
    test::write_file(dir_ / "release.json", content);
    return agent::read_release_file(dir_ / "release.json");
  }
  std::string in(const std::string& name) const { return (dir_ / name).string(); }

 private:
  test::TempDir dir_;
};

const std::string kHead = R"({"schema":"countersign/release/v1","images":[)";

}  // namespace

TEST_CASE("A release names images with their sources, as the options do, relative to its own folder") {
  Folder folder;
  const auto entries = folder.read(kHead +
                                   R"({"image":"r.example.com/a:1","metadata-file":"a.json:app"},
         {"image":"r.example.com/b:1","size":7,"digest-file":"b"},
         {"image":"r.example.com/c:1","oci-layout":"/abs/c","manifest":"c.json"},
         {"image":"r.example.com/d:dist/d.tgz","file":"dist/d.tgz"},
         {"image":"r.example.com/e:1"}]})");
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].image == "r.example.com/a:1");
  CHECK(entries[0].sources.metadata_file == folder.in("a.json:app"));
  CHECK(entries[1].sources.size == 7);
  CHECK(entries[1].sources.digest_file == folder.in("b"));
  CHECK(entries[2].sources.oci_layout == "/abs/c");
  CHECK(entries[2].sources.manifest_file == folder.in("c.json"));
  CHECK(entries[3].file == folder.in("dist/d.tgz"));
  CHECK_FALSE(entries[4].sources.size);
  CHECK_FALSE(entries[4].file);
}

TEST_CASE("What is no release is not quoted: it may be a secret") {
  Folder folder;
  for (const std::string text :
       {R"({"s3cret":1})", R"({"schema":"s3cret","images":[]})", "s3cret", R"(["s3cret"])"}) {
    const auto error = test::error_of([&] { folder.read(text); });
    REQUIRE(error);
    CHECK_THAT(error->what(), !Catch::Contains("s3cret"));
  }
}

TEST_CASE("A slip of the pen in a release is an error") {
  Folder folder;
  for (const std::string& content :
       {std::string(), std::string("[]"), std::string("{}"), kHead + "]}", kHead + R"(7]})",
        kHead + R"({}]})", kHead + R"({"image":""}]})", kHead + R"({"image":7}]})",
        kHead + R"({"image":"a:1","sise":7}]})", kHead + R"({"image":"a:1","size":"7"}]})",
        kHead + R"({"image":"a:1","size":1.5}]})", kHead + R"({"image":"a:1","image":"b:1"}]})",
        kHead + R"({"image":"a:1","file":"x","size":7}]})", kHead + R"({"image":"a:1"}],"more":1})",
        std::string(R"({"images":[{"image":"a:1"}]})"),
        std::string(R"({"schema":"countersign/release/v2","images":[{"image":"a:1"}]})")}) {
    CAPTURE(content);
    CHECK_ERROR(folder.read(content), ErrorCode::kConfig, "release.json");
  }
  CHECK_ERROR(folder.read(kHead + R"({"image":"a:1","size":0}]})"), ErrorCode::kConfig);
  CHECK_ERROR(agent::read_release_file(folder.in("none")), ErrorCode::kFileUnreadable);
}

TEST_CASE("A file is signed with both digests that notary writes, however long it is") {
  test::TempDir dir;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{1} << 20, (std::size_t{1} << 20) + 1, std::size_t{3} << 20}) {
    std::string content(size, 'x');
    content.back() = 'y';
    test::write_file(dir / "file", content);
    const tuf::Target target = agent::hash_target_file(dir / "file");
    CHECK(target.length == static_cast<std::int64_t>(size));
    CHECK(target.hashes.at("sha256") == tuf::sha256(tuf::as_bytes(content)));
    CHECK(target.hashes.at("sha512") == tuf::sha512(tuf::as_bytes(content)));
  }
  test::write_file(dir / "empty", "");
  CHECK_ERROR(agent::hash_target_file(dir / "empty"), ErrorCode::kSizeMismatch, "is empty");
  CHECK_ERROR(agent::hash_target_file(dir.path()), ErrorCode::kFileUnreadable);
}

TEST_CASE("REPO:NAME is split behind the registry's port, and NAME may be anything") {
  struct Row {
    const char* text;
    const char* gun;
    const char* name;
  };
  for (const Row& row :
       std::vector<Row>{{"reg.example.com/app:app.tgz", "reg.example.com/app", "app.tgz"},
                        {"reg.example.com:5000/app:dist/app.tgz", "reg.example.com:5000/app", "dist/app.tgz"},
                        {"reg.example.com/a/b:c:d/e", "reg.example.com/a/b", "c:d/e"},
                        {"app:app.tgz", "docker.io/library/app", "app.tgz"},
                        {"app:dist/app.tgz", "docker.io/library/app", "dist/app.tgz"},
                        {"[::1]:5000/app:x y", "[::1]:5000/app", "x y"}}) {
    CAPTURE(row.text);
    const agent::TargetName name = agent::parse_target_name(row.text);
    CHECK(name.gun.text() == row.gun);
    CHECK(name.name == row.name);
  }
  for (const char* text :
       {"", "app", "app:", "reg.example.com:5000/app", "reg.example.com/app:", ":x", "Reg App:x"}) {
    CAPTURE(text);
    CHECK_ERROR(agent::parse_target_name(text), ErrorCode::kInvalidReference);
  }
}
