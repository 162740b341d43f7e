// Somebody who may sign in one role does as much there as any server takes: only that role suffers from it.
#include <set>

#include "agent/work/change_signers.h"
#include "agent/work/publish_changes.h"
#include "agent/work/signing_gate.h"
#include "agent/work/signing_keys.h"
#include "agent/work/witness_roles.h"
#include "hsm/memory_keys.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/served_repository.h"
#include "tuf/metadata/find_version.h"

using State = tuf::Delegation::State;
using test::Machine;
using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

const RoleName kReleases = RoleName::of("targets/releases");
const RoleName kMoby = RoleName::of("targets/moby");

/// A server with the keys of a RepositoryMaker: it takes what has a higher version than what it has.
class MakerStore final : public agent::TrustStore {
 public:
  explicit MakerStore(RepositoryMaker& maker) : maker_(maker), memory_(test::make_store(maker.gun)) {}

  const std::string& name() const override { return memory_.name(); }
  std::vector<std::optional<std::string>> fetch(const std::vector<agent::FileRequest>& wanted) override {
    for (const agent::FileRequest& request : wanted) asked_for.insert(request.role);
    test::serve(maker_, memory_);
    return memory_.fetch(wanted);
  }
  agent::PublishResult publish(const std::vector<agent::RoleFile>& files) override {
    const auto version_of = [](std::string_view file) { return tuf::find_version(file).value_or(0); };
    for (const agent::RoleFile& file : files) {
      if (version_of(maker_.newest(file.role.text()).value_or("")) >= version_of(file.bytes))
        return agent::PublishResult::kConflict;
    }
    for (const agent::RoleFile& file : files) maker_.store(file.role.text(), std::string(file.bytes));
    maker_.publish_snapshot();
    return agent::PublishResult::kStored;
  }
  tuf::KeyObject server_key(const RoleName& role) override {
    return maker_.signer(role.text()).public_key().object();
  }
  tuf::KeyObject make_server_key(const RoleName& role) override { return server_key(role); }
  void require_publishing() override {}
  void remove() override {}

  std::set<RoleName> asked_for;

 private:
  RepositoryMaker& maker_;
  test::MemoryStore memory_;
};

/// A repository in which jenkins and moby sign releases, each with a key, and have a role of their own.
struct Shared {
  Shared() : store(maker), machine(maker.gun) {
    maker.add_delegation("targets/releases", {jenkins, moby});
    maker.add_delegation("targets/jenkins", jenkins);
    maker.add_delegation("targets/moby", moby);
    maker.signers.at("targets/releases") = {jenkins};
    for (const char* role : {"targets/releases", "targets/jenkins", "targets/moby"})
      maker.set_target(role, "1.0", test::make_target("1.0"));
    machine.request.policy.trust_on_first_use = true;
    maker.publish();
    hold("targets");
    hold("targets/jenkins");
  }

  void publish() { maker.publish(); }
  void hold(const std::string& role) {
    keys.add(std::make_unique<hsm::MemoryKeys>(
        std::vector<std::shared_ptr<tuf::Signer>>{maker.signers.at(role).front()}));
  }
  /// What only the server's word says of a file: for lengths that no test should have to make.
  void announce(const std::string& role, std::int64_t length) {
    maker.snapshot.meta.at(role).length = length;
    maker.store("snapshot", maker.sign_role("snapshot"));
    maker.publish_timestamp();
  }
  /// `count` delegations in `parent`, all with moby's key. Only their definitions: no files.
  void define_below(const std::string& parent, std::size_t count, std::size_t keys_each = 1) {
    const std::string first = parent + "/d0";
    maker.add_delegation(first, moby);
    auto& body = maker.targets.at(parent);
    tuf::DelegationRole role = body.roles.back();
    role.key_ids.resize(keys_each, role.key_ids.front());
    body.roles.pop_back();
    for (std::size_t i = 0; i < count; ++i) {
      body.roles.push_back(role);
      body.roles.back().name = RoleName::of(parent + "/d" + std::to_string(i));
    }
    maker.touch(parent);
  }
  tuf::TrustedRepository load() { return machine.load(store); }
  agent::PublishedChanges change(const agent::ChangeRepository& how) {
    agent::PublishOptions options;
    options.sleep = [](int) {};
    agent::SigningGate gate(keys);
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {how, gate.as_function(), agent::signer_look_up(keys), options},
                                  machine.warnings);
  }

  std::shared_ptr<TestSigner> jenkins = TestSigner::generate();
  std::shared_ptr<TestSigner> moby = TestSigner::generate();
  RepositoryMaker maker;
  MakerStore store;
  Machine machine;
  hsm::KeyRing keys;
};

