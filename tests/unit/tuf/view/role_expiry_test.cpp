#include "tuf/view/role_expiry.h"

#include "tests/support/catch.h"
#include "tests/unit/agent/work/served_repository.h"

TEST_CASE("A timestamp is fresh until half of its short life is over, and no other role ever is") {
  test::Served served;
  test::Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const auto fresh_at = [&](tuf::Time now) {
    machine.request.now = now;
    const tuf::TrustedRepository repository = machine.load(served.store);
    std::vector<std::string> fresh;
    for (const tuf::RoleExpiry& role : tuf::role_expiries(repository, false)) {
      if (role.is_fresh) fresh.push_back(role.name);
      // Until then nobody has to do anything; from then on somebody has to, who renews it so.
      if (role.name == "timestamp") CHECK(role.is_due(now + tuf::Days{30}) == !role.is_fresh);
    }
    return fresh;
  };
  CHECK(fresh_at(test::kNow + tuf::Days{6}) == std::vector<std::string>{"timestamp"});
  CHECK(fresh_at(test::kNow + tuf::Days{8}).empty());
}
