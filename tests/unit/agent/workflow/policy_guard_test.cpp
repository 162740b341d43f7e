#include "agent/workflow/policy_guard.h"

#include <catch2/catch.hpp>

#include "agent/workflow/renew_roles.h"
#include "agent/workflow/revoke_tags.h"
#include "agent/workflow/signing_keys.h"
#include "hsm/memory_keys.h"
#include "tests/support/errors.h"
#include "tests/support/policies.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/workflow/served_repository.h"
#include "tuf/edit/sign_metadata.h"

namespace {

using agent::PolicyGuard;
using agent::SignStatus;
using tuf::ErrorCode;
using tuf::RoleName;

const RoleName kReleases = RoleName::of("targets/releases");
const RoleName kJenkins = RoleName::of("targets/jenkins");

/// jenkins is CI, alice is QA, mallory signs releases too and is nobody to the policy.
struct Guarding {
  Guarding() {
    store.publish(client.new_repository(store));
    client.publish(store, [&](tuf::RepositoryDraft& draft) {
      for (const auto& [role, signer] :
           {std::pair{"targets/jenkins", jenkins}, std::pair{"targets/alice", alice},
            std::pair{"targets/mallory", mallory}}) {
        draft.add_delegation(RoleName::of(role), {signer->public_key()}, {""});
        draft.add_delegation(kReleases, {signer->public_key()}, {""});
      }
    });
    store.publishes = 0;
    machine.request.policy.trust_on_first_use = true;
    hold(jenkins);
  }

  void hold(const std::shared_ptr<tuf::Signer>& key) {
    keys = {};
    keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{key}));
  }

  /// Signs the tag, or takes it out, as somebody does with a client that asks nothing.
  void outside(const std::shared_ptr<test::TestSigner>& who, const std::vector<std::string>& roles,
               const std::string& tag, const std::optional<std::string>& content) {
    const tuf::TrustedRepository trusted = client.load(store);
    tuf::RepositoryDraft draft(trusted);
    for (const std::string& role : roles) {
      if (content) {
        draft.set_target(RoleName::of(role), tag, test::make_target(*content));
      } else {
        draft.remove_target(RoleName::of(role), tag);
      }
    }
    const auto transaction = draft.sign([&](const tuf::KeyId& id) {
      return id == who->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(who) : nullptr;
    });
    REQUIRE(store.publish(test::role_files(transaction)) == agent::PublishResult::kStored);
  }

  /// The administrator's own entry.
  void in_targets(const std::string& tag, const std::string& content) {
    client.publish(store, test::StoreClient::set_target("targets", tag, content));
  }

  /// The role's file as it stands, signed by `who`, whose life ends with this day.
  void sign_for_a_day(const std::string& role, const std::shared_ptr<test::TestSigner>& who) {
    tuf::Targets body = tuf::decode<tuf::Targets>(store.newest.at(RoleName::of(role)), role).body;
    ++body.version;
    body.expires = test::kNow + tuf::Days{1};
    const std::string file = tuf::sign_metadata(role, tuf::encode_signed(body), {who->public_key()}, 1,
                                                [&](const tuf::KeyId&) { return who; });
    REQUIRE(store.publish({{RoleName::of(role), file}}) == agent::PublishResult::kStored);
  }
  void wait_for_two_days() { machine.request.now = test::kNow + tuf::Days{2}; }

  PolicyGuard& ask(PolicyGuard::Options options) {
    policy = test::read_policy(test::make_policy_json(
        {{"jenkins", {test::pem_of(jenkins->public_key())}}, {"alice", {test::pem_of(alice->public_key())}}},
        {{"ci", {"jenkins"}}, {"qa", {"alice"}}}, {rule}));
    return guard.emplace(policy, keys, std::move(options));
  }

  agent::SignedImages sign(const std::string& tag, const std::string& content,
                           PolicyGuard::Options options = {}, std::vector<RoleName> roles = {}) {
    agent::SignRequest request;
    request.images = {{tag, test::make_target(content)}};
    request.roles = std::move(roles);
    request.guard = &ask(std::move(options));
    return agent::sign_images(store, machine.seen, machine.request, request, keys, at_once(),
                              machine.warnings);
  }

  agent::PublishedChanges change(const agent::ChangeRepository& how, PolicyGuard::Options options = {}) {
    agent::SigningGate gate(keys, {.guard = &ask(std::move(options))});
    return agent::publish_changes(store, machine.seen, machine.request, how, gate.as_function(),
                                  agent::signer_look_up(keys), at_once(), machine.warnings);
  }

  static agent::PublishOptions at_once() {
    agent::PublishOptions publish;
    publish.sleep = [](int) {};
    return publish;
  }

  /// The file of releases as it was published last.
  std::string releases() const { return store.newest.at(kReleases); }
  bool is_released(const std::string& tag) const {
    return tuf::decode<tuf::Targets>(releases(), "releases").body.targets.contains(tag);
  }

  std::shared_ptr<test::TestSigner> jenkins = test::TestSigner::generate();
  std::shared_ptr<test::TestSigner> alice = test::TestSigner::generate();
  std::shared_ptr<test::TestSigner> mallory = test::TestSigner::generate();
  test::StoreClient client{tuf::Gun::of("registry.example.com/team/app"), test::kNow};
  test::MemoryStore store = test::make_store(client.gun());
  test::Machine machine{client.gun()};
  hsm::KeyRing keys;
  tuf::Json rule = {{"images", {"**"}}, {"teams", {"ci"}}};
  agent::Policy policy;
  std::optional<PolicyGuard> guard;
};