bool shows(const tuf::TrustedRepository& repository, const std::string& role) {
  return repository.find_target(RoleName::of(role), "1.0").has_value();
}

const tuf::Delegation& role_of(const tuf::TrustedRepository& repository, const std::string& role) {
  const tuf::Delegation* found = repository.find_delegation(RoleName::of(role));
  REQUIRE(found);
  return *found;
}

void require_others_whole(const tuf::TrustedRepository& repository) {
  CHECK(shows(repository, "targets/releases"));
  CHECK(shows(repository, "targets/jenkins"));
}

}  // namespace

TEST_CASE("4,096 delegations below one signer's role hide nothing but themselves", "[bulk]") {
  Shared shared;
  shared.define_below("targets/moby", 4096);
  shared.publish();

  const tuf::TrustedRepository repository = shared.load();

  require_others_whole(repository);
  CHECK(shows(repository, "targets/moby"));
  CHECK(repository.delegations().size() == 3);
  CHECK(role_of(repository, "targets/moby").unread_below->code() == ErrorCode::kMalformedMetadata);
  CHECK(shared.machine.warned_of("LIMIT_EXCEEDED"));
  CHECK_ERROR(throw repository.no_such_role(RoleName::of("targets/moby/d7")), ErrorCode::kMalformedMetadata,
              "what targets/moby of " + repository.gun().text() + " delegates to is not read");
  CHECK_ERROR(throw repository.no_such_role(RoleName::of("targets/jenkins/d7")), ErrorCode::kRoleNotFound);
}

TEST_CASE("delegations without end in releases, where every signer may put them, leave its tags to pullers") {
  Shared shared;
  shared.define_below("targets/releases", tuf::kMaxDelegationsBelow + 1);
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(repository.delegations().size() == 3);
}

TEST_CASE("as many delegations below one signer as are read cost another signer none of theirs", "[bulk]") {
  Shared shared;
  shared.define_below("targets/moby", tuf::kMaxDelegationsBelow);
  shared.define_below("targets/jenkins", tuf::kMaxDelegationsBelow);
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK_FALSE(role_of(repository, "targets/jenkins").unread_below);
  CHECK(repository.delegations().size() == 3 + 2 * tuf::kMaxDelegationsBelow);
  CHECK(repository.find_delegation(RoleName::of("targets/jenkins/d511")));
}

TEST_CASE("keys listed without end below one signer's role are not even looked at") {
  Shared shared;
  shared.define_below("targets/moby", 9, 256);
  shared.define_below("targets/jenkins", 8, 256);
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(role_of(repository, "targets/moby").unread_below);
  CHECK_FALSE(role_of(repository, "targets/jenkins").unread_below);
}

TEST_CASE("what stands nearer to targets is read first, and what is deeper is left out") {
  Shared shared;
  shared.maker.add_delegation("targets/moby/a", shared.moby);
  shared.maker.set_target("targets/moby/a", "1.0", test::make_target("1.0"));
  shared.define_below("targets/moby/a", tuf::kMaxDelegationsBelow);
  shared.maker.add_delegation("targets/moby/b", shared.moby);
  shared.maker.set_target("targets/moby/b", "1.0", test::make_target("1.0"));
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  CHECK(shows(repository, "targets/moby/a"));
  CHECK(shows(repository, "targets/moby/b"));
  CHECK(role_of(repository, "targets/moby/a").unread_below);
  CHECK_FALSE(role_of(repository, "targets/moby").unread_below);
  CHECK(repository.delegations().size() == 5);
}

