#include "hsm/pkcs11/startup_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/forked.h"
#include "tests/support/test_data.h"

namespace {

using hsm::StartupLock;
using std::chrono::milliseconds;
using tuf::ErrorCode;

}  // namespace

TEST_CASE("the start-up lock has one holder per module") {
  const test::TempDir dir;
  const StartupLock lock("/m.so", {dir / "lock"}, milliseconds(0));
  CHECK(test::code_of([&] { StartupLock("/m.so", {dir / "lock"}, milliseconds(30)); }) == ErrorCode::kLocked);
  CHECK(test::code_of([&] { StartupLock("/other.so", {dir / "lock"}, milliseconds(0)); }) == std::nullopt);
}

TEST_CASE("the start-up lock is free again when its holder goes, however it goes") {
  const test::TempDir dir;
  { const StartupLock lock("/m.so", {dir / "lock"}, milliseconds(0)); }
  const auto child = test::forked([&]() -> int {
    const StartupLock lock("/m.so", {dir / "lock"}, milliseconds(0));
    ::_exit(7);
  });
  CHECK(child.exit_code == 7);
  CHECK(test::code_of([&] { StartupLock("/m.so", {dir / "lock"}, milliseconds(0)); }) == std::nullopt);
}

TEST_CASE("the start-up lock's folder is closed to others") {
  const test::TempDir dir;
  const StartupLock lock("/m.so", {dir / "lock"}, milliseconds(0));
  struct stat status {};
  REQUIRE(::stat((dir / "lock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE(
    "a folder or file that somebody else could have put there is passed over, and the lock is kept "
    "elsewhere") {
  const test::TempDir dir;
  const std::filesystem::path place = dir / "place";
  const std::filesystem::path other = dir / "home" / ".cache" / "countersign";
  const std::string kind =
      GENERATE(as<std::string>(), "link", "open", "file", "lock file is a link", "foreign");
  CAPTURE(kind);
  if (kind == "link") {
    std::filesystem::create_directory(dir / "real");
    ::chmod((dir / "real").c_str(), 0700);
    std::filesystem::create_symlink(dir / "real", place);
  } else if (kind == "open") {
    std::filesystem::create_directory(place);
    ::chmod(place.c_str(), 0755);
  } else if (kind == "file") {
    test::write_file(place, "");
  } else if (kind == "lock file is a link") {
    { const StartupLock lock("/m.so", {place}, milliseconds(0)); }
    const auto file = std::filesystem::directory_iterator(place)->path();
    std::filesystem::remove(file);
    std::filesystem::create_symlink(dir / "target", file);
  } else {
    if (::geteuid() != 0) return;  // only root can give a folder away
    std::filesystem::create_directory(place);
    ::chmod(place.c_str(), 0700);
    REQUIRE(::chown(place.c_str(), 65534, 65534) == 0);
  }

  const StartupLock first("/m.so", {place, other}, milliseconds(0));
  CHECK(first.is_held());
  CHECK_FALSE(std::filesystem::exists(dir / "target"));
  CHECK_FALSE(std::filesystem::is_empty(other));
  // Whoever starts beside it meets the same squatter, and the same lock.
  CHECK(test::code_of([&] { StartupLock("/m.so", {place, other}, milliseconds(0)); }) == ErrorCode::kLocked);

  const StartupLock none("/m.so", {place}, milliseconds(0));
  CHECK_FALSE(none.is_held());
}

TEST_CASE("the start-up lock lives in the user's runtime folder, else in /tmp, else in the home folder") {
  const test::TempDir dir;
  using Folders = std::vector<std::filesystem::path>;
  ::unsetenv("XDG_RUNTIME_DIR");
  const Folders shared = hsm::UserLock::default_folders();
  REQUIRE(shared.size() == 2);
  CHECK(shared[0] == "/tmp/countersign-" + std::to_string(::geteuid()));
  CHECK(shared[1].string().ends_with("/.cache/countersign"));
  ::setenv("XDG_RUNTIME_DIR", (dir / "missing").c_str(), 1);
  CHECK(hsm::UserLock::default_folders() == shared);
  ::setenv("XDG_RUNTIME_DIR", "relative", 1);
  CHECK(hsm::UserLock::default_folders() == shared);
  ::setenv("XDG_RUNTIME_DIR", dir.path().c_str(), 1);
  CHECK(hsm::UserLock::default_folders() == Folders{dir / "countersign", shared[0], shared[1]});
  ::unsetenv("XDG_RUNTIME_DIR");
}
