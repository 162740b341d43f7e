// Who could change the module that is given the PIN.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/fake_module.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using test::TokenBench;
using tuf::ErrorCode;
namespace fs = std::filesystem;

/// A copy of the scripted module in a folder of its own; a link to it elsewhere.
struct Copy {
  Copy() {
    fs::create_directory(folder);
    fs::copy_file(test::FakeModule::path(), file);
    fs::create_symlink(file, dir / "link.so");
    chmod(folder.c_str(), 0755);
    chmod(file.c_str(), 0755);
  }
  /// nullopt if the module loads.
  std::optional<tuf::Error> load(const fs::path& path) const {
    const test::FakeModule script("token ci\n");
    TokenBench bench(dir.path());
    const std::string uri = "pkcs11:token=ci?module-path=" + path.string();
    return test::error_of([&] { bench.tokens().list(hsm::TokenUri::parse(uri)); });
  }

  test::TempDir dir;
  fs::path folder = dir / "modules";
  fs::path file = folder / "module.so";
};

void check_refused(const Copy& copy, const std::string& reason) {
  for (const fs::path& path : {copy.file, copy.dir / "link.so"}) {
    const auto error = copy.load(path);
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kModuleFailed);
    CHECK_THAT(error->what(), Catch::Contains(reason));
    CHECK_FALSE(error->hint().empty());
  }
}

}  // namespace

TEST_CASE("a module that only its owner can write is loaded, also from a folder such as /tmp") {
  const Copy copy;
  CHECK_FALSE(copy.load(copy.file));
  CHECK_FALSE(copy.load(copy.dir / "link.so"));
  chmod(copy.folder.c_str(), 01777);
  CHECK_FALSE(copy.load(copy.file));
  chmod(copy.dir.path().c_str(), 01777);
  CHECK_FALSE(copy.load(copy.file));
}

TEST_CASE("a module that everybody can write, or put another in its place, is never loaded") {
  const Copy copy;
  SECTION("the file") {
    chmod(copy.file.c_str(), 0757);
    check_refused(copy, "module.so can be written by everybody");
  }
  SECTION("the folder") {
    chmod(copy.folder.c_str(), 0777);
    check_refused(copy, "modules can be written by everybody");
  }
  SECTION("the folder above its own") {
    chmod(copy.dir.path().c_str(), 0777);
    check_refused(copy, copy.dir.path().string() + " can be written by everybody");
  }
}

TEST_CASE("a module that belongs to another user, or lies in their folder, is never loaded") {
  if (geteuid() != 0) return;  // only root can give a file away
  const Copy copy;
  SECTION("the file") {
    REQUIRE(chown(copy.file.c_str(), 65534, 65534) == 0);
    check_refused(copy, "module.so belongs to another user");
  }
  SECTION("the file, in a folder where everybody has files") {
    chmod(copy.folder.c_str(), 01777);
    REQUIRE(chown(copy.file.c_str(), 65534, 65534) == 0);
    check_refused(copy, "module.so belongs to another user");
  }
  SECTION("the folder above its own") {
    REQUIRE(chown(copy.dir.path().c_str(), 65534, 65534) == 0);
    check_refused(copy, copy.dir.path().string() + " belongs to another user");
  }
  SECTION("the folder") {
    REQUIRE(chown(copy.folder.c_str(), 65534, 65534) == 0);
    check_refused(copy, "modules belongs to another user");
  }
}
