// Policies for tests, as JSON that a test can change before it is read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/policy/policy_file.h"
#include "tests/support/test_signer.h"
#include "tuf/json/json.h"

namespace test {

/// The key as people hand it over: a `PUBLIC KEY` block.
std::string pem_of(const tuf::PublicKey& key);

/// Version 1 with these users, each with the keys of one signer or several, and teams.
tuf::Json make_policy_json(const std::map<std::string, std::vector<std::string>>& users,
                           const std::map<std::string, std::vector<std::string>>& teams,
                           const std::vector<tuf::Json>& rules);

/// Reads it; there are no key files beside it.
agent::Policy read_policy(const tuf::Json& json);

}  // namespace test