PolicyGuard::Options moving() {
  return {true};
}
PolicyGuard::Options quarantining() {
  return {false, true};
}
PolicyGuard::Options remembering(const std::string& releases) {
  return {false, false, true, releases};
}

std::string digest_of(const std::string& content) {
  const tuf::Target target = test::make_target(content);
  return agent::SignedState::Entry{nullptr, &target}.digest();
}

}  // namespace

TEST_CASE("What the policy counts is signed, and its verdict is told") {
  Guarding g;
  const auto result = g.sign("1.0", "a");
  CHECK(result.changes.published);
  REQUIRE(g.guard->decisions().size() == 1);
  CHECK(g.guard->decisions()[0].allowed);
  CHECK(g.guard->decisions()[0].signatures.at(0).user == "jenkins");
  CHECK(g.sign("1.0", "a").statuses == std::vector{SignStatus::kUnchanged});
}

TEST_CASE("Nothing is signed for which there is no rule, or that this identity does not count for") {
  Guarding g;
  SECTION("no rule") {
    g.rule["images"] = {"registry.example.com/other/**"};
    CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kPolicy, "no rule of the policy is for");
  }
  SECTION("a rule for other people") {
    g.rule["teams"] = {"qa"};
    CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kPolicy, "a signature by jenkins does not count");
  }
  SECTION("only releases, which never counts") {
    CHECK_ERROR(g.sign("1.0", "a", {}, {kReleases}), ErrorCode::kPolicy, "no key at hand");
  }
  CHECK(g.store.publishes == 0);
}

TEST_CASE("An image is not released before everybody has signed it who must") {
  Guarding g;
  g.rule["teams"] = {"ci", "qa"};
  CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kPolicy, "no member of qa has signed");
  CHECK(g.store.publishes == 0);
  CHECK(g.sign("1.0", "a", {}, {kJenkins}).changes.published);
  CHECK_FALSE(g.guard->decisions().at(0).allowed);

  g.hold(g.alice);
  CHECK(g.sign("1.0", "a").changes.published);
  CHECK(g.guard->decisions().at(0).allowed);
}

TEST_CASE("An entry that nobody vouches for is not adopted, and is named with who brought it") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases", "targets/mallory"}, "evil", "evil");
  const int published = g.store.publishes;

  SECTION("it stops the run") {
    CHECK_ERROR(g.sign("1.1", "a"), ErrorCode::kForeignEntry,
                "evil (" + digest_of("evil") + ") in a file signed by key " +
                    g.mallory->public_key().canonical_id().short_form() +
                    " of targets/mallory, and in targets/mallory");
    CHECK(g.store.publishes == published);
    CHECK(g.guard->foreign().size() == 1);
  }
  SECTION("what is signed already need not be signed again, so it stands in nobody's way") {
    CHECK(g.sign("1.0", "a").statuses == std::vector{SignStatus::kUnchanged});
  }
  SECTION("signing for oneself does not adopt it") {
    CHECK(g.sign("1.1", "a", {}, {kJenkins}).changes.published);
  }
  SECTION("quarantine drops it") {
    g.sign("1.1", "a", quarantining());
    REQUIRE(g.guard->quarantined().size() == 1);
    CHECK(g.guard->quarantined()[0].name == "evil");
    CHECK_FALSE(g.is_released("evil"));
    CHECK(g.is_released("1.0"));
    CHECK(g.is_released("1.1"));
    g.sign("1.2", "a");
  }
  SECTION("quarantine drops it also if there is nothing else to sign") {
    g.sign("1.0", "a", quarantining());
    CHECK_FALSE(g.is_released("evil"));
  }
  SECTION("it can be adopted on purpose, which is not remembered as an approval") {
    g.sign("1.1", "a", {false, false, false});
    CHECK(g.is_released("evil"));
    CHECK_ERROR(g.sign("1.2", "a"), ErrorCode::kForeignEntry, "evil");
  }
  SECTION("a signature that counts makes it known") {
    g.outside(g.jenkins, {"targets/jenkins"}, "evil", "evil");
    g.sign("1.1", "a");
  }
  SECTION("a signature for another digest does not") {
    g.outside(g.jenkins, {"targets/jenkins"}, "evil", "good");
    CHECK_ERROR(g.sign("1.1", "a"), ErrorCode::kForeignEntry, "evil");
  }
  SECTION("signing that very image makes it known") {
    CHECK(g.sign("evil", "evil").changes.published);
  }
  SECTION("signing another image under that tag does not take the entry over unseen") {
    CHECK_ERROR(g.sign("evil", "good"), ErrorCode::kForeignEntry, "evil");
    g.sign("evil", "good", quarantining());
    CHECK(g.is_released("evil"));
    CHECK(g.guard->decisions().at(0).digest == digest_of("good"));
  }
}

