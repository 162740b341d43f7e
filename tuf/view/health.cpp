#include "tuf/view/health.h"

#include <string>

#include "tuf/base/time.h"
#include "tuf/view/role_expiry.h"

namespace tuf {
namespace {

constexpr Days kNearingExpiry{183};

}  // namespace

bool is_nearing_expiry(Time expires, Time now) {
  return expires <= now + kNearingExpiry;
}

std::vector<Warning> health_warnings(const TrustedRepository& repository) {
  std::vector<Warning> warnings;
  const auto check = [&](const std::string& role, Time expires) {
    if (!is_nearing_expiry(expires, repository.now())) return;
    warnings.push_back(
        {"EXPIRES_SOON", role + " of " + repository.gun().text() + " expires at " + format_time(expires)});
  };
  check("root", repository.root().body.expires);
  for (const RoleExpiry& role : role_expiries(repository, true)) {
    if (role.name == "root certificate") check(role.name, role.expires);
  }
  check("targets", repository.targets().body.expires);
  for (const Delegation& delegation : repository.delegations()) {
    const std::string& role = delegation.role.name.text();
    if (delegation.state == Delegation::State::kUsable) check(role, delegation.metadata->body.expires);
    if (delegation.problem) {
      warnings.push_back({"ROLE_UNUSABLE", role + " of " + repository.gun().text() + " is not read (" +
                                               std::string(to_string(delegation.state)) +
                                               "): " + delegation.problem->what()});
    }
  }
  return warnings;
}

}  // namespace tuf
