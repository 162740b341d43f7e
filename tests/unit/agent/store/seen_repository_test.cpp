#include "agent/store/seen_repository.h"

#include <sys/stat.h>

#include "hsm/os/atomic_file.h"
#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const tuf::Gun kGun = tuf::Gun::of("127.0.0.1:5000/team/app");
const tuf::RoleName kRoot = tuf::RoleName::of("root");
const tuf::RoleName kTargets = tuf::RoleName::of("targets");
const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");
const tuf::RoleName kSnapshot = tuf::RoleName::of("snapshot");
const tuf::RoleName kTimestamp = tuf::RoleName::of("timestamp");

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("what was seen is kept in the layout of notary and docker, for its owner only") {
  const test::TempDir dir;
  const agent::SeenRepository seen(dir.path(), kGun);
  CHECK_FALSE(seen.load(kRoot).has_value());
  {
    const auto lock = seen.lock(0ms);
    seen.save({{kRoot, "r"}, {kTargets, "t"}, {kReleases, "d"}, {kSnapshot, "s"}, {kTimestamp, "z"}});
  }
  const fs::path metadata = dir / "tuf/127.0.0.1:5000/team/app/metadata";
  for (const auto& [name, content] : std::map<std::string, std::string>{{"root.json", "r"},
                                                                        {"targets.json", "t"},
                                                                        {"targets/releases.json", "d"},
                                                                        {"snapshot.json", "s"},
                                                                        {"timestamp.json", "z"}}) {
    CAPTURE(name);
    CHECK(test::read_file(metadata / name) == content);
    CHECK(mode_of(metadata / name) == 0600);
  }
  for (fs::path folder = metadata / "targets"; folder != dir.path(); folder = folder.parent_path()) {
    CHECK(mode_of(folder) == 0700);
  }
  CHECK(seen.load(kReleases) == "d");
  CHECK(seen.folder() == metadata);
}

TEST_CASE("what an official client left is found, and unnamed roles stay when others are saved") {
  const test::TempDir dir;
  const agent::SeenRepository seen(dir.path(), kGun);
  fs::create_directories(seen.folder());
  test::write_file(seen.folder() / "root.json", "theirs");
  test::write_file(seen.folder() / "snapshot.json", "theirs");
  const auto lock = seen.lock(0ms);
  seen.save({{kSnapshot, "ours"}});
  CHECK(seen.load(kRoot) == "theirs");
  CHECK(seen.load(kSnapshot) == "ours");
}

TEST_CASE("a save that fails half-way has written the root and not the timestamp") {
  const test::TempDir dir;
  const agent::SeenRepository seen(dir.path(), kGun);
  const auto lock = seen.lock(0ms);
  fs::create_directories(seen.folder() / "snapshot.json" / "x");  // cannot be replaced by a file
  try {
    seen.save({{kRoot, "r"}, {kTargets, "t"}, {kSnapshot, "s"}, {kTimestamp, "z"}});
    FAIL("saved");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kLocal);
    CHECK(std::string(error.what()).find("snapshot.json") != std::string::npos);
  }
  CHECK(seen.load(kRoot) == "r");
  CHECK(seen.load(kTargets) == "t");
  CHECK_FALSE(seen.load(kTimestamp).has_value());
}

TEST_CASE("an empty folder in the place of a file makes way") {
  const test::TempDir dir;
  const agent::SeenRepository seen(dir.path(), kGun);
  const auto lock = seen.lock(0ms);
  fs::create_directory(seen.folder() / "timestamp.json");
  seen.save({{kTimestamp, "z"}});
  CHECK(seen.load(kTimestamp) == "z");
}

TEST_CASE("saving removes what a killed writer left and replaces links") {
  const test::TempDir dir;
  const agent::SeenRepository seen(dir.path(), kGun);
  const auto lock = seen.lock(0ms);
  test::write_file(seen.folder() / ".tmp-abcdef", "half");
  test::write_file(dir / "elsewhere", "precious");
  fs::create_symlink(dir / "elsewhere", seen.folder() / "root.json");
  CHECK_THROWS_AS(seen.load(kRoot), tuf::Error);
  seen.save({{kRoot, "r"}});
  CHECK(seen.load(kRoot) == "r");
  CHECK(test::read_file(dir / "elsewhere") == "precious");
  CHECK_FALSE(fs::exists(seen.folder() / ".tmp-abcdef"));
}

TEST_CASE("a trust directory that cannot be made is a local error that names it") {
  const test::TempDir dir;
  test::write_file(dir / "trust", "a file");
  const agent::SeenRepository seen(dir / "trust", kGun);
  CHECK_FALSE(seen.load(kRoot).has_value());
  try {
    const auto lock = seen.lock(0ms);
    FAIL("locked");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kLocal);
    CHECK(std::string(error.what()).find((dir / "trust").string()) != std::string::npos);
  }
}

TEST_CASE("repositories whose names begin alike keep their files and locks apart") {
  const test::TempDir dir;
  const agent::SeenRepository outer(dir.path(), tuf::Gun::of("a/b"));
  const agent::SeenRepository inner(dir.path(), tuf::Gun::of("a/b/metadata"));
  const auto outer_lock = outer.lock(0ms);
  const auto inner_lock = inner.lock(0ms);
  outer.save({{kRoot, "outer"}, {kReleases, "outer"}});
  inner.save({{kRoot, "inner"}});
  CHECK(outer.load(kRoot) == "outer");
  CHECK(inner.load(kRoot) == "inner");
  CHECK_THROWS_AS(outer.lock(0ms), tuf::Error);
}
