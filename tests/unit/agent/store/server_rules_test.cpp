// What a store refuses where the official server would store what nobody can read. The rules that they share
// are in the contract of trust stores.
#include "agent/store/server_rules.h"

#include "tests/support/catch.h"
#include "tests/support/memory_store.h"
#include "tests/support/store_client.h"
#include "tuf/base/error.h"
#include "tuf/trust/role_authority.h"

using test::MemoryStore;
using test::StoreClient;

namespace {

constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
const tuf::RoleName kRoot = tuf::RoleName::of("root");
const tuf::RoleName kTargets = tuf::RoleName::of("targets");

struct Fixture {
  tuf::Time now = kNow;
  StoreClient client{tuf::Gun::of("registry.example.com/team/app"), kNow};
  MemoryStore store{client.gun(), [this] { return now; }};

  Fixture() { REQUIRE(store.publish(client.new_repository(store)) == agent::PublishResult::kStored); }

  std::string refusal(const std::vector<agent::RoleFile>& files) {
    const agent::RoleFiles before = store.newest;
    try {
      store.publish(files);
    } catch (const tuf::Error& error) {
      CHECK(error.code() == tuf::ErrorCode::kServerRejected);
      CHECK(store.newest == before);
      return error.what();
    }
    FAIL("not refused");
    return {};
  }
};

}  // namespace

TEST_CASE("a file that is not in the one exact form is refused") {
  Fixture at;
  auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  SECTION("white space") {
    files.front().bytes = std::string(files.front().bytes) + "\n";
  }
  SECTION("another member in the envelope") {
    files.front().bytes = std::string(files.front().bytes).insert(1, R"("also":1,)");
  }
  CHECK(at.refusal(files).find("one form") != std::string::npos);
}

TEST_CASE("the same role twice is refused") {
  Fixture at;
  auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  files.push_back(files.front());
  CHECK(at.refusal(files).find("targets came twice") != std::string::npos);
}

TEST_CASE("a root whose role needs more keys than it has is refused") {
  Fixture at;
  const agent::RoleFile root =
      at.client.next_root(at.store, [](tuf::Root& body) { body.roles["targets"].threshold = 2; });
  CHECK(at.refusal({root}).find("targets has fewer usable keys") != std::string::npos);
}

TEST_CASE(
    "a root that changes the targets key is refused without targets by that key, and accepted with them") {
  Fixture at;
  const auto key = test::TestSigner::generate();
  const agent::RoleFile root = at.client.next_root(at.store, [&](tuf::Root& body) {
    body.keys.emplace(key->public_key().id(), key->public_key().object());
    body.roles["targets"] = {{key->public_key().id()}, 1};
  });
  CHECK(at.refusal({root}).find("threshold for targets") != std::string::npos);

  tuf::Targets body = at.client.load(at.store).targets().body;
  ++body.version;
  const std::string targets = tuf::sign_metadata("targets", tuf::encode_signed(body), {key->public_key()}, 1,
                                                 [&](const tuf::KeyId&) { return key; });
  CHECK(at.store.publish({root, {kTargets, targets}}) == agent::PublishResult::kStored);
  CHECK(at.client.load(at.store).root().body.version == 2);
}

TEST_CASE("targets that delegate what is not their child are refused") {
  Fixture at;
  tuf::Targets body = at.client.load(at.store).targets().body;
  ++body.version;
  const tuf::PublicKey& key = at.client.delegate()->public_key();
  body.keys.emplace(key.id(), key.object());
  body.roles.push_back({tuf::RoleName::of("targets/a/b"), {key.id()}, 1, {""}});
  const auto authority = tuf::RoleAuthority::of(at.client.load(at.store).root().body, kTargets);
  const std::string bytes =
      tuf::sign_metadata("targets", tuf::encode_signed(body), authority.keys(), 1, at.client.signer_for());
  CHECK(at.refusal({{kTargets, bytes}}).find("targets/a/b is no delegation of targets") != std::string::npos);
}

TEST_CASE("a root whose certificate is for another repository is refused") {
  Fixture at;
  StoreClient other(tuf::Gun::of("registry.example.com/other"), kNow);
  MemoryStore empty(at.client.gun(), [] { return kNow; });
  const auto files = other.new_repository(empty);
  try {
    empty.publish(files);
    FAIL("stored");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kServerRejected);
    CHECK(std::string(error.what()).find("registry.example.com/") != std::string::npos);
  }
  CHECK(empty.newest.empty());
}

