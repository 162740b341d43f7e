#include "hsm/os/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm/os/ownership.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

using hsm::IfExists;
using tuf::ErrorCode;

namespace {

std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a private file is written with mode 0600 and leaves nothing beside it") {
  const test::TempDir dir;
  CHECK(hsm::write_private_file(dir / "file", "content", IfExists::kFail));
  CHECK(test::read_file(dir / "file") == "content");
  CHECK(std::filesystem::status(dir / "file").permissions() == std::filesystem::perms(0600));
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("a private file replaces another one only if it may") {
  const test::TempDir dir;
  test::write_file(dir / "file", "old");
  CHECK_FALSE(hsm::write_private_file(dir / "file", "new", IfExists::kFail));
  CHECK(test::read_file(dir / "file") == "old");
  CHECK(hsm::write_private_file(dir / "file", "new", IfExists::kReplace));
  CHECK(test::read_file(dir / "file") == "new");
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("a failed write is an error and leaves nothing behind") {
  const test::TempDir dir;
  std::filesystem::create_directories(dir.path() / "taken" / "inside");
  CHECK(test::code_of([&] { hsm::write_private_file(dir / "taken", "x", IfExists::kReplace); }) ==
        ErrorCode::kLocal);
  CHECK(test::code_of([&] { hsm::write_private_file(dir / "absent/file", "x", IfExists::kFail); }) ==
        ErrorCode::kLocal);
  CHECK(entries(dir.path()) == 1);
}

TEST_CASE("a private file is read through symbolic links, whole, and never beyond the limit") {
  const test::TempDir dir;
  const std::string content(10000, 'x');
  test::write_file(dir / "file", content);
  std::filesystem::create_symlink("file", dir / "link");
  CHECK(hsm::read_private_file(dir / "link").text() == content);
  CHECK(hsm::read_private_file(dir / "file", 10000).text() == content);
  CHECK(test::code_of([&] { hsm::read_private_file(dir / "file", 9999); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("who else can read a file is told, who else can write it is refused") {
  const test::TempDir dir;
  test::write_file(dir / "file", "x");
  const auto with_mode = [&](mode_t mode) {
    chmod((dir / "file").c_str(), mode);
    return hsm::read_private_file(dir / "file").others_can_read;
  };
  CHECK_FALSE(with_mode(0600));
  CHECK_FALSE(with_mode(0711));
  CHECK(with_mode(0640));
  CHECK(with_mode(0604));
  CHECK(test::code_of([&] { with_mode(0620); }) == ErrorCode::kInsecureFile);
  CHECK(test::code_of([&] { with_mode(0602); }) == ErrorCode::kInsecureFile);
}

TEST_CASE("a file belongs to this user or to root, or it is refused, through links as well") {
  struct stat status {};
  for (const auto& [owner, foreign] :
       {std::pair<uid_t, bool>{::geteuid(), false}, {0, false}, {65534, true}}) {
    status.st_uid = owner;
    CHECK(hsm::is_foreign(status) == foreign);
  }
  if (::geteuid() != 0) return;  // only root can give a file away
  const test::TempDir dir;
  test::write_file(dir / "file", "x");
  chmod((dir / "file").c_str(), 0600);
  std::filesystem::create_symlink("file", dir / "link");
  CHECK(hsm::read_private_file(dir / "link").text() == "x");
  REQUIRE(chown((dir / "file").c_str(), 65534, 65534) == 0);
  CHECK_ERROR(hsm::read_private_file(dir / "file"), ErrorCode::kInsecureFile, "belongs to another user");
  CHECK_ERROR(hsm::read_private_file(dir / "link"), ErrorCode::kInsecureFile, "belongs to another user");
}

TEST_CASE("a device is no file of anybody, and no mode is taken from it") {
  const auto error = test::error_of([] { hsm::read_private_file("/dev/null"); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kFileUnreadable);
  CHECK_THAT(error->what(), Catch::Contains("it is a device"));
}

TEST_CASE("a pipe with a name is held to the rules of files") {
  const test::TempDir dir;
  const std::filesystem::path pipe = dir / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  chmod(pipe.c_str(), 0622);
  const int held_open = open(pipe.c_str(), O_RDWR | O_CLOEXEC);  // else the reader would wait for a writer
  REQUIRE(held_open >= 0);
  CHECK_ERROR(hsm::read_private_file(pipe), ErrorCode::kInsecureFile, "can be written by others");
  close(held_open);
}

TEST_CASE("a pipe can stand in for a file, as shells make them") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(write(ends[1], "secret", 6) == 6);
  close(ends[1]);
  CHECK(hsm::read_private_file("/dev/fd/" + std::to_string(ends[0])).text() == "secret");
  close(ends[0]);
}

TEST_CASE("private folders are made where they are missing, and a file in their place is an error") {
  const test::TempDir dir;
  hsm::make_private_folders(dir.path() / "a" / "b");
  CHECK(std::filesystem::status(dir.path() / "a" / "b").permissions() == std::filesystem::perms(0700));
  hsm::make_private_folders(dir.path() / "a" / "b");
  test::write_file(dir / "file", "x");
  CHECK(test::code_of([&] { hsm::make_private_folders(dir.path() / "file"); }) == ErrorCode::kLocal);
  CHECK(test::code_of([&] { hsm::make_private_folders(dir.path() / "file" / "b"); }) == ErrorCode::kLocal);
}