TEST_CASE("What signs no image signs no foreign entry of releases anew either") {
  Guarding g;
  g.sign("1.0", "a");
  g.sign("1.1", "b");
  g.outside(g.mallory, {"targets/releases", "targets/mallory"}, "evil", "evil");
  const int published = g.store.publishes;
  const auto renew = agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys);
  const auto revoke = [&](std::string tag) { return agent::revoke_tags({{std::move(tag)}, {}}, g.keys); };

  SECTION("neither renewing nor revoking") {
    CHECK_ERROR(g.change(renew), ErrorCode::kForeignEntry, "evil (" + digest_of("evil") + ")");
    CHECK_ERROR(g.change(revoke("1.0")), ErrorCode::kForeignEntry, "evil");
    CHECK(g.guard->foreign().size() == 1);
    CHECK(g.store.publishes == published);
  }
  SECTION("dropped with quarantine, and what is released goes on to be") {
    CHECK(g.change(renew, quarantining()).published);
    CHECK_FALSE(g.is_released("evil"));
    CHECK(g.is_released("1.0"));
    CHECK(g.guard->quarantined().size() == 1);
    CHECK(g.change(revoke("1.0")).published);
    CHECK(g.guard->quarantined().empty());
  }
  SECTION("the entry itself can be revoked") {
    CHECK(g.change(revoke("evil")).published);
    CHECK_FALSE(g.is_released("evil"));
  }
  SECTION("what signs only for oneself is free") {
    CHECK(g.change([](const auto&, tuf::RepositoryDraft& draft) {
             draft.remove_target(kJenkins, "1.0");
           }).published);
    CHECK(g.is_released("evil"));
  }
}

TEST_CASE("A signature by this identity over a file with a foreign entry launders nothing") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases", "targets/mallory"}, "evil", "evil");
  // Signed by a client that asks nothing: the file of releases now bears this identity's own signature.
  g.outside(g.jenkins, {"targets/releases", "targets/jenkins"}, "1.1", "a");
  CHECK_ERROR(g.sign("1.2", "a"), ErrorCode::kForeignEntry,
              "evil (" + digest_of("evil") + ") in a file signed by jenkins");
}

TEST_CASE("An entry of the file that was checked and signed here last needs nobody to vouch for it again") {
  Guarding g;
  g.rule.erase("teams");
  g.outside(g.alice, {"targets/releases", "targets/alice"}, "1.0", "a");
  g.sign("1.1", "b");
  const std::string checked = g.releases();
  // alice is no longer a user whose signature counts.
  g.rule["teams"] = {"ci"};
  CHECK_ERROR(g.sign("1.2", "c"), ErrorCode::kForeignEntry,
              "1.0 (" + digest_of("a") + ") in a file signed by jenkins");
  CHECK(g.sign("1.2", "c", remembering(checked)).changes.published);

  SECTION("of another digest it does") {
    g.outside(g.mallory, {"targets/releases"}, "1.0", "evil");
    CHECK_ERROR(g.sign("1.3", "c", remembering(checked)), ErrorCode::kForeignEntry, digest_of("evil"));
  }
  SECTION("a file that no key at hand has signed is not believed") {
    g.outside(g.mallory, {"targets/releases"}, "evil", "evil");
    CHECK_ERROR(g.sign("1.3", "c", remembering(g.releases())), ErrorCode::kForeignEntry, "evil");
  }
  SECTION("nor is what is no trust data") {
    CHECK_ERROR(g.sign("1.3", "c", remembering("{}")), ErrorCode::kForeignEntry, "1.0");
  }
}

