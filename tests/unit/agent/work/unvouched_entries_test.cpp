// What stands in a file that is to be signed and nobody who counts has signed: it stops the run, or goes.
#include "agent/work/renew_roles.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/witness_roles.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"
#include "tuf/view/bound.h"
#include "tuf/view/provenance.h"

using agent::SignStatus;
using test::digest_of;
using test::Guarding;
using test::kJenkins;
using test::kReleases;
using test::quarantining;
using test::remembering;
using tuf::ErrorCode;

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
