#include "agent/work/policy_guard.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"

using agent::SignStatus;
using test::Guarding;
using test::kJenkins;
using test::kReleases;
using test::quarantining;
using tuf::ErrorCode;

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

TEST_CASE("The administrator's own signature is enough where the rule says so") {
  Guarding g;
  g.rule["accept_targets"] = true;
  g.in_targets("1.0", "a");
  g.outside(g.mallory, {"targets/releases"}, "1.0", "a");
  CHECK(g.sign("1.1", "b").changes.published);
  CHECK_ERROR(g.sign("1.0", "c"), ErrorCode::kTagMoved, "in targets");
}

TEST_CASE("A role below another delegation is signed only where it is named") {
  Guarding g;
  g.sign("1.0", "a");
  const tuf::RoleName below = tuf::RoleName::of("targets/releases/x");
  const tuf::TrustedRepository trusted = g.client.load(g.store);
  tuf::RepositoryDraft draft(trusted);
  draft.add_delegation(below, {g.jenkins->public_key()}, {""});
  const auto transaction = draft.sign([&](const tuf::KeyId& id) {
    return id == g.mallory->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(g.mallory) : nullptr;
  });
  REQUIRE(g.store.publish(test::role_files(transaction)) == agent::PublishResult::kStored);

  const int before = g.store.publishes;
  const auto renew = [&](const agent::SigningGate::Options& options) {
    agent::SigningGate gate(g.keys, options);
    const auto change = [&](const auto&, tuf::RepositoryDraft& changed) {
      if (g.store.publishes == before) changed.renew(below);
    };
    return agent::publish_changes(
        {g.store, g.machine.seen, g.machine.request},
        {change, gate.as_function(), agent::signer_look_up(g.keys), Guarding::at_once()}, g.machine.warnings);
  };
  CHECK_ERROR(renew({}), ErrorCode::kPolicy, "targets/releases/x");
  CHECK(renew({.named = {below}}).published);
}
