#include "agent/work/signing_gate.h"

#include "agent/work/change_signers.h"
#include "agent/work/renew_roles.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/witness_roles.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"
#include "tuf/edit/delegation_change.h"
#include "tuf/view/bound.h"

using test::digest_of;
using test::Guarding;
using test::kJenkins;
using test::kReleases;
using test::quarantining;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

const RoleName kAlice = RoleName::of("targets/alice");
const RoleName kNested = RoleName::of("targets/releases/x");

/// Mallory lets the CI's key sign below releases, and puts a tag there.
void delegate_below_releases(Guarding& g) {
  const tuf::TrustedRepository trusted = g.client.load(g.store);
  tuf::RepositoryDraft draft(trusted);
  draft.add_delegation(kNested, {g.mallory->public_key(), g.jenkins->public_key()}, {""});
  g.store.publish(test::role_files(draft.sign([&](const tuf::KeyId& id) {
    return id == g.mallory->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(g.mallory) : nullptr;
  })));
  g.outside(g.mallory, {"targets/releases/x"}, "evil", "evil");
}

/// jenkins gets a second key, of somebody whom the policy does not know.
void list_second_key(Guarding& g, const std::shared_ptr<test::TestSigner>& second) {
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {second->public_key()}, {""});
  });
}

tuf::Target entry_of(const Guarding& g, const RoleName& role, const std::string& tag) {
  return g.body_of(role).targets.find(tag).value();
}

/// Puts exactly this entry there, as somebody with a client of their own does.
void outside_entry(Guarding& g, const std::shared_ptr<test::TestSigner>& who, const RoleName& role,
                   const std::string& tag, const tuf::Target& entry) {
  const tuf::TrustedRepository trusted = g.client.load(g.store);
  tuf::RepositoryDraft draft(trusted);
  draft.set_target(role, tag, entry, tuf::Beside::kGoes);
  g.store.publish(test::role_files(draft.sign([&](const tuf::KeyId& id) {
    return id == who->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(who) : nullptr;
  })));
}

agent::ChangeRepository renew_all(Guarding& g) {
  return agent::renew_due_roles(test::kNow + tuf::Days{10000}, g.keys);
}

/// A change that signs the role anew as it is, once.
agent::ChangeRepository renew_once(const RoleName& role) {
  const auto first = std::make_shared<std::optional<std::int64_t>>();
  return [role, first](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    const std::int64_t version = repository.find_delegation(role)->stored_version;
    if (version == first->value_or(version)) draft.renew(role);
    *first = first->value_or(version);
  };
}

}  // namespace

TEST_CASE("What is bound says for which repository and role, and for nothing else") {
  const tuf::Gun gun = tuf::Gun::of("registry.example.com/team/app");
  const std::string here = tuf::bound_to(gun, kJenkins);
  CHECK(here.size() == 22);
  CHECK(here != tuf::bound_to(gun, kReleases));
  CHECK(here != tuf::bound_to(tuf::Gun::of("registry.example.com/team/ap"), kJenkins));
  tuf::Target entry = test::make_target("a");
  CHECK(tuf::bound_of(entry, here) == tuf::Bound::kNot);
  entry.custom = tuf::with_bound(entry.custom, here);
  CHECK(tuf::bound_of(entry, here) == tuf::Bound::kHere);
  CHECK(tuf::bound_of(entry, tuf::bound_to(gun, kReleases)) == tuf::Bound::kElsewhere);
  CHECK_FALSE(tuf::without_bound(entry.custom));
  for (const tuf::Json& odd : {tuf::Json(nullptr), tuf::Json(1), tuf::Json::object(), tuf::Json("")}) {
    (*entry.custom)[std::string(tuf::kBoundMember)] = odd;
    CHECK(tuf::bound_of(entry, here) == tuf::Bound::kElsewhere);
  }
  CHECK_FALSE(tuf::with_bound(tuf::Json("a text"), here));
  CHECK(tuf::with_bound(tuf::Json{{"team", "blue"}}, here)->size() == 2);
}

