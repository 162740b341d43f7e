#include "agent/work/add_delegations.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/administrator.h"

using test::Administrator;
using tuf::ErrorCode;
using tuf::RoleName;

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
