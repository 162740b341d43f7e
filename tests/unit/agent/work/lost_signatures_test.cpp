// Nobody takes from others, unasked, what the policy allows by their signature.
#include "agent/work/change_signers.h"
#include "agent/work/renew_roles.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/witness_roles.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"

using agent::SignStatus;
using test::Guarding;
using test::kJenkins;
using test::kReleases;
using test::quarantining;
using tuf::ErrorCode;

TEST_CASE(
    "What the policy allows is taken out of no role without consent, though other pullers still see it") {
  Guarding g;
  g.sign("1.0", "a");
  const auto out_of_identity = [&] {
    return g.change(agent::revoke_tags({{"1.0"}, {kJenkins}}, g.keys), {}, {kJenkins});
  };
  CHECK_ERROR(out_of_identity(), ErrorCode::kUsage, "who go by the policy would no longer see 1.0");
  CHECK(g.allows("1.0"));
  const auto revoke = agent::revoke_tags({{"1.0"}, {kJenkins}}, g.keys);
  CHECK(g.change(revoke, test::consenting(), {kJenkins}).published);
  CHECK(g.guard->hidden() == std::vector<std::string>{"1.0"});
  CHECK(g.is_released("1.0"));
  SECTION("what it does not allow goes without asking") {
    CHECK(g.change(agent::revoke_tags({{"1.0"}, {kReleases}}, g.keys), {}, {kReleases}).published);
  }
}

TEST_CASE("An identity that two people share is left to the one whose signature the policy asks for") {
  Guarding g;
  const tuf::RoleName alices = tuf::RoleName::of("targets/alice");
  g.rule["teams"] = {"ci", "qa"};
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.alice->public_key()}, {});
  });
  g.sign("1.0", "a", {}, {kJenkins});
  g.sign("1.1", "b", {}, {kJenkins});
  g.hold(g.alice);

  SECTION("by whoever names no role") {
    CHECK(g.sign("1.0", "a").roles == std::vector{kReleases, alices});
    CHECK(g.sign("1.1", "b", quarantining()).roles == std::vector{kReleases, alices});
    CHECK(g.guard->quarantined().empty());
    CHECK(g.sign("1.1", "b", quarantining()).statuses == std::vector{SignStatus::kUnchanged});
    CHECK((g.allows("1.0") && g.allows("1.1")));
  }
  SECTION("by the gate, whatever is to be signed") {
    g.sign("1.0", "a");
    g.sign("1.1", "b");
    g.store.publishes = 0;
    const std::string what =
        "would replace the signature of jenkins, without which the policy no longer allows: 1.0, 1.1";
    CHECK_ERROR(g.sign("1.2", "c", {}, {kJenkins, alices}), ErrorCode::kPolicy, what);
    CHECK_ERROR(g.change(agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys)), ErrorCode::kPolicy,
                what);
    CHECK_ERROR(g.change(agent::witness_roles(g.store, {kJenkins}, agent::UnverifiedContent::kRefuse, g.keys),
                         {}, {kJenkins}),
                ErrorCode::kPolicy, what);
    CHECK(g.store.publishes == 0);
    CHECK(g.allows("1.0"));
  }
  SECTION("by whoever renews what expires") {
    g.sign("1.0", "a");
    const auto renew = [&](const agent::PolicyGuard* guard) {
      return agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys, guard);
    };
    const agent::PublishedChanges renewed = g.change(renew(&g.ask({})));
    REQUIRE(renewed.files.size() == 2);
    for (const auto& file : renewed.files) CHECK(file.role != kJenkins);
    CHECK(g.allows("1.0"));
  }
  SECTION("but nothing stands in the way where nothing is lost") {
    g.rule.erase("teams");
    g.rule["signatures"] = {{"needed", 1}, {"of", {"ci", "qa"}}};
    CHECK(g.sign("1.2", "c").roles.size() == 3);
    CHECK(g.allows("1.2"));
  }
}

TEST_CASE("Whoever is taken out takes along what the policy allows by their signature only with consent") {
  Guarding g;
  g.sign("1.0", "a");
  const tuf::KeyId jenkins = g.jenkins->public_key().canonical_id();
  agent::ChangeRepository how;
  SECTION("with a key") {
    how = agent::purge_keys({jenkins}, g.keys);
  }
  SECTION("with a role") {
    how = agent::change_delegation({kJenkins, true, {}, {}}, g.keys, {});
  }
  SECTION("with what a role admits") {
    how = [](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      draft.add_delegation(kJenkins, {}, {"2."});
      draft.remove_from_delegation(kJenkins, {}, {""});
    };
  }
  // Who administers releases, too, but is nobody to the policy.
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.mallory->public_key()}, {});
  });
  const tuf::RoleAuthority targets =
      agent::authority_of(g.client.load(g.store), tuf::RoleName::of("targets"));
  g.hold(g.mallory);
  g.keys.add(std::make_unique<hsm::MemoryKeys>(
      std::vector{g.client.signer_for()(targets.keys().front().canonical_id())}));
  const int published = g.store.publishes;

  CHECK_ERROR(g.change(how), ErrorCode::kUsage, "who go by the policy would no longer see 1.0");
  CHECK(g.store.publishes == published);
  agent::PolicyGuard::Options consent;
  consent.hide_tags = true;
  CHECK(g.change(how, consent).published);
  CHECK(g.guard->hidden() == std::vector<std::string>{"1.0"});
  CHECK_FALSE(g.allows("1.0"));
}
