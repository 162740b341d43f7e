// Operands and option values that several commands read in the same way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/settings.h"
#include "agent/policy/policy.h"
#include "tuf/keys/public_key.h"
#include "tuf/names/role_name.h"

namespace agent {

/// Throws kInvalidRole.
tuf::RoleName parse_role(const std::string& text);
/// Each once.
std::vector<tuf::RoleName> parse_roles(const std::vector<std::string>& texts);
/// Certificates and `.pub` files, one key in each. Throws kUsage if there is none, kFileUnreadable, and what
/// `hsm::read_public_key` throws.
std::vector<tuf::PublicKey> read_public_keys(const std::vector<std::string>& files);
/// A policy file and the key files that it names; their paths are relative to its folder. Throws
/// kPolicyMalformed, kFileUnreadable.
Policy read_policy(const std::string& file);
/// The same of the file of the option, else of the settings; nullptr if there is none.
std::unique_ptr<const Policy> read_policy(const std::optional<std::string>& file, const Settings& settings);

}  // namespace agent
