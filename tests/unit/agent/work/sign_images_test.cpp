#include "agent/work/sign_images.h"

#include "hsm/memory_keys.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/work/served_repository.h"
#include "tuf/view/bound.h"

namespace {

using agent::SignStatus;
using tuf::ErrorCode;
using tuf::RoleName;

const RoleName kTargets = RoleName::of("targets");
const RoleName kReleases = RoleName::of("targets/releases");
const RoleName kJenkins = RoleName::of("targets/jenkins");
const RoleName kOther = RoleName::of("targets/other");

/// targets/releases and targets/jenkins list the key at hand, targets/other a stranger's.
struct Signing {
  Signing() {
    store.publish(client.new_repository(store));
    add("targets/releases");
    add("targets/jenkins");
    client.publish(store, [&](tuf::RepositoryDraft& draft) {
      draft.add_delegation(kOther, {stranger->public_key()}, {""});
    });
    machine.request.policy.trust_on_first_use = true;
    store.publishes = 0;
    hold(client.delegate());
  }
  void add(const std::string& role) { client.publish(store, client.add_delegation(role)); }
  void hold(const std::shared_ptr<tuf::Signer>& key) {
    keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{key}));
  }

  agent::SignedImages sign(const std::string& tag, const std::string& content,
                           const agent::SignRequest& options = {}) {
    agent::SignRequest request = options;
    request.images = {{tag, test::make_target(content)}};
    agent::PublishOptions publish;
    publish.sleep = [](int) {};
    machine.warnings.clear();
    return agent::sign_images({store, machine.seen, machine.request}, request, keys, publish,
                              machine.warnings);
  }

  test::StoreClient client{tuf::Gun::of("registry.example.com/team/app"), test::kNow};
  test::MemoryStore store = test::make_store(client.gun());
  test::Machine machine{client.gun()};
  std::shared_ptr<test::TestSigner> stranger = test::TestSigner::generate();
  hsm::KeyRing keys;
};

agent::SignRequest roles(std::vector<RoleName> names) {
  return {{}, std::move(names), false};
}
agent::SignRequest moving() {
  return {{}, {}, true};
}

}  // namespace

TEST_CASE("A tag goes into releases and every direct delegation that lists a key at hand, in one POST") {
  Signing s;

  const auto result = s.sign("1.0", "a");

  CHECK(result.roles == std::vector{kReleases, kJenkins});
  CHECK(result.statuses == std::vector{SignStatus::kSigned});
  CHECK(s.store.publishes == 1);
  CHECK(result.changes.repository.find_target(kJenkins, "1.0"));
  CHECK_FALSE(result.changes.repository.find_target(kOther, "1.0"));
  CHECK_FALSE(result.changes.repository.find_target(kTargets, "1.0"));
  CHECK(s.machine.warnings.empty());
}

TEST_CASE("Signing the same image again changes nothing") {
  Signing s;
  s.sign("1.0", "a");

  const auto result = s.sign("1.0", "a");

  CHECK(result.statuses == std::vector{SignStatus::kUnchanged});
  CHECK(s.store.publishes == 1);
}

namespace {

/// As the CI says it, with annotations that were asked for.
agent::SignRequest saying(const tuf::Provenance& ci, const tuf::Provenance& annotations = {}) {
  agent::SignRequest request;
  request.provenance = annotations;
  request.provenance.insert(ci.begin(), ci.end());
  request.annotations = annotations;
  return request;
}

const tuf::Provenance kRun1 = {{"commit", "1"}};
const tuf::Provenance kRun2 = {{"commit", "2"}};

tuf::Provenance said(const agent::SignedImages& result, const std::string& tag, const RoleName& role) {
  return tuf::find_provenance(*result.changes.repository.find_target(role, tag)).value();
}

}  // namespace

TEST_CASE("What the CI says stands in every entry that is made, and a later run does not change it") {
  Signing s;
  const auto first = s.sign("1.0", "a", saying(kRun1));
  CHECK(said(first, "1.0", kReleases) == kRun1);
  CHECK(said(first, "1.0", kJenkins) == kRun1);

  const auto again = s.sign("1.0", "a", saying(kRun2));
  CHECK(again.statuses == std::vector{SignStatus::kUnchanged});
  CHECK(s.store.publishes == 1);
  CHECK(said(again, "1.0", kJenkins) == kRun1);
}