TEST_CASE("Renewing and revoking sign no role that somebody else has delegated to this key") {
  Guarding g;
  g.sign("1.0", "a");
  delegate_below_releases(g);
  const std::string before = g.store.newest.at(kNested);
  agent::SigningGate gate(g.keys);
  const auto run = [&](const agent::ChangeRepository& how, agent::SigningGate& through) {
    return agent::publish_changes(
        {g.store, g.machine.seen, g.machine.request},
        {how, through.as_function(), agent::signer_look_up(g.keys), Guarding::at_once()}, g.machine.warnings);
  };
  run(renew_all(g), gate);
  run(agent::revoke_tags({{"1.0"}, {}}, g.keys), gate);
  CHECK(g.store.newest.at(kNested) == before);

  SECTION("no change may, that has not named it") {
    const auto renew = renew_once(kNested);
    const auto error = test::error_of([&] { run(renew, gate); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kPolicy);
    CHECK(error->hint() ==
          "name it if that is what you want: countersign witness registry.example.com/team/app "
          "targets/releases/x");
    const auto with_policy = test::error_of([&] { g.change(renew); });
    REQUIRE(with_policy);
    CHECK(with_policy->hint() == error->hint());
    agent::SigningGate named(g.keys, {.named = {kNested}});
    CHECK(run(renew, named).published);
  }
}

TEST_CASE(
    "With a policy not even a named role below releases gets this key's signature over what is foreign") {
  Guarding g;
  g.sign("1.0", "a");
  delegate_below_releases(g);
  const auto renew = renew_once(kNested);
  CHECK_ERROR(g.change(renew, {}, {kNested}), ErrorCode::kForeignEntry, "evil");
  CHECK(g.change(renew, quarantining(), {kNested}).published);
  CHECK_FALSE(g.body_of(kNested).targets.contains("evil"));
}

TEST_CASE(
    "A delegation that somebody made inside releases is not signed along, and quarantine takes it out") {
  Guarding g;
  g.sign("1.0", "a");
  delegate_below_releases(g);
  CHECK_ERROR(g.sign("1.1", "a"), ErrorCode::kForeignEntry, "delegation targets/releases/x");
  g.sign("1.1", "a", quarantining());
  CHECK(g.body_of(kReleases).roles.empty());
  CHECK(g.guard->quarantined().at(0).kind == agent::ForeignEntry::Kind::kDelegation);
}

TEST_CASE("What another key has put into this identity's role is not signed along") {
  Guarding g;
  const auto stolen = test::TestSigner::generate();
  g.sign("1.0", "a");
  list_second_key(g, stolen);
  g.outside(stolen, {"targets/jenkins"}, "evil", "evil");
  g.outside(g.mallory, {"targets/releases"}, "evil", "evil");
  CHECK_FALSE(g.allows("evil"));
  const auto signing_for_oneself = [&] { g.sign("1.1", "a", {}, {kJenkins}); };
  CHECK_ERROR(signing_for_oneself(), ErrorCode::kForeignEntry, "evil");
  CHECK_ERROR(g.change(renew_all(g)), ErrorCode::kForeignEntry, "evil");
  CHECK_FALSE(g.allows("evil"));

  SECTION("without a policy it is shown, and does not count where bound entries are demanded") {
    // The stolen key's entry says that it is bound to the role, as anybody can.
    tuf::Target evil = test::make_target("evil");
    evil.custom = tuf::with_bound({}, tuf::bound_to(g.client.gun(), kJenkins));
    outside_entry(g, stolen, kJenkins, "evil", evil);
    const agent::SignedImages result = g.sign_unguarded("1.1", "a");
    REQUIRE(result.signed_anew.size() == 2);
    const auto& anew = *std::find_if(result.signed_anew.begin(), result.signed_anew.end(),
                                     [](const auto& role) { return role.role == kJenkins; });
    CHECK(anew.adopted);
    CHECK(anew.entries == std::vector<std::string>{"1.0", "evil"});
    CHECK(g.allows("evil"));  // what a run without a policy does cannot be seen, but…
    g.bound = agent::BoundDemand::kRequired;
    CHECK_FALSE(g.allows("evil"));
    CHECK(g.allows("1.1"));
  }
}

TEST_CASE("A key that follows another one of the same user takes over what that has signed") {
  Guarding g;
  const auto old = test::TestSigner::generate();
  list_second_key(g, old);
  g.outside(old, {"targets/jenkins"}, "1.0", "a");
  CHECK_ERROR(g.sign("1.1", "b", {}, {kJenkins}), ErrorCode::kForeignEntry, "1.0");
  // Once the policy says that the old key is jenkins' too.
  const tuf::Json policy = test::make_policy_json(
      {{"jenkins", {test::pem_of(g.jenkins->public_key()), test::pem_of(old->public_key())}}},
      {{"ci", {"jenkins"}}}, {{{"images", {"**"}}, {"teams", {"ci"}}}});
  const agent::Policy both = test::read_policy(policy);
  agent::PolicyGuard guard(both, g.keys, {});
  agent::SigningGate gate(g.keys, {.guard = &guard});
  const auto renew = renew_once(kJenkins);
  CHECK(
      agent::publish_changes({g.store, g.machine.seen, g.machine.request},
                             {renew, gate.as_function(), agent::signer_look_up(g.keys), Guarding::at_once()},
                             g.machine.warnings)
          .published);
}

TEST_CASE("What a user has signed elsewhere is not signed here along with a key of nobody") {
  Guarding g;
  const auto nobody = test::TestSigner::generate();
  const RoleName other = RoleName::of("targets/other");
  g.rule["teams"] = {"ci", "qa"};  // so that nothing is allowed yet
  list_second_key(g, nobody);
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(other, {g.jenkins->public_key()}, {""});
  });
  g.outside(g.jenkins, {other.text()}, "1.0", "a");
  g.outside(nobody, {"targets/jenkins"}, "1.0", "a");
  const auto renew = renew_once(kJenkins);
  SECTION("jenkins alone may") {
    CHECK(g.change(renew).published);
  }
  SECTION("with the other key beside it, it would vouch for what nobody has asked for") {
    g.keys = {};
    g.keys.add(
        std::make_unique<hsm::MemoryKeys>(std::vector<std::shared_ptr<tuf::Signer>>{g.jenkins, nobody}));
    CHECK_ERROR(g.change(renew), ErrorCode::kForeignEntry, "1.0");
  }
}

