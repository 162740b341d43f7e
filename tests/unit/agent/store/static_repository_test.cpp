#include "agent/store/static_repository.h"

#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/store_client.h"
#include "tests/support/test_data.h"
#include "tuf/base/hex.h"

namespace fs = std::filesystem;
using test::code_of;
using test::error_of;
using test::StoreClient;

namespace {

constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string hash_of(const std::string& bytes) {
  return tuf::to_hex(tuf::describe_file(bytes).hashes.at("sha256"));
}

/// A repository in a folder of its own; the clock is `now`.
struct Fixture {
  test::TempDir dir;
  tuf::Time now = kNow;
  StoreClient client{tuf::Gun::of("registry.example.com/team/app"), kNow};
  fs::path served = dir / "served";
  fs::path tuf_folder = served / "v2/registry.example.com/team/app/_trust/tuf";

  agent::StaticRepository open() {
    return {served, client.gun(), {[this] { return now; }, std::chrono::milliseconds(100)}};
  }
  void initialise() {
    auto store = open();
    REQUIRE(store.publish(client.new_repository(store)) == agent::PublishResult::kStored);
    REQUIRE(client.publish(store, client.add_delegation("targets/releases")) ==
            agent::PublishResult::kStored);
    REQUIRE(client.publish(store, StoreClient::set_target("targets/releases", "1.0")) ==
            agent::PublishResult::kStored);
  }
};

/// `now` seen by a client whose clock runs with the store's.
std::string newest(agent::TrustStore& store, const std::string& role) {
  return test::fetch_newest(store, role).value();
}

}  // namespace

TEST_CASE("the folder is what a web server must serve to be a Notary server") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  CHECK(test::read_file(at.served / "v2/index.html") == "{}");
  for (const std::string role : {"root", "targets", "snapshot", "timestamp", "targets/releases"}) {
    CAPTURE(role);
    const std::string bytes = newest(store, role);
    CHECK(test::read_file(at.tuf_folder / (role + ".json")) == bytes);
    CHECK(test::read_file(at.tuf_folder / (role + "." + hash_of(bytes) + ".json")) == bytes);
  }
  CHECK(test::read_file(at.tuf_folder / "1.targets/releases.json") == newest(store, "targets/releases"));
  CHECK(test::read_file(at.tuf_folder / "2.targets.json") == newest(store, "targets"));
  CHECK(test::read_file(at.tuf_folder / "3.timestamp.json") == newest(store, "timestamp"));
  CHECK(fs::exists(at.tuf_folder / "1.root.json"));
  CHECK(fs::exists(at.tuf_folder / "1.targets.json"));
}

TEST_CASE("everything that is served can be read by the web server and holds no key") {
  Fixture at;
  const mode_t old_mask = umask(0077);
  at.initialise();
  umask(old_mask);
  CHECK(mode_of(at.served) == 0755);
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(at.served)) {
    CAPTURE(entry.path());
    CHECK_FALSE(entry.is_symlink());
    CHECK(mode_of(entry.path()) == (entry.is_directory() ? 0755 : 0644));
    if (!entry.is_regular_file()) continue;
    ++files;
    CHECK(test::read_file(entry.path()).find("PRIVATE") == std::string::npos);
  }
  CHECK(files > 10);
}

TEST_CASE("the server's keys lie beside the served folder, for their owner only") {
  Fixture at;
  at.initialise();
  const fs::path keys = at.dir / "served.keys";
  std::size_t files = 0;
  CHECK(mode_of(keys) == 0700);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(keys)) {
    CAPTURE(entry.path());
    CHECK(mode_of(entry.path()) == (entry.is_directory() ? 0700 : 0600));
    if (entry.path().extension() != ".key") continue;
    ++files;
    const std::string pem = test::read_file(entry.path());
    CHECK(pem.starts_with("-----BEGIN PRIVATE KEY-----\ngun: registry.example.com/team/app\nrole: "));
    CHECK(test::TestSigner::from_pem("-----BEGIN PRIVATE KEY-----\n" + pem.substr(pem.find("\n\n") + 2))
              ->public_key()
              .description() == "EC P-256");
  }
  CHECK(files == 2);
}

