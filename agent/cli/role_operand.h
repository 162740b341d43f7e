// Roles, as commands are told them.
#pragma once

#include <string>
#include <vector>

#include "tuf/names/role_name.h"

namespace agent {

/// Throws kInvalidRole.
tuf::RoleName parse_role(const std::string& text);
/// Each once. Throws kInvalidRole.
std::vector<tuf::RoleName> parse_roles(const std::vector<std::string>& texts);
/// Throws kInvalidRole, also for what is no delegation.
tuf::RoleName parse_delegation(const std::string& text);

}  // namespace agent