TEST_CASE("The file of targets is the administrator's only where no user of the policy signs it") {
  Guarding g;
  const RoleName role = RoleName::of("targets");
  const auto authority = tuf::RoleAuthority::of(g.client.load(g.store).root().body, role);
  const auto key = g.client.signer_for()(authority.keys().front().canonical_id());
  REQUIRE(key);
  g.hold(key);
  g.in_targets("evil", "evil");
  std::vector<std::string> keys = {test::pem_of(g.jenkins->public_key())};
  const bool is_users = GENERATE(true, false);
  if (is_users) keys.push_back(test::pem_of(key->public_key()));
  const agent::Policy policy = test::read_policy(test::make_policy_json(
      {{"jenkins", keys}}, {{"ci", {"jenkins"}}}, {{{"images", {"**"}}, {"teams", {"ci"}}}}));
  agent::PolicyGuard guard(policy, g.keys, {});
  agent::SigningGate gate(g.keys, {.guard = &guard});
  const auto add = [&](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
    draft.set_target(role, "other", test::make_target("other"));
  };
  const auto run = [&] {
    return agent::publish_changes(
        {g.store, g.machine.seen, g.machine.request},
        {add, gate.as_function(), agent::signer_look_up(g.keys), Guarding::at_once()}, g.machine.warnings);
  };
  if (is_users) {
    CHECK_ERROR(run(), ErrorCode::kForeignEntry, "evil");
  } else {
    CHECK(run().published);
  }
}

TEST_CASE("Of two teams that must sign, one does not stand for both") {
  Guarding g;
  g.bind = GENERATE(true, false);
  g.rule["teams"] = {"ci", "qa"};
  g.outside(g.alice, {"targets/alice"}, "1.0", "a");
  g.sign("1.0", "a");
  g.outside(g.alice, {"targets/releases", "targets/alice"}, "evil", "evil");
  CHECK_ERROR(g.change(renew_all(g)), ErrorCode::kForeignEntry, "evil");
  CHECK_FALSE(g.allows("evil"));
}