TEST_CASE("every way to write the folder's name leads to the same keys") {
  Fixture at;
  at.initialise();
  fs::create_directory_symlink(at.served, at.dir / "link");
  const tuf::RoleName timestamp = tuf::RoleName::of("timestamp");
  const tuf::KeyObject key = at.open().server_key(timestamp);
  for (const std::string spelling : {"served/", "link", "./served", "link/../served//"}) {
    CAPTURE(spelling);
    agent::StaticRepository store(at.dir / spelling, at.client.gun(), {[] { return kNow; }});
    CHECK(store.server_key(timestamp) == key);
    CHECK(store.name() == "file:" + (at.dir / spelling).string());
  }
  CHECK_FALSE(fs::exists(at.dir / "link.keys"));
}

TEST_CASE("a folder that is not there cannot be read, and nothing is made by trying") {
  Fixture at;
  auto store = at.open();
  const tuf::Error error = error_of([&] { test::fetch_newest(store, "root"); }).value();
  CHECK(error.code() == tuf::ErrorCode::kServerUnreachable);
  CHECK(std::string(error.what()).find("file:" + at.served.string()) != std::string::npos);
  CHECK_FALSE(error.hint().empty());
  CHECK(fs::is_empty(at.dir.path()));
}

TEST_CASE("a file that is longer than was asked for is no answer, unless it may be another one") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  agent::FileRequest request{tuf::RoleName::of("targets")};
  request.max_length = newest(store, "targets").size();
  CHECK(store.fetch({request}).at(0).has_value());
  --request.max_length;
  CHECK(code_of([&] { store.fetch({request}); }) == tuf::ErrorCode::kServerError);
  request.is_guess = true;
  CHECK_FALSE(store.fetch({request}).at(0).has_value());
}

TEST_CASE("names that could take another repository's place are refused") {
  Fixture at;
  const auto open = [&](const fs::path& dir, const char* gun) {
    agent::StaticRepository(dir, tuf::Gun::of(gun), {[] { return kNow; }});
  };
  CHECK(code_of([&] { open(at.served, "a/_trust/tuf/targets"); }) == tuf::ErrorCode::kInvalidReference);
  CHECK(code_of([&] { open(at.served, "_trust"); }) == tuf::ErrorCode::kInvalidReference);
  CHECK(code_of([&] { open("/", "a"); }) == tuf::ErrorCode::kConfig);
  CHECK_NOTHROW(open(at.served, "a/my_trust/b"));
}

TEST_CASE("with the keys at hand a timestamp past half of its life is renewed by reading") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  const std::string before = newest(store, "timestamp");
  at.now = kNow + tuf::kTimestampLifetime / 2 - std::chrono::seconds(1);
  CHECK(newest(store, "timestamp") == before);
  at.now += std::chrono::seconds(1);
  const auto renewed = tuf::decode<tuf::Timestamp>(newest(store, "timestamp"), "timestamp");
  CHECK(renewed.body.version == 4);
  CHECK(renewed.body.expires == at.now + tuf::kTimestampLifetime);
  CHECK(renewed.body.snapshot.hashes ==
        tuf::decode<tuf::Timestamp>(before, "timestamp").body.snapshot.hashes);
  CHECK(test::read_file(at.tuf_folder / "4.timestamp.json") == renewed.bytes);
  CHECK(newest(store, "timestamp") == renewed.bytes);
}

TEST_CASE("with the keys at hand an expired snapshot is renewed by reading, and the timestamp with it") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  const auto before = tuf::decode<tuf::Snapshot>(newest(store, "snapshot"), "snapshot");
  at.now = kNow + tuf::kSnapshotLifetime;
  const auto snapshot = tuf::decode<tuf::Snapshot>(newest(store, "snapshot"), "snapshot");
  CHECK(snapshot.body.version == before.body.version + 1);
  CHECK(snapshot.body.expires == at.now + tuf::kSnapshotLifetime);
  CHECK(snapshot.body.meta.size() == before.body.meta.size());
  const auto timestamp = tuf::decode<tuf::Timestamp>(newest(store, "timestamp"), "timestamp");
  CHECK(timestamp.body.snapshot.hashes == tuf::describe_file(snapshot.bytes).hashes);
}