TEST_CASE("An annotation that is not there yet is published, once") {
  Signing s;
  s.sign("1.0", "a", saying(kRun1));

  const auto annotated = s.sign("1.0", "a", saying(kRun2, {{"release", "1"}}));
  CHECK(annotated.statuses == std::vector{SignStatus::kSigned});
  CHECK(said(annotated, "1.0", kReleases) == tuf::Provenance{{"commit", "2"}, {"release", "1"}});

  CHECK(s.sign("1.0", "a", saying({{"commit", "3"}}, {{"release", "1"}})).statuses ==
        std::vector{SignStatus::kUnchanged});
  CHECK(s.sign("1.0", "a", saying(kRun1)).statuses == std::vector{SignStatus::kUnchanged});
  CHECK(s.store.publishes == 2);
  CHECK(s.sign("1.0", "a", saying(kRun1, {{"release", "2"}})).statuses == std::vector{SignStatus::kSigned});
}

TEST_CASE("What others have said of an image stays with it, and does not go over to another") {
  Signing s;
  tuf::Target entry = test::make_target("a");
  entry.custom = tuf::Json{{"team", "blue"}};
  s.client.publish(s.store, [&](tuf::RepositoryDraft& draft) { draft.set_target(kReleases, "1.0", entry); });

  const auto annotated = s.sign("1.0", "a", saying(kRun1, {{"release", "1"}}));
  const auto released = annotated.changes.repository.find_target(kReleases, "1.0");
  CHECK((*released->custom)["team"] == "blue");
  CHECK(said(annotated, "1.0", kReleases) == tuf::Provenance{{"commit", "1"}, {"release", "1"}});

  agent::SignRequest move = saying(kRun2);
  move.allow_move = true;
  const auto moved = s.sign("1.0", "b", move);
  CHECK_FALSE(moved.changes.repository.find_target(kReleases, "1.0")->custom->contains("team"));
  CHECK(said(moved, "1.0", kReleases) == kRun2);
}

TEST_CASE("Nothing is said where nothing is to be said, and what cannot be said is refused") {
  Signing s;
  const auto silent = s.sign("1.0", "a");
  CHECK_FALSE(tuf::without_bound(silent.changes.repository.find_target(kJenkins, "1.0")->custom));

  tuf::Target entry = test::make_target("b");
  entry.custom = tuf::Json("a text");
  s.client.publish(s.store, [&](tuf::RepositoryDraft& draft) { draft.set_target(kReleases, "2.0", entry); });
  CHECK_ERROR(s.sign("2.0", "b", saying(kRun1, {{"release", "1"}})), ErrorCode::kUsage, "2.0");
  const auto beside = s.sign("2.0", "b", saying(kRun1));
  CHECK(*beside.changes.repository.find_target(kReleases, "2.0")->custom == "a text");
  CHECK(said(beside, "2.0", kJenkins) == kRun1);
}

TEST_CASE("A tag moves to another digest only if that is allowed") {
  Signing s;
  s.sign("1.0", "a");

  CHECK_ERROR(s.sign("1.0", "b"), ErrorCode::kTagMoved, "targets/jenkins");
  CHECK(s.store.publishes == 1);
  CHECK(s.sign("1.0", "b", moving()).statuses == std::vector{SignStatus::kMoved});
}

