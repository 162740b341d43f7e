#include "agent/work/renew_roles.h"

#include "tests/support/catch.h"
#include "tests/unit/agent/work/administrator.h"

using test::Administrator;

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
