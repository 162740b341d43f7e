#include "hsm/os/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/http/tls_trust.h"
#include "agent/image/tar_archive.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

namespace {

using hsm::InputFile;
using hsm::Links;
using tuf::ErrorCode;
namespace fs = std::filesystem;

/// A folder that a job has left, beside a secret that it cannot read.
struct Left {
  Left() {
    fs::create_directories(folder / "deep");
    test::write_file(dir / "secret", "s3cret");
    test::write_file(folder / "plain", "plain");
  }
  std::string read(const std::string& name, hsm::Links links = hsm::Links::kWithinFolder) const {
    return hsm::InputFile(folder / name, "the file", links).read_all(100);
  }
  void link(const fs::path& target, const std::string& name) const {
    fs::create_symlink(target, folder / name);
  }

  test::TempDir dir;
  fs::path folder = dir / "job";
};

}  // namespace

TEST_CASE("A link by which a job would have us read a file elsewhere is not followed") {
  const Left left;
  left.link("../secret", "relative");
  left.link(left.dir / "secret", "absolute");
  left.link("relative", "twice");
  left.link("deep/../../secret", "through");
  left.link("/proc/self/environ", "environment");
  for (const char* name : {"relative", "absolute", "twice", "through", "environment"}) {
    CAPTURE(name);
    CHECK_ERROR(left.read(name), ErrorCode::kFileUnreadable, "leads out of its folder");
  }
  CHECK(left.read("relative", hsm::Links::kFollow) == "s3cret");  // where the user's word is enough
}

TEST_CASE("Links within the folder are followed, as those of mounted volumes must be") {
  const Left left;
  left.link("deep", "..data");
  test::write_file(left.folder / "deep" / "digest", "deep");
  left.link("..data/digest", "digest");
  CHECK(left.read("digest") == "deep");
  CHECK(left.read("plain") == "plain");
  left.link("nowhere", "dangling");
  CHECK_ERROR(left.read("dangling"), ErrorCode::kFileUnreadable);
  left.link("loop", "loop");
  CHECK_ERROR(left.read("loop"), ErrorCode::kFileUnreadable);

  const fs::path before = fs::current_path();
  fs::current_path(left.folder);
  CHECK(hsm::InputFile("digest", "the file", hsm::Links::kWithinFolder).read_all(100) == "deep");
  fs::current_path(before);
  fs::create_symlink(left.folder, left.dir / "alias");  // the user's own word
  CHECK(hsm::InputFile(left.dir / "alias" / "digest", "the file", hsm::Links::kWithinFolder).read_all(100) ==
        "deep");
}

TEST_CASE("What the caller has opened may lie anywhere") {
  const Left left;
  const int fd = open((left.dir / "secret").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  const std::string path = "/dev/fd/" + std::to_string(fd);
  CHECK(hsm::InputFile(path, "the file", hsm::Links::kWithinFolder).read_all(100) == "s3cret");
  close(fd);
}

TEST_CASE("A file of text is read without the mark that Windows puts before it, and only as UTF-8") {
  using namespace std::string_literals;
  const test::TempDir dir;
  const fs::path file = dir / "it's a list";
  const auto read = [&](const std::string& content) {
    test::write_file(file, content);
    return hsm::InputFile(file, "the list").read_text(100);
  };
  CHECK(read("\xef\xbb\xbfone\r\n") == "one\r\n");
  CHECK(read("\xef\xbb\xbf").empty());
  CHECK(read("").empty());
  CHECK(read("\xc3\xa9\n") == "\xc3\xa9\n");
  for (const std::string& content :
       {"\xff\xfeo\0n\0"s, "\xfe\xff\0o\0n"s, "o\0n\0"s, "\0o\0n"s, "\0\0\xfe\xff\0\0\0o"s}) {
    CHECK_ERROR(read(content), ErrorCode::kFileUnreadable, "UTF-");
  }
}

TEST_CASE(
    "What converts a file writes beside it where nothing stands, and through no link that was left there") {
  using namespace std::string_literals;
  const Left left;
  const std::string path = left.folder / "-x";
  for (const char* ending : {".utf8", ".tar", ".pem"}) left.link(left.dir / "victim", "-x"s + ending);
  const auto hint = [&](const std::string& content, auto&& read) {
    test::write_file(path, content);
    const auto error = test::error_of(read);
    return error ? error->hint() : "read";
  };
  CHECK_THAT(hint("\xff\xfe"
                  "a\0"s,
                  [&] { hsm::InputFile(path, "the list").read_text(100); }),
             Catch::EndsWith(" > " + path + ".2.utf8; then name " + path + ".2.utf8"));
  CHECK_THAT(hint("\x1f\x8b\x08" + std::string(600, 'z'), [&] { agent::TarArchive archive(path); }),
             Catch::EndsWith(" > " + path + ".2.tar; then name " + path + ".2.tar"));
  CHECK_THAT(hint("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\0"s,
                  [&] { agent::TlsTrust::only(path).load(); }),
             Catch::EndsWith(" -out " + path + ".2.pem; then name " + path + ".2.pem"));
}