TEST_CASE("64 MiB of one signer's files are not asked for, and nobody else goes without his", "[bulk]") {
  Shared shared;
  for (const std::string role : {"targets/moby/a", "targets/moby/b", "targets/moby/c"}) {
    shared.maker.add_delegation(role, shared.moby);
    shared.maker.set_target(role, "1.0", test::make_target("1.0"));
  }
  shared.publish();
  SECTION("in one file: that role says nothing, and nothing below it") {
    shared.announce("targets/moby", 64 << 20);
    const tuf::TrustedRepository repository = shared.load();
    require_others_whole(repository);
    CHECK(role_of(repository, "targets/moby").state == State::kMalformed);
    CHECK(role_of(repository, "targets/moby").problem->code() == ErrorCode::kMalformedMetadata);
    CHECK(repository.delegations().size() == 3);
  }
  SECTION("in files below it: the last of them say nothing") {
    for (const std::string role : {"targets/moby/a", "targets/moby/b", "targets/moby/c"})
      shared.maker.store(role, *shared.maker.newest(role) + std::string(12 << 20, ' '));
    shared.maker.publish_snapshot();
    const tuf::TrustedRepository repository = shared.load();
    require_others_whole(repository);
    for (const char* role : {"targets/moby", "targets/moby/a", "targets/moby/b"})
      CHECK(shows(repository, role));
    CHECK(role_of(repository, "targets/moby/c").state == State::kMalformed);
  }
  CHECK(shared.machine.warned_of("LIMIT_EXCEEDED"));
}

TEST_CASE("whoever changes signers does not follow what signers delegate") {
  Shared shared;
  for (const std::string role : {"targets/moby/a", "targets/moby/a/b", "targets/jenkins/a"}) {
    shared.maker.add_delegation(role, shared.moby);
    shared.maker.touch(role);
  }
  shared.publish();
  SECTION("signers are direct children of targets") {
    shared.machine.request.nested.emplace();
    CHECK(shared.load().delegations().size() == 3);
    CHECK(shared.load().delegations().size() == 3);
    for (const RoleName& role : shared.store.asked_for)
      CHECK((!role.is_delegation() || role.parent().text() == "targets"));
  }
  SECTION("a role that is named is read with what stands above and below it") {
    shared.machine.request.nested = {RoleName::of("targets/moby/a")};
    const tuf::TrustedRepository repository = shared.load();
    CHECK(repository.find_delegation(RoleName::of("targets/moby/a/b")));
    CHECK_FALSE(repository.find_delegation(RoleName::of("targets/jenkins/a")));
  }
}

TEST_CASE("a signer whose role is beyond every limit can be removed", "[bulk]") {
  Shared shared;
  const bool too_long = GENERATE(false, true);
  shared.define_below("targets/moby", 4096);
  shared.publish();
  if (too_long) shared.announce("targets/moby", 64 << 20);
  const auto done = shared.change(agent::remove_signer("moby", shared.keys, {}));
  CHECK(done.published);
  CHECK_FALSE(done.repository.find_delegation(kMoby));
  require_others_whole(done.repository);
}

