#include "agent/work/policy_guard.h"

#include <catch2/catch.hpp>

#include "agent/work/change_signers.h"
#include "agent/work/renew_roles.h"
#include "agent/work/revoke_tags.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"
#include "tuf/view/bound.h"
#include "tuf/view/provenance.h"

using agent::SignStatus;
using test::digest_of;
using test::Guarding;
using test::kJenkins;
using test::kReleases;
using test::moving;
using test::quarantining;
using test::remembering;
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

TEST_CASE("Whoever moves a tag for themselves is told that it is refused until it is released so") {
  Guarding g;
  g.sign("1.0", "a");
  CHECK(g.guard->half_moved().empty());
  g.sign("1.0", "b", moving(), {kJenkins});
  CHECK(g.guard->half_moved() == std::vector<std::string>{"1.0"});
  CHECK_ERROR(g.sign("1.0", "b"), ErrorCode::kForeignEntry, "1.0 (" + digest_of("a") + ")");
  CHECK_ERROR(g.sign("1.0", "c", moving()), ErrorCode::kForeignEntry, "1.0 (" + digest_of("a") + ")");
  g.sign("1.0", "b", moving());
  CHECK(g.guard->half_moved().empty());
  CHECK(g.guard->decisions().at(0).allowed);
  REQUIRE(g.guard->quarantined().size() == 1);  // it is told what has gone
  CHECK(g.guard->quarantined()[0].digest == digest_of("a"));
}

TEST_CASE("Several people who must all sign move a tag one after the other, each on purpose") {
  Guarding g;
  g.rule["teams"] = {"ci", "qa"};
  const auto kAlice = tuf::RoleName::of("targets/alice");
  for (const std::string image : {"a", "b"}) {
    g.hold(g.alice);
    CHECK(g.sign("1.0", image, moving(), {kAlice}).changes.published);
    g.hold(g.jenkins);
    CHECK(g.sign("1.0", image, moving()).changes.published);
    CHECK(g.guard->decisions().at(0).allowed);
  }
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
    CHECK(g.change(revoke("1.0"), test::consenting()).published);
    CHECK(g.guard->quarantined().empty());
  }
  SECTION("the entry itself can be revoked") {
    CHECK(g.change(revoke("evil")).published);
    CHECK_FALSE(g.is_released("evil"));
  }
  SECTION("what signs only for oneself is free") {
    const auto take_out = [](const auto&, tuf::RepositoryDraft& draft) {
      draft.remove_target(kJenkins, "1.0");
    };
    CHECK(g.change(take_out, test::consenting()).published);
    CHECK(g.is_released("evil"));
  }
}

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
    g.rule["signatures"] = {{"needed", 1}, {"of", {"ci", "qa"}}};
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

TEST_CASE(
    "A claim that the rule asks of somebody else is not signed along where it could be shown as theirs") {
  Guarding g;
  g.rule["teams"] = {"ci", "qa"};
  g.rule["provenance"] = {{"ref", "main"}};
  g.rule["provenance_by"] = {"ci"};
  const auto claiming = [](const std::string& ref) {
    return tuf::Json{{std::string(tuf::kProvenanceMember), {{"ref", ref}}}};
  };
  // The CI says that 1.0 is of a feature branch; alice, who has signed it too, says that it is of main.
  g.outside(g.jenkins, {"targets/jenkins"}, "1.0", "a", claiming("feature"));
  g.outside(g.alice, {"targets/alice"}, "1.0", "a", claiming("main"));
  const auto renew = agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys);

  SECTION("what is bound to nothing") {
    g.outside(g.mallory, {"targets/releases"}, "1.0", "a", claiming("main"));
    CHECK_ERROR(g.change(renew), ErrorCode::kForeignEntry, "1.0");
  }
  SECTION("what is bound to releases can be shown nowhere else") {
    tuf::Json bound = claiming("main");
    bound[std::string(tuf::kBoundMember)] = tuf::bound_to(g.client.gun(), kReleases);
    g.outside(g.mallory, {"targets/releases"}, "1.0", "a", bound);
    CHECK(g.change(renew).published);
  }
  SECTION("what the CI says itself, and what nobody asks for") {
    g.outside(g.mallory, {"targets/releases"}, "1.0", "a", claiming("feature"));
    CHECK(g.change(renew).published);
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

TEST_CASE("What another key has put into this identity is not bound to it by a run that does not look") {
  Guarding g;
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.mallory->public_key()}, {""});
  });
  const std::string here = tuf::bound_to(g.client.gun(), kJenkins);
  const tuf::TrustedRepository trusted = g.client.load(g.store);
  tuf::RepositoryDraft draft(trusted);
  tuf::Target evil = test::make_target("evil");
  evil.custom = tuf::with_bound(std::nullopt, here);
  draft.set_target(kJenkins, "evil", evil);
  const auto transaction = draft.sign([&](const tuf::KeyId& id) {
    return id == g.mallory->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(g.mallory) : nullptr;
  });
  REQUIRE(g.store.publish(test::role_files(transaction)) == agent::PublishResult::kStored);

  g.sign("1.0", "a", {false, false, false});
  const auto body = tuf::decode<tuf::Targets>(g.store.newest.at(kJenkins), "targets/jenkins").body;
  CHECK(tuf::bound_of(body.targets.find("evil").value(), here) == tuf::Bound::kNot);
  CHECK(tuf::bound_of(body.targets.find("1.0").value(), here) == tuf::Bound::kHere);
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

