// Who moves a tag with a policy, and what that asks of the others who must sign it.
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"

using agent::SignStatus;
using test::digest_of;
using test::Guarding;
using test::kJenkins;
using test::moving;
using test::quarantining;
using tuf::ErrorCode;

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
