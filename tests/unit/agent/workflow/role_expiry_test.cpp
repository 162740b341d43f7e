#include "agent/workflow/role_expiry.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/agent/workflow/served_repository.h"
#include "tuf/edit/repository_draft.h"

TEST_CASE("A folder's timestamp is due when half of its short life is over, and not before") {
  test::Served served;
  test::Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const auto is_due = [&](tuf::Time now, bool server_renews) {
    machine.request.now = now;
    const tuf::TrustedRepository repository = machine.load(served.store);
    const auto roles = agent::role_expiries(repository, server_renews);
    return std::any_of(roles.begin(), roles.end(), [&](const agent::RoleExpiry& role) {
      return role.name == "timestamp" && role.is_due(now + tuf::Days{183});
    });
  };
  CHECK_FALSE(is_due(test::kNow + tuf::Days{6}, false));
  CHECK(is_due(test::kNow + tuf::Days{8}, false));
  CHECK_FALSE(is_due(test::kNow + tuf::Days{8}, true));
}