TEST_CASE("Who counts for nobody settles no tag, wherever they stand") {
  Guarding g;
  g.rule["immutable_tags"] = {"v*"};
  g.rule["signatures"] = {{"needed", 1}, {"of", {"ci", "qa"}}};
  g.rule["movers"] = {"qa"};
  g.sign("v0", "a");
  // Mallory's key is listed in jenkins' role too, as in a rotation.
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.mallory->public_key()}, {});
  });
  g.outside(g.mallory, {"targets/jenkins"}, "v1", "evil");
  g.outside(g.mallory, {"targets/jenkins"}, "1.0", "evil");
  g.outside(g.jenkins, {"targets/jenkins"}, "v0", "a");
  for (const char* tag : {"v1", "1.0"}) {
    CHECK(g.sign(tag, "b", quarantining()).changes.published);
    CHECK(g.allows(tag));
  }
  CHECK_ERROR(g.sign("v1", "c", quarantining()), ErrorCode::kTagImmutable, "v1");
}

TEST_CASE("What goes with its only voucher goes in the same publication, and all of it is told") {
  Guarding g;
  g.sign("1.0", "a");
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.mallory->public_key()}, {});
  });
  g.outside(g.mallory, {"targets/jenkins"}, "evil", "evil");
  CHECK_ERROR(g.sign("1.2", "c"), ErrorCode::kForeignEntry, "targets/jenkins and targets/releases");
  g.store.publishes = 0;
  const agent::SignedImages signed_now = g.sign("1.2", "c", quarantining());
  CHECK(g.store.publishes == 1);
  CHECK(signed_now.statuses == std::vector{agent::SignStatus::kSigned});
  std::vector<std::string> dropped;
  for (const agent::ForeignEntry& entry : g.guard->quarantined())
    dropped.push_back(entry.in.text() + " " + entry.name);
  std::sort(dropped.begin(), dropped.end());
  CHECK(dropped ==
        std::vector<std::string>{"targets/jenkins 1.0", "targets/jenkins evil", "targets/releases 1.0"});
}

TEST_CASE("Whoever quarantines is rid of what nobody vouches for, also on the machine that signed it last") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases"}, "evil", "evil");
  g.sign_unguarded("1.1", "a");  // with evil
  agent::PolicyGuard::Options options = quarantining();
  options.last_releases = g.releases();
  g.store.publishes = 0;
  g.sign("1.2", "c", options);
  CHECK(g.store.publishes == 1);
  CHECK(g.guard->quarantined().size() == 1);
  CHECK_FALSE(g.is_released("evil"));
}

TEST_CASE("Whoever may not move a tag may not revoke it to make room for another image") {
  Guarding g;
  g.rule = {{"images", {"**"}}, {"teams", {"ci"}}, {"movers", {"ci"}}};
  g.sign("1.0", "a");
  g.hold(g.alice);
  g.ask({});
  CHECK_ERROR(g.guard->before_revoking(g.client.load(g.store), {"1.0"}), ErrorCode::kTagMoved,
              "lets only jenkins move it");
  g.hold(g.jenkins);
  g.ask({});
  g.guard->before_revoking(g.client.load(g.store), {"1.0"});
}

TEST_CASE("What somebody else says of an image is not their word who has signed only the image") {
  Guarding g;
  g.sign("1.0", "a");
  const auto shared = tuf::RoleName::of("targets/shared");
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(shared, {g.jenkins->public_key(), g.mallory->public_key()}, {""});
  });
  g.outside(g.mallory, {"targets/shared"}, "1.0", "a", tuf::Json{{"anything", "evil"}});
  const auto renew = agent::witness_roles(g.store, {shared}, agent::UnverifiedContent::kRefuse, g.keys);
  CHECK_ERROR(g.change(renew, {}, {shared}), ErrorCode::kForeignEntry, "targets/shared");
  CHECK_FALSE(g.change(renew, quarantining(), {shared}).files.empty());
  CHECK(g.body_of(shared).targets.empty());
}

TEST_CASE("What is released goes with the entry that vouched for it, in one publication") {
  Guarding g;
  const auto alices = tuf::RoleName::of("targets/alice");
  g.rule["teams"] = {"ci", "qa"};
  g.rule["provenance"] = {{"ref", "main"}};
  g.rule["provenance_by"] = {"ci"};
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(alices, {g.jenkins->public_key()}, {});
  });
  const auto claims = [](const char* ref) {
    return tuf::Json{{std::string(tuf::kProvenanceMember), {{"ref", ref}}}};
  };
  // alice's own word is of another branch: nobody has asked her, and jenkins does not sign it as theirs.
  g.outside(g.alice, {"targets/alice"}, "1.0", "a", claims("evil"));
  g.outside(g.jenkins, {"targets/jenkins", "targets/releases"}, "1.0", "a", claims("main"));
  REQUIRE(g.allows("1.0"));
  const auto renew =
      agent::witness_roles(g.store, {alices, kReleases}, agent::UnverifiedContent::kRefuse, g.keys);
  CHECK_ERROR(g.change(renew, {}, {alices, kReleases}), ErrorCode::kForeignEntry,
              "targets/alice and targets/releases");
  g.change(renew, quarantining(), {alices, kReleases});
  CHECK(g.body_of(alices).targets.empty());
  CHECK_FALSE(g.is_released("1.0"));
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
