#include "hsm/os/free_name.h"

#include "hsm/file/key_form.h"
#include "hsm/secret_source.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/test_data.h"
#include "tuf/keys/pem.h"

namespace fs = std::filesystem;

TEST_CASE("A name for a new file is one under which nothing stands, not even a link to nothing") {
  const test::TempDir dir;
  const std::string path = dir / "a";
  CHECK(hsm::free_name(path, ".pem") == path + ".pem");
  fs::create_symlink("/nowhere/at/all", path + ".pem");
  CHECK(hsm::free_name(path, ".pem") == path + ".2.pem");
  fs::create_directory(path + ".2.pem");
  CHECK(hsm::free_name(path, ".pem") == path + ".3.pem");
  CHECK(hsm::free_name(path, ".tar") == path + ".tar");
}

TEST_CASE("A name for several new files is one with which no other begins") {
  const test::TempDir dir;
  const std::string path = dir / "a";
  test::write_file(path, "");
  CHECK(hsm::free_prefix(path) == path);
  fs::create_symlink("/nowhere", path + ".17");
  CHECK(hsm::free_prefix(path) == path + ".2");
  test::write_file(path + ".2.1", "");
  CHECK(hsm::free_prefix(path) == path + ".3");
}

TEST_CASE("No hint writes over what stands beside the file, or through a link there") {
  const test::TempDir dir;
  const std::string path = dir / "a";
  for (const char* ending : {".pem", ".1", ".utf8"}) fs::create_symlink("victim", path + ending);
  const auto named = [&](const std::string& hint) {
    return hsm::in_file(tuf::Error(tuf::ErrorCode::kKeyUnsupported, "it is odd", hint), path).hint();
  };
  CHECK(named("cp FILE FILE.pem; then name FILE.pem") ==
        "cp " + path + " " + path + ".2.pem; then name " + path + ".2.pem");
  CHECK(named("sed FILE > FILE.1; then name FILE.1") ==
        "sed " + path + " > " + path + ".2.1; then name " + path + ".2.1");
  CHECK(named(std::string(tuf::kSplitFile) + "FILE.3") ==
        "split it with: f=" + path + ".2 awk '/-----BEGIN/ {n++} n {print > (ENVIRON[\"f\"] \".\" n)}' < " +
            path + "; then name " + path + ".2.3");
  using namespace std::string_literals;
  test::write_file(path, "\xff\xfes\0"s);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  const auto error = test::error_of([&] { hsm::read_secret_file(path); });
  REQUIRE(error);
  CHECK_THAT(error->hint(), Catch::Contains(" > " + path + ".2.utf8) && mv " + path + ".2.utf8 " + path));
}
