#include "agent/work/publish_changes.h"

#include <utility>

#include "tests/support/catch.h"
#include "tests/support/memory_store.h"
#include "tests/support/open_gate.h"
#include "tests/support/repository_maker.h"
#include "tests/support/store_client.h"
#include "tests/support/test_data.h"
#include "tuf/base/warning.h"

namespace {

using test::StoreClient;
using tuf::RoleName;

const tuf::Gun kGun = tuf::Gun::of("registry.example.com/team/app");

/// A repository with two delegations, and one who publishes into the first of them.
struct Site {
  Site() {
    REQUIRE(store.publish(administrator.new_repository(store)) == agent::PublishResult::kStored);
    for (const char* role : {"targets/jenkins", "targets/others"}) {
      publish_as_administrator(administrator.add_delegation(role));
      publish_as_administrator(StoreClient::set_target(role, "0.9"));
    }
    store.requests.clear();
  }

  void publish_as_administrator(const StoreClient::Change& change) {
    REQUIRE(administrator.publish(store, change) == agent::PublishResult::kStored);
  }

  agent::PublishedChanges sign() {
    agent::SeenRepository seen(dir.path(), kGun);
    const agent::LoadRequest request{kGun, {std::nullopt, true, false}, test::kNow, {}};
    const auto change = [this](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      StoreClient::set_target(role.text(), "1.0")(draft);
      for (const std::string& name : many) StoreClient::set_target(role.text(), name)(draft);
    };
    return agent::publish_changes({store, seen, request},
                                  {change, test::open_gate, administrator.signer_for(), {}}, warnings);
  }

  test::TempDir dir;
  StoreClient administrator{kGun, test::kNow};
  test::MemoryStore store{kGun, [] { return test::kNow; }};
  std::vector<tuf::Warning> warnings;
  RoleName role = RoleName::of("targets/jenkins");
  std::vector<std::string> many;  // signed too
};

}  // namespace

TEST_CASE("Reading back asks for what the publish has changed and for nothing else") {
  Site site;
  site.store.before_publish = [&](int) { site.store.requests.clear(); };
  CHECK(site.sign().published);
  std::vector<std::string> asked;
  for (const agent::FileRequest& request : site.store.requests) asked.push_back(request.role.text());
  CHECK_THAT(asked,
             Catch::UnorderedEquals(std::vector<std::string>{"timestamp", "snapshot", "targets/jenkins"}));
  CHECK(site.warnings.empty());
}

TEST_CASE(
    "A long file that nobody pulls by is not read back whole: the snapshot names the hash of all its bytes") {
  Site site;
  for (int tag = 0; tag < 12'000; ++tag) {
    const std::string name = "tag-" + std::to_string(tag);
    site.many.push_back(name);
  }
  site.store.before_publish = [&](int) { site.store.requests.clear(); };
  bool lies = false;
  SECTION("published") {}
  SECTION("the store keeps other bytes") {
    lies = true;
    site.store.outcomes[site.store.publishes + 1] = test::MemoryStore::Outcome::kForgotten;
  }
  if (lies) {
    CHECK_THROWS_AS(site.sign(), tuf::Error);
  } else {
    CHECK(site.sign().published);
  }
  std::vector<std::string> asked;
  for (const agent::FileRequest& request : site.store.requests) asked.push_back(request.role.text());
  const std::vector<std::string> chain = {"timestamp", "snapshot"};
  CHECK(std::vector<std::string>(asked.begin(), asked.begin() + 2) == chain);
  if (!lies) CHECK(asked == chain);
}

TEST_CASE("A long file that pullers read is read back whole") {
  Site site;
  site.role = RoleName::releases();
  site.publish_as_administrator(site.administrator.add_delegation("targets/releases"));
  for (int tag = 0; tag < 12'000; ++tag) site.many.push_back("tag-" + std::to_string(tag));
  site.store.before_publish = [&](int) { site.store.requests.clear(); };
  CHECK(site.sign().published);
  std::vector<std::string> asked;
  for (const agent::FileRequest& request : site.store.requests) asked.push_back(request.role.text());
  CHECK(asked == std::vector<std::string>{"timestamp", "snapshot", "targets/releases"});
}

TEST_CASE("Reading back finds a root, targets and delegations that others publish in between") {
  Site site;
  bool done = false;
  site.store.before_publish = [&](int) {
    if (std::exchange(done, true)) return;
    const agent::RoleFile root =
        site.administrator.next_root(site.store, [](tuf::Root& next) { next.expires -= tuf::Days{1}; });
    REQUIRE(site.store.publish({root}) == agent::PublishResult::kStored);
    site.publish_as_administrator(site.administrator.add_delegation("targets/late"));
    site.publish_as_administrator(StoreClient::set_target("targets/others", "0.10"));
  };
  const agent::PublishedChanges changes = site.sign();
  CHECK(changes.published);
  CHECK(changes.repository.root().body.version == 2);
  CHECK(changes.repository.find_delegation(RoleName::of("targets/late")));
  CHECK(changes.repository.find_target(RoleName::of("targets/others"), "0.10"));
  CHECK(changes.repository.find_target(RoleName::of("targets/jenkins"), "1.0"));
}