TEST_CASE("The status tells of the attempt that was stored") {
  Signing s;
  const auto others_sign = [&](const std::string& content) {
    s.store.before_publish = [&s, content](int n) {
      if (n != 1) return;
      s.client.publish(s.store, [&](tuf::RepositoryDraft& draft) {
        for (const RoleName& role : {kReleases, kJenkins})
          draft.set_target(role, "1.0", test::make_target(content));
      });
    };
  };

  SECTION("others signed another image in between, which is moved") {
    others_sign("b");
    CHECK(s.sign("1.0", "a", moving()).statuses == std::vector{SignStatus::kMoved});
  }
  SECTION("others signed another image in between, which must not be moved") {
    others_sign("b");
    CHECK_ERROR(s.sign("1.0", "a"), ErrorCode::kTagMoved);
  }
  SECTION("others signed the same image in between") {
    others_sign("a");
    const auto result = s.sign("1.0", "a");
    CHECK_FALSE(result.changes.published);
    CHECK(result.statuses == std::vector{SignStatus::kUnchanged});
  }
}

TEST_CASE("Only roles that are named are signed, and only those that may be") {
  Signing s;

  CHECK(s.sign("1.0", "a", roles({kReleases})).roles == std::vector{kReleases});
  CHECK_ERROR(s.sign("1.0", "a", roles({kReleases, kOther})), ErrorCode::kKeyNotInRole, "targets/other");
  CHECK_ERROR(s.sign("1.0", "a", roles({RoleName::of("targets/none")})), ErrorCode::kRoleNotFound);
  CHECK_ERROR(s.sign("1.0", "a", roles({kTargets})), ErrorCode::kKeyNotInRole, "listed in targets of");
  CHECK(s.store.publishes == 1);
}

TEST_CASE("Signing needs a key, the role targets/releases, and the key in it") {
  Signing s;
  hsm::KeyRing other_keys;

  SECTION("no key") {
    CHECK_ERROR((s.keys = {}, s.sign("1.0", "a")), ErrorCode::kKeyNotFound);
  }
  SECTION("a key that releases does not list") {
    s.keys = {};
    s.hold(s.stranger);
    CHECK_ERROR(s.sign("1.0", "a"), ErrorCode::kKeyNotInRole,
                s.stranger->public_key().canonical_id().short_form());
  }
  SECTION("no releases") {
    test::MemoryStore bare = test::make_store(s.client.gun());
    bare.publish(s.client.new_repository(bare));
    s.store.newest = bare.newest;
    CHECK_ERROR(s.sign("1.0", "a"), ErrorCode::kRoleNotFound, "targets/releases");
  }
  CHECK(s.store.publishes == 0);
}

TEST_CASE("A signer who leaves no name behind is told, unless that was asked for") {
  Signing s;
  s.client.publish(s.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kReleases, {s.stranger->public_key()}, {""});
  });
  const auto nameless = test::TestSigner::generate();
  s.client.publish(s.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kReleases, {nameless->public_key()}, {""});
  });
  s.keys = {};
  s.hold(nameless);

  s.sign("1.0", "a");
  CHECK(s.machine.warned_of("NO_IDENTITY_ROLE"));
  s.sign("1.0", "a", roles({kReleases}));
  CHECK(s.machine.warnings.empty());
}

TEST_CASE("A tag that pullers do not get is told") {
  Signing s;
  s.sign("1.0", "a", roles({kJenkins}));
  CHECK(s.machine.warned_of("NOT_RELEASED"));
}

TEST_CASE("A tag in targets is what pullers get as long as releases has none") {
  test::RepositoryMaker maker;
  test::MemoryStore store = test::make_store(maker.gun);
  test::Machine machine(maker.gun);
  machine.request.policy.trust_on_first_use = true;
  maker.add_delegation("targets/releases", test::TestSigner::generate());
  maker.set_target("targets", "1.0", test::make_target("1.0"));
  const bool shadowed = GENERATE(false, true);
  maker.set_target("targets/releases", shadowed ? "1.0" : "2.0", test::make_target("1.0"));
  maker.publish();
  test::serve(maker, store);
  hsm::KeyRing keys;
  keys.add(std::make_unique<hsm::MemoryKeys>(
      std::vector<std::shared_ptr<tuf::Signer>>{maker.signers.at("targets").front()}));
  agent::SignRequest request = roles({kTargets});
  request.images = {{"1.0", test::make_target("1.0")}};

  agent::sign_images({store, machine.seen, machine.request}, request, keys, {}, machine.warnings);

  CHECK(machine.warned_of("NOT_RELEASED") == shadowed);
}