TEST_CASE("Another length, another SHA-512 or other custom data under a digest that was signed is foreign") {
  Guarding g;
  g.bind = GENERATE(true, false);
  g.sign("1.0", "a");
  tuf::Target entry = entry_of(g, kReleases, "1.0");
  const std::string what = GENERATE("length", "sha512", "custom");
  if (what == "length") entry.length += 5;
  if (what == "sha512") entry.hashes["sha512"] = tuf::Bytes(64, 7);
  if (what == "custom") entry.custom = tuf::Json{{"filler", std::string(1000, 'x')}};
  outside_entry(g, g.mallory, kReleases, "1.0", entry);
  CHECK_ERROR(g.sign("1.1", "b"), ErrorCode::kForeignEntry, "1.0");
  // The very tag, signed again, is put right.
  g.sign("1.0", "a");
  CHECK(tuf::says_no_more(entry_of(g, kReleases, "1.0"), entry_of(g, kJenkins, "1.0")));
  g.sign("1.1", "b");
}

TEST_CASE("The file of one role shown as another's proves nothing where bound entries are demanded") {
  Guarding g;
  g.sign("1.0", "a");
  g.outside(g.mallory, {"targets/releases"}, "evil", "evil");
  g.sign_unguarded("1.1", "b");
  g.show(kReleases, kJenkins);
  CHECK(g.allows("evil"));
  g.bound = agent::BoundDemand::kRequired;
  CHECK_FALSE(g.allows("evil"));
  // What the run has signed itself is bound to releases, and does not count in jenkins' role for anybody.
  g.bound = agent::BoundDemand::kPreferred;
  CHECK_FALSE(g.allows("1.1"));
  CHECK_FALSE(g.allows("1.0"));
}

TEST_CASE("What was signed for another role or repository is never signed anew, with a policy or without") {
  Guarding g;
  g.sign("1.0", "a");
  tuf::Target forged = test::make_target("evil");
  const std::string where = GENERATE("role", "repository", "nonsense");
  forged.custom = tuf::with_bound(
      {}, where == "role"         ? tuf::bound_to(g.client.gun(), kJenkins)
          : where == "repository" ? tuf::bound_to(tuf::Gun::of("registry.example.com/team/other"), kReleases)
                                  : std::string("nonsense"));
  outside_entry(g, g.mallory, kReleases, "evil", forged);
  CHECK_ERROR(g.sign("1.1", "b"), ErrorCode::kForeignEntry, "evil");
  CHECK_ERROR(g.sign_unguarded("1.1", "b"), ErrorCode::kForeignEntry,
              "holds what was signed for another role or repository: evil");
  CHECK(g.sign("1.1", "b", quarantining()).changes.published);
}

TEST_CASE("Whoever leaves takes the delegations to their keys inside releases with them") {
  Guarding g;
  g.sign("1.0", "a");
  delegate_below_releases(g);
  g.sign_unguarded("1.1", "b");
  hsm::KeyRing office;
  std::vector<std::shared_ptr<tuf::Signer>> all = {g.jenkins};
  const tuf::TrustedRepository trusted = g.client.load(g.store);
  const auto administrators = tuf::RoleAuthority::of(trusted.root().body, RoleName::of("targets"));
  for (const tuf::PublicKey& key : administrators.keys())
    all.push_back(g.client.signer_for()(key.canonical_id()));
  office.add(std::make_unique<hsm::MemoryKeys>(all));
  agent::SigningGate gate(office);
  agent::publish_changes({g.store, g.machine.seen, g.machine.request},
                         {agent::remove_signer("mallory", office, {}), gate.as_function(),
                          agent::signer_look_up(office), Guarding::at_once()},
                         g.machine.warnings);
  CHECK(g.body_of(kReleases).roles.empty());
  CHECK_FALSE(g.body_of(RoleName::of("targets")).find_role(RoleName::of("targets/mallory")));
  // What was signed along is told.
  const auto& anew = gate.signed_anew();
  CHECK(std::any_of(anew.begin(), anew.end(), [](const auto& role) {
    return role.role == kReleases && role.entries == std::vector<std::string>{"1.0", "1.1"};
  }));
}

TEST_CASE("An immutable tag is not revoked with the policy, so that it cannot be signed as another image") {
  Guarding g;
  g.rule["immutable_tags"] = {"1.*"};
  g.sign("1.0", "a");
  g.sign("dev", "a");
  const auto revoke = [&](const std::string& tag) {
    agent::PolicyGuard& guard = g.ask(test::consenting());
    agent::SigningGate gate(g.keys, {.guard = &guard});
    return agent::publish_changes({g.store, g.machine.seen, g.machine.request},
                                  {agent::revoke_tags({{tag}, {}, &guard}, g.keys), gate.as_function(),
                                   agent::signer_look_up(g.keys), Guarding::at_once()},
                                  g.machine.warnings);
  };
  CHECK_ERROR(revoke("1.0"), ErrorCode::kTagImmutable, "1.0");
  CHECK(revoke("dev").published);
}