TEST_CASE("a reader without the keys gets the stale files as they are") {
  Fixture at;
  at.initialise();
  const std::string before = test::read_file(at.tuf_folder / "timestamp.json");
  fs::rename(at.dir / "served.keys", at.dir / "away");
  at.now = kNow + tuf::kSnapshotLifetime;
  auto store = at.open();
  CHECK(newest(store, "timestamp") == before);
  CHECK_FALSE(fs::exists(at.dir / "served.keys"));
}

TEST_CASE("whoever has a copy without the keys cannot publish, is told so, and nothing changes") {
  Fixture at;
  at.initialise();
  auto reader = at.open();
  const auto files = at.client.draft(reader, StoreClient::set_target("targets", "2.0"));
  const std::string before = test::read_file(at.tuf_folder / "timestamp.json");
  fs::rename(at.dir / "served.keys", at.dir / "away");
  auto store = at.open();
  const bool empty_folder = GENERATE(false, true);  // as a version left it that did not look before
  if (empty_folder)
    fs::create_directories(at.dir / "served.keys" /
                           fs::directory_iterator(at.dir / "away")->path().filename());
  const tuf::RoleName snapshot = tuf::RoleName::of("snapshot");
  CHECK_ERROR(store.require_publishing(), tuf::ErrorCode::kLocal, "as in a copy");
  CHECK_ERROR(store.publish(files), tuf::ErrorCode::kLocal, "as in a copy");
  CHECK_ERROR(store.server_key(snapshot), tuf::ErrorCode::kLocal, "as in a copy");
  CHECK_ERROR(store.make_server_key(snapshot), tuf::ErrorCode::kLocal, "as in a copy");
  CHECK(fs::exists(at.dir / "served.keys") == empty_folder);
  CHECK(test::read_file(at.tuf_folder / "timestamp.json") == before);
}

TEST_CASE("a key file that others can read is not used") {
  Fixture at;
  at.initialise();
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(at.dir / "served.keys")) {
    if (entry.path().extension() == ".key") fs::permissions(entry.path(), fs::perms{0644});
  }
  auto store = at.open();
  CHECK(code_of([&] { store.server_key(tuf::RoleName::of("timestamp")); }) == tuf::ErrorCode::kInsecureFile);
}

TEST_CASE("a damaged file is not returned, and does not hide the others") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  const std::string releases = newest(store, "targets/releases");
  const tuf::Bytes hash = tuf::describe_file(releases).hashes.at("sha256");
  test::write_file(at.tuf_folder / ("targets/releases." + tuf::to_hex(hash) + ".json"), "{}");
  CHECK_FALSE(test::fetch_with_hash(store, "targets/releases", hash));
  CHECK_NOTHROW(newest(store, "targets"));
}

TEST_CASE("a repository whose snapshot or root is lost is called broken, not begun anew") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  const auto files = at.client.draft(store, StoreClient::set_target("targets", "2.0"));
  StoreClient again(at.client.gun(), kNow);
  const auto anew = again.new_repository(store);
  const std::string role = GENERATE("snapshot", "root");
  CAPTURE(role);
  fs::remove(at.tuf_folder / (role + "." + hash_of(newest(store, role)) + ".json"));
  CHECK(code_of([&] { store.publish(files); }) == tuf::ErrorCode::kRepositoryBroken);
  CHECK(code_of([&] { store.publish(anew); }) == tuf::ErrorCode::kRepositoryBroken);
  CHECK_NOTHROW(newest(store, "timestamp"));
}

TEST_CASE("a delegation whose file is lost is mended by publishing it anew") {
  Fixture at;
  at.initialise();
  auto store = at.open();
  const auto next = at.client.draft(store, StoreClient::set_target("targets/releases", "2.0"));
  fs::remove(at.tuf_folder / ("targets/releases." + hash_of(newest(store, "targets/releases")) + ".json"));
  CHECK_THROWS(at.client.load(store));
  CHECK(store.publish(next) == agent::PublishResult::kStored);
  CHECK_NOTHROW(at.client.load(store));
}

TEST_CASE("a file in the place of a folder is a local error that names it") {
  Fixture at;
  fs::create_directory(at.served);
  test::write_file(at.served / "v2", "");
  auto store = at.open();
  const auto files = at.client.new_repository(store);
  const tuf::Error error = error_of([&] { store.publish(files); }).value();
  CHECK(error.code() == tuf::ErrorCode::kLocal);
  CHECK(std::string(error.what()).find((at.served / "v2").string()) != std::string::npos);
}
