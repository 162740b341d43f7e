#include "agent/cli/role_operand.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {

tuf::RoleName parse_role(const std::string& text) {
  if (auto role = tuf::RoleName::parse(text)) return *role;
  throw tuf::Error(tuf::ErrorCode::kInvalidRole, "\"" + tuf::printable(text) + "\" is not a role name");
}

std::vector<tuf::RoleName> parse_roles(const std::vector<std::string>& texts) {
  std::vector<tuf::RoleName> roles;
  for (const std::string& text : texts) {
    tuf::RoleName role = parse_role(text);
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(std::move(role));
  }
  return roles;
}

tuf::RoleName parse_delegation(const std::string& text) {
  const tuf::RoleName role = parse_role(text);
  if (!role.is_delegation())
    throw tuf::Error(tuf::ErrorCode::kInvalidRole, role.text() + " is not a delegation");
  return role;
}

}  // namespace agent