TEST_CASE("a root that has expired is refused") {
  Fixture at;
  const agent::RoleFile root =
      at.client.next_root(at.store, [](tuf::Root& body) { body.expires = kNow - std::chrono::seconds(1); });
  CHECK(at.refusal({root}).find("root expired at 2026-11-20T23:59:59Z") != std::string::npos);
}

TEST_CASE("files are left alone for half of their life, then renewed as far as the keys go") {
  Fixture at;
  const std::string timestamp = test::fetch_newest(at.store, "timestamp").value();
  at.now = kNow + tuf::kTimestampLifetime / 2 - std::chrono::seconds(1);
  CHECK(test::fetch_newest(at.store, "timestamp") == timestamp);
  at.now += std::chrono::seconds(1);
  CHECK(tuf::decode<tuf::Timestamp>(test::fetch_newest(at.store, "timestamp").value(), "timestamp")
            .body.version == 2);
  CHECK(
      tuf::decode<tuf::Snapshot>(test::fetch_newest(at.store, "snapshot").value(), "snapshot").body.version ==
      1);

  SECTION("a snapshot of the store's") {
    at.now = kNow + tuf::kSnapshotLifetime - tuf::kSnapshotLifetime / 2;
    const auto snapshot =
        tuf::decode<tuf::Snapshot>(test::fetch_newest(at.store, "snapshot").value(), "snapshot");
    CHECK(snapshot.body.version == 2);
    CHECK(snapshot.body.expires == at.now + tuf::kSnapshotLifetime);
  }
  SECTION("a snapshot of the client's stays expired") {
    MemoryStore store(at.client.gun(), [&] { return at.now; });
    at.now = kNow;
    REQUIRE(store.publish(at.client.new_repository(store, true)) == agent::PublishResult::kStored);
    const std::string snapshot = test::fetch_newest(store, "snapshot").value();
    at.now = kNow + tuf::kSnapshotLifetime;
    CHECK(test::fetch_newest(store, "snapshot") == snapshot);
    CHECK(tuf::decode<tuf::Timestamp>(test::fetch_newest(store, "timestamp").value(), "timestamp")
              .body.version == 2);
  }
}

TEST_CASE("what is stored but cannot be read is called broken") {
  Fixture at;
  const auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  const char* role = GENERATE("root", "targets", "snapshot");
  CAPTURE(role);
  at.store.newest[tuf::RoleName::of(role)] = "{}";
  try {
    at.store.publish(files);
    FAIL("stored");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kRepositoryBroken);
    CHECK(std::string(error.what()).find(role) != std::string::npos);
  }
}

TEST_CASE("a store in memory counts, remembers and misbehaves as it is told") {
  Fixture at;
  using Outcome = MemoryStore::Outcome;
  at.store.outcomes = {{2, Outcome::kConflict},
                       {3, Outcome::kUnknownLost},
                       {4, Outcome::kForgotten},
                       {5, Outcome::kUnknownStored}};
  const auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  const auto stored = [&] { return at.store.newest.at(kTargets) == files.front().bytes; };
  CHECK(at.store.publish(files) == agent::PublishResult::kConflict);
  CHECK(at.store.publish(files) == agent::PublishResult::kUnknown);
  CHECK(at.store.publish(files) == agent::PublishResult::kStored);
  CHECK_FALSE(stored());
  CHECK(at.store.publish(files) == agent::PublishResult::kUnknown);
  CHECK(stored());
  CHECK(at.store.publishes == 5);
  CHECK(at.store.publications.size() == 5);
  const int fetches = at.store.fetches;
  int numbers = 0;
  at.store.before_publish = [&](int n) { numbers = n; };
  at.store.before_fetch = [&](const auto& requests) { numbers += static_cast<int>(requests.size()); };
  CHECK(at.store.publish(files) == agent::PublishResult::kConflict);
  at.store.fetch({{kRoot}, {kTargets}});
  CHECK(numbers == 8);
  CHECK(at.store.fetches == fetches + 1);
}
