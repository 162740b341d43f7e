#include "hsm/pkcs11/startup_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

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
  const StartupLock lock("/m.so", dir / "lock", milliseconds(0));
  CHECK(test::code_of([&] { StartupLock("/m.so", dir / "lock", milliseconds(30)); }) == ErrorCode::kLocked);
  CHECK(test::code_of([&] { StartupLock("/other.so", dir / "lock", milliseconds(0)); }) == std::nullopt);
}

TEST_CASE("the start-up lock is free again when its holder goes, however it goes") {
  const test::TempDir dir;
  { const StartupLock lock("/m.so", dir / "lock", milliseconds(0)); }
  const auto child = test::forked([&]() -> int {
    const StartupLock lock("/m.so", dir / "lock", milliseconds(0));
    ::_exit(7);
  });
  CHECK(child.exit_code == 7);
  CHECK(test::code_of([&] { StartupLock("/m.so", dir / "lock", milliseconds(0)); }) == std::nullopt);
}

TEST_CASE("the start-up lock's folder is closed to others") {
  const test::TempDir dir;
  const StartupLock lock("/m.so", dir / "lock", milliseconds(0));
  struct stat status {};
  REQUIRE(::stat((dir / "lock").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("the start-up lock refuses a folder or file that somebody else could have put there") {
  const test::TempDir dir;
  const auto attempt = [](const std::filesystem::path& folder) {
    return test::code_of([&] { StartupLock("/m.so", folder, milliseconds(0)); });
  };
  std::filesystem::create_directory(dir / "real");
  ::chmod((dir / "real").c_str(), 0700);
  std::filesystem::create_symlink(dir / "real", dir / "link");
  CHECK(attempt(dir / "link") == ErrorCode::kLocal);

  std::filesystem::create_directory(dir / "open");
  ::chmod((dir / "open").c_str(), 0755);
  CHECK(attempt(dir / "open") == ErrorCode::kLocal);

  test::write_file(dir / "file", "");
  CHECK(attempt(dir / "file") == ErrorCode::kLocal);

  // A link in place of the lock file itself.
  { const StartupLock lock("/m.so", dir / "real", milliseconds(0)); }
  const auto file = std::filesystem::directory_iterator(dir / "real")->path();
  std::filesystem::remove(file);
  std::filesystem::create_symlink(dir / "target", file);
  CHECK(attempt(dir / "real") == ErrorCode::kLocal);
  CHECK_FALSE(std::filesystem::exists(dir / "target"));
}

TEST_CASE("the start-up lock lives in the user's runtime folder, else in a folder of the user's in /tmp") {
  const test::TempDir dir;
  ::setenv("XDG_RUNTIME_DIR", dir.path().c_str(), 1);
  CHECK(StartupLock::default_folder() == dir / "countersign");
  ::setenv("XDG_RUNTIME_DIR", (dir / "missing").c_str(), 1);
  const std::filesystem::path shared = "/tmp/countersign-" + std::to_string(::geteuid());
  CHECK(StartupLock::default_folder() == shared);
  ::setenv("XDG_RUNTIME_DIR", "relative", 1);
  CHECK(StartupLock::default_folder() == shared);
  ::unsetenv("XDG_RUNTIME_DIR");
  CHECK(StartupLock::default_folder() == shared);
}