TEST_CASE("a version that one signer has driven far up is followed by the next, and told of") {
  Shared shared;
  shared.maker.targets.at("targets/releases").version = 2'146'999'998;
  shared.maker.touch("targets/releases");
  shared.publish();
  const auto done = shared.change([](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
    draft.set_target(kReleases, "2.0", test::make_target("2.0"));
  });
  CHECK(done.published);
  CHECK(role_of(done.repository, "targets/releases").stored_version == 2'147'000'000);
  CHECK(shared.machine.warned_of("VERSION_NEAR_END"));
  CHECK(shared.change(agent::remove_signer("moby", shared.keys, {})).published);
}

TEST_CASE("at the last version that a server stores the role ends, and nothing else; the error says so") {
  Shared shared;
  shared.maker.targets.at("targets/releases").version = tuf::kVersionLimit - 2;
  shared.maker.touch("targets/releases");
  shared.publish();
  const auto sign_into = [&](const std::string& role) {
    return shared.change([role](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      draft.set_target(RoleName::of(role), "2.0", test::make_target("2.0"));
    });
  };
  CHECK_ERROR(sign_into("targets/releases"), ErrorCode::kRollback,
              "targets/releases stands at version 2147483646, the last that readers accept");
  CHECK(sign_into("targets/jenkins").published);
  require_others_whole(shared.load());
  const auto done = shared.change(agent::change_delegation({kMoby, true, {}, {}}, shared.keys, {true}));
  CHECK(done.published);
  CHECK(shared.change(agent::change_delegation({kReleases, true, {}, {}}, shared.keys, {true})).published);
}

TEST_CASE("a role beyond the last version says nothing, and no other role is silent with it") {
  Shared shared;
  shared.maker.targets.at("targets/moby").version = tuf::kVersionLimit;
  shared.maker.touch("targets/moby");
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(role_of(repository, "targets/moby").state == State::kMalformed);
  CHECK(shared.change(agent::remove_signer("moby", shared.keys, {})).published);
}

TEST_CASE("paths without end make the file of no use that lists them, and no other") {
  Shared shared;
  shared.maker.add_delegation("targets/moby/a", shared.moby);
  auto& paths = shared.maker.targets.at("targets/moby").roles.back().paths;
  for (int i = 0; i < 1024; ++i) paths.push_back("v" + std::to_string(i));
  shared.maker.touch("targets/moby");
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(role_of(repository, "targets/moby").state == State::kMalformed);
}

TEST_CASE("a releases role that one signer has filled beyond reading starts anew above his version",
          "[bulk]") {
  Shared shared;
  shared.maker.targets.at("targets/releases").version = 5'000;
  shared.maker.signers.at("targets/releases") = {shared.moby};
  shared.define_below("targets/releases", 4097);
  shared.publish();
  CHECK(role_of(shared.load(), "targets/releases").state == State::kMalformed);

  const auto witness = [&](agent::UnverifiedContent content) {
    return shared.change(agent::witness_roles(shared.store, {kReleases}, content, shared.keys));
  };
  CHECK_ERROR(witness(agent::UnverifiedContent::kRefuse), ErrorCode::kMalformedMetadata, "targets/releases");
  const auto done = witness(agent::UnverifiedContent::kEmpty);
  CHECK(done.published);
  CHECK(role_of(done.repository, "targets/releases").state == State::kUsable);
  CHECK(role_of(done.repository, "targets/releases").stored_version == 5'002);
}

TEST_CASE("what one signer's files take to read, all together, is no more than one file may take", "[bulk]") {
  Shared shared;
  const tuf::Json values(std::vector<tuf::Json>(150'000, tuf::Json::object()));
  std::size_t each = 0;
  tuf::parse_json(values.dump(), "values", &each);
  const std::size_t count = tuf::kMaxMemoryBelow / each + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string role = "targets/moby/d" + std::to_string(i);
    shared.maker.add_delegation(role, shared.moby);
    tuf::Target target = test::make_target("1.0");
    target.custom = values;
    shared.maker.set_target(role, "1.0", target);
  }
  shared.publish();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(shows(repository, "targets/moby/d0"));
  const tuf::Delegation& last = role_of(repository, "targets/moby/d" + std::to_string(count - 1));
  CHECK(last.state == State::kMalformed);
  CHECK(last.over_limit);
  CHECK(shared.machine.warned_of("LIMIT_EXCEEDED"));
}

TEST_CASE(
    "a file with more signatures by one key than are tried says nothing, and no other is silent with it") {
  Shared shared;
  const std::string good = shared.maker.sign_role("targets/moby");
  tuf::Json file = tuf::Json::parse(good);
  for (int i = 0; i < 4; ++i) file["signatures"].push_back(file["signatures"][0]);
  shared.maker.store("targets/moby", file.dump());
  shared.maker.publish_snapshot();
  const tuf::TrustedRepository repository = shared.load();
  require_others_whole(repository);
  CHECK(role_of(repository, "targets/moby").state == State::kMalformed);
}
