// Guarding: what commands share that sign by a policy: its options, and where it is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/cli/grammar.h"
#include "agent/config/settings.h"
#include "agent/policy/policy.h"
#include "agent/work/guarded_repository.h"

namespace agent {

struct PolicyOptions : PolicyChoices {
  std::optional<std::string> file;
};

/// --policy and --quarantine.
void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help);

/// That of the option, else of the settings; nullptr without one. Throws kUsage for options that do not go
/// together, and what read_policy throws.
std::unique_ptr<const Policy> read_policy(const PolicyOptions& options, const Settings& settings);

}  // namespace agent