TEST_CASE("Who vouched before their role expired has vouched") {
  Guarding g;
  g.sign("1.0", "a");
  g.sign_for_a_day("targets/jenkins", g.jenkins);
  g.sign_for_a_day("targets/releases", g.mallory);
  g.wait_for_two_days();
  CHECK(g.sign("1.1", "b").changes.published);
}

TEST_CASE("Signing does not revive a foreign entry of a releases file that has expired") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases"}, "evil", "evil");
  g.sign_for_a_day("targets/releases", g.mallory);
  g.wait_for_two_days();
  CHECK_ERROR(g.sign("1.1", "b"), ErrorCode::kForeignEntry, "evil");
}

TEST_CASE("Every attempt asks anew: an entry that came in between stops the run") {
  Guarding g;
  g.sign("1.0", "a");
  const int before = g.store.publishes;
  g.store.before_publish = [&](int n) {
    if (n == before + 1) g.outside(g.mallory, {"targets/releases", "targets/mallory"}, "evil", "evil");
  };
  SECTION("without quarantine") {
    CHECK_ERROR(g.sign("1.1", "b"), ErrorCode::kForeignEntry, "evil");
    CHECK_FALSE(g.is_released("1.1"));
  }
  SECTION("with it") {
    g.sign("1.1", "b", quarantining());
    CHECK(g.is_released("1.1"));
    CHECK_FALSE(g.is_released("evil"));
    CHECK(g.guard->quarantined().size() == 1);
  }
}

TEST_CASE("What somebody else takes out in between is not said to be dropped here") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases", "targets/mallory"}, "evil", "evil");
  const int before = g.store.publishes;
  g.store.before_publish = [&](int n) {
    if (n == before + 1) g.outside(g.mallory, {"targets/releases"}, "evil", std::nullopt);
  };
  SECTION("while images are signed") {
    g.sign("1.1", "b", quarantining());
    CHECK(g.is_released("1.1"));
  }
  SECTION("while anything else is changed") {
    CHECK(g.change(agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys), quarantining()).published);
  }
  CHECK_FALSE(g.is_released("evil"));
  CHECK(g.guard->quarantined().empty());
}

TEST_CASE("A tag that counts for another image moves only if somebody says so") {
  Guarding g;
  g.sign("1.0", "a");
  SECTION("nobody") {
    CHECK_ERROR(g.sign("1.0", "b"), ErrorCode::kTagMoved, "is signed as " + digest_of("a"));
  }
  SECTION("the user") {
    CHECK(g.sign("1.0", "b", moving()).statuses == std::vector{SignStatus::kMoved});
  }
  SECTION("the policy") {
    g.rule["movers"] = {"ci"};
    CHECK(g.sign("1.0", "b").statuses == std::vector{SignStatus::kMoved});
  }
  SECTION("the policy lets others, whatever the user says") {
    g.rule["movers"] = {"qa"};
    CHECK_ERROR(g.sign("1.0", "b", moving()), ErrorCode::kTagMoved, "lets only alice move it");
  }
  SECTION("an immutable tag never moves") {
    g.rule["immutable_tags"] = {"1.*"};
    g.rule["movers"] = {"ci"};
    CHECK_ERROR(g.sign("1.0", "b", moving()), ErrorCode::kTagImmutable, "makes it immutable");
    CHECK(g.sign("1.0", "a").statuses == std::vector{SignStatus::kUnchanged});
    CHECK(g.sign("1.1", "b").changes.published);
  }
}

TEST_CASE("A tag that somebody else who counts has signed for another image is signed too") {
  Guarding g;
  g.rule["teams"] = {"ci", "qa"};
  g.rule["immutable_tags"] = {"v*"};
  g.outside(g.alice, {"targets/alice"}, "v1", "a");
  g.outside(g.mallory, {"targets/mallory"}, "v2", "a");
  CHECK_ERROR(g.sign("v1", "b", moving(), {kJenkins}), ErrorCode::kTagImmutable, "in targets/alice");
  // …but who does not count cannot block a tag.
  CHECK(g.sign("v2", "b", {}, {kJenkins}).changes.published);
}

TEST_CASE("The administrator's own signature is enough where the rule says so") {
  Guarding g;
  g.rule["accept_targets"] = true;
  g.in_targets("1.0", "a");
  g.outside(g.mallory, {"targets/releases"}, "1.0", "a");
  CHECK(g.sign("1.1", "b").changes.published);
  CHECK_ERROR(g.sign("1.0", "c"), ErrorCode::kTagMoved, "in targets");
}
