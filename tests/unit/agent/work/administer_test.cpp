#include "agent/work/administer.h"

#include "agent/work/renew_roles.h"
#include "agent/work/signing_keys.h"

#include <catch2/catch.hpp>

#include "hsm/memory_keys.h"
#include "tests/support/errors.h"
#include "tests/support/open_gate.h"
#include "tests/unit/agent/work/served_repository.h"

namespace {

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::RoleName;
using Outcome = test::MemoryStore::Outcome;

/// An administrator with a root and a targets key, in front of an empty store.
struct Administrator {
  Administrator() {
    hold(root);
    hold(targets);
  }
  void hold(const std::shared_ptr<tuf::Signer>& key) {
    keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{key}));
  }
  tuf::TrustedRepository create() {
    const tuf::PublicKey certificate =
        RepositoryMaker::certified(*root, RepositoryMaker(gun.text()).root_certificate());
    return agent::create_repository(
        store, machine.seen, {gun, test::kNow, certificate, targets->public_key()}, keys, machine.warnings);
  }
  agent::PublishedChanges add_signer(hsm::KeyRing& ring) {
    const auto how =
        agent::add_delegations(agent::signer_delegations("jenkins", {jenkins->public_key()}), ring);
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {how, test::open_gate, agent::signer_look_up(ring), {}}, machine.warnings);
  }

  tuf::Gun gun = tuf::Gun::of("registry.example.com/team/app");
  std::shared_ptr<TestSigner> root = TestSigner::generate();
  std::shared_ptr<TestSigner> targets = TestSigner::generate();
  std::shared_ptr<TestSigner> jenkins = TestSigner::generate();
  hsm::KeyRing keys;
  test::MemoryStore store = test::make_store(gun);
  test::Machine machine{gun};
};

}  // namespace

TEST_CASE("A new repository is created with one POST and is the known one from then on") {
  Administrator a;
  CHECK_FALSE(agent::repository_exists(a.store));
  if (GENERATE(false, true)) a.store.outcomes[1] = Outcome::kUnknownStored;

  const tuf::TrustedRepository repository = a.create();

  CHECK(a.store.publishes == 1);
  CHECK(agent::repository_exists(a.store));
  CHECK(repository.root().body.version == 1);
  CHECK(a.machine.load(a.store).root().bytes == repository.root().bytes);
}

TEST_CASE("A repository that others create meanwhile is a conflict, however the store answers") {
  Administrator a;
  Administrator other;
  a.store.before_publish = [&](int) { a.store.newest = other.store.newest; };
  other.create();
  a.store.newest.clear();
  if (GENERATE(false, true)) a.store.outcomes[1] = Outcome::kUnknownLost;

  CHECK_ERROR(a.create(), ErrorCode::kConflict, "somebody else");
}

TEST_CASE("A new repository that cannot be read back has an unknown outcome") {
  Administrator a;
  a.store.before_fetch = [](const auto&) { throw tuf::Error(ErrorCode::kServerUnreachable, "gone"); };

  CHECK_ERROR(a.create(), ErrorCode::kOutcomeUnknown, "gone");
}

TEST_CASE("A lost answer to the creation has an unknown outcome, since the request may arrive late") {
  Administrator a;
  a.store.outcomes[1] = Outcome::kUnknownLost;

  CHECK_ERROR(a.create(), ErrorCode::kOutcomeUnknown, "cannot be read back");
}

TEST_CASE("Creating a repository anew does not stumble over the memory of its predecessor") {
  Administrator a;
  a.create();
  a.machine.load(a.store);
  a.add_signer(a.keys);
  a.store.newest.clear();
  a.store.by_hash.clear();
  a.keys = {};
  a.root = TestSigner::generate();
  a.hold(a.root);
  a.hold(a.targets);

  a.create();
  CHECK(a.add_signer(a.keys).published);
  CHECK(a.machine.load(a.store).delegations().size() == 2);
}

TEST_CASE("A signer is added with both roles in one POST, once") {
  Administrator a;
  a.create();
  a.store.publishes = 0;

  const auto added = a.add_signer(a.keys);

  CHECK(added.published);
  CHECK(a.store.publishes == 1);
  REQUIRE(added.repository.delegations().size() == 2);
  CHECK(added.repository.delegations()[0].role.name.text() == "targets/releases");
  CHECK(added.repository.delegations()[1].role.name.text() == "targets/jenkins");
  CHECK_FALSE(a.add_signer(a.keys).published);
  CHECK(a.store.publishes == 1);
}

TEST_CASE("A signer cannot be added without the repository key, but one that is there needs no key") {
  Administrator a;
  a.create();
  hsm::KeyRing none;

  CHECK_ERROR(a.add_signer(none), ErrorCode::kKeyNotInRole, "targets");
  a.add_signer(a.keys);
  CHECK_FALSE(a.add_signer(none).published);
}

TEST_CASE("Signer names are those that Docker takes") {
  for (const char* name : {"jenkins", "a", "0", "ci-prod_2"}) {
    INFO(name);
    CHECK_NOTHROW(agent::require_signer_name(name));
  }
  for (const char* name :
       {"", "releases", "Jenkins", "-a", "_a", "a/b", "a.b", "a b", "a\n", "\x1b[2J", "é", ".."}) {
    INFO(name);
    CHECK_ERROR(agent::require_signer_name(name), ErrorCode::kInvalidRole);
  }
}

TEST_CASE("A new role that is nearly targets/releases is refused, whoever adds it") {
  Administrator a;
  a.create();
  a.add_signer(a.keys);
  const auto add = [&](const std::string& name) {
    const agent::DelegationToAdd delegation{
        RoleName::of("targets/" + name), {a.jenkins->public_key()}, {""}, {}};
    return agent::publish_changes(
        {a.store, a.machine.seen, a.machine.request},
        {agent::add_delegations({delegation}, a.keys), test::open_gate, agent::signer_look_up(a.keys), {}},
        a.machine.warnings);
  };
  for (const char* name : {"release", "relases", "realeses", "relase", "releasess", "releases1"})
    CHECK_ERROR(add(name), ErrorCode::kInvalidRole, "nearly targets/releases");
  for (const char* name : {"releases-eu", "qa", "prereleases", "leads"}) CHECK(add(name).published);
  CHECK_FALSE(add("releases").published);
}

TEST_CASE("What cannot be signed for as long as was asked for is signed anew once") {
  Administrator a;
  a.create();
  a.add_signer(a.keys);
  const auto renewed = agent::publish_changes({a.store, a.machine.seen, a.machine.request},
                                              {agent::renew_due_roles(test::kNow + tuf::Days{36500}, a.keys),
                                               test::open_gate,
                                               agent::signer_look_up(a.keys),
                                               {}},
                                              a.machine.warnings);
  CHECK(renewed.attempts == 1);
  CHECK(renewed.repository.root().body.version == 2);
  CHECK(renewed.repository.targets().body.version == 3);
}