TEST_CASE("A tag that was revoked elsewhere does not come back through what was remembered here") {
  Guarding g;
  g.sign("1.0", "a");
  g.sign("1.1", "b");
  const std::string remembered = g.releases();
  g.outside(g.jenkins, {"targets/releases", "targets/jenkins"}, "1.0", std::nullopt);
  g.outside(g.mallory, {"targets/releases"}, "1.0", "a");
  CHECK_ERROR(g.sign("1.2", "c", test::remembering(remembered)), ErrorCode::kForeignEntry, "1.0");
}

TEST_CASE("Signing again with a policy binds what was not bound; witnessing too") {
  Guarding g;
  const std::string here = tuf::bound_to(g.client.gun(), kJenkins);
  g.bind = false;
  g.sign("1.0", "a");
  CHECK(tuf::bound_of(entry_of(g, kJenkins, "1.0"), here) == tuf::Bound::kNot);
  CHECK(g.sign_unguarded("1.0", "a").statuses == std::vector{agent::SignStatus::kUnchanged});
  SECTION("by signing") {
    g.bind = true;
    CHECK(g.sign("1.0", "a").statuses == std::vector{agent::SignStatus::kSigned});
    CHECK(g.sign("1.0", "a").statuses == std::vector{agent::SignStatus::kUnchanged});
  }
  SECTION("by witnessing") {
    CHECK(g.change(agent::witness_roles(g.store, {kJenkins}, agent::UnverifiedContent::kRefuse, g.keys), {},
                   {kJenkins}, true)
              .published);
  }
  CHECK(tuf::bound_of(entry_of(g, kJenkins, "1.0"), here) == tuf::Bound::kHere);
  g.bound = agent::BoundDemand::kRequired;
  CHECK(g.allows("1.0"));
}

TEST_CASE("What a role's paths do not admit any more does not stop its signer") {
  Guarding g;
  g.sign("1.0", "a");
  g.sign("dev-1", "a");
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {}, {"dev-"});
    draft.remove_from_delegation(kJenkins, {}, {""});
  });
  CHECK(g.change(renew_once(kJenkins)).published);
}

TEST_CASE("Of a tag that is asked for, nothing stays that was said for another role") {
  Guarding g;
  tuf::Target entry = test::make_target("b");
  entry.custom =
      tuf::Json{{"countersign.provenance/v1", {{"ref", "refs/heads/main"}}}, {"countersign.bound/v1", "x"}};
  const bool guarded = GENERATE(true, false);
  outside_entry(g, g.mallory, kReleases, "2.0", entry);
  if (guarded) {
    g.sign("2.0", "b", {.resign_guard = false});
  } else {
    g.sign_unguarded("2.0", "b");
  }
  g.show(kReleases, kJenkins);
  g.sign_unguarded("2.0", "b");
  for (const RoleName& role : {kReleases, kJenkins})
    CHECK_FALSE(entry_of(g, role, "2.0").custom->contains("countersign.provenance/v1"));
}

TEST_CASE("A delegation that another key has made in the role of this identity is told as adopted") {
  Guarding g;
  g.client.publish(g.store, [&](tuf::RepositoryDraft& draft) {
    draft.add_delegation(kJenkins, {g.mallory->public_key()}, {});
  });
  tuf::Targets body;
  body.version = 1;
  body.expires = test::kNow + tuf::Days{100};
  tuf::add_to_delegation(body, RoleName::of("targets/jenkins/x"), {g.mallory->public_key()}, {""},
                         std::nullopt, test::kNow);
  g.store_as(kJenkins,
             tuf::sign_metadata("targets/jenkins", tuf::encode_signed(body), {g.mallory->public_key()}, 1,
                                [&](const tuf::KeyId&) { return g.mallory; }));
  const auto anew = g.sign_unguarded("1.0", "a").signed_anew;
  REQUIRE(anew.size() == 1);
  CHECK(anew[0].adopted);
  CHECK(anew[0].delegations == std::vector<std::string>{"targets/jenkins/x"});
}
