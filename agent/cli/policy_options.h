// PolicyOptions: what commands are told of the policy that they go by, and where that is.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/cli/grammar.h"
#include "agent/config/settings.h"
#include "agent/policy/policy.h"
#include "agent/report/run_facts.h"
#include "agent/work/guarded_repository.h"

namespace agent {

/// Of a command that signs.
struct PolicyOptions : PolicyChoices {
  std::optional<std::string> file;
};

/// --policy and --quarantine.
void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help);

/// The policy in `file`, else in that of the settings; nullptr without one. The paths of the key files that
/// it names are relative to its folder. `origin`, if it is given, is told which one it is. Throws
/// kPolicyMalformed, kFileUnreadable.
std::unique_ptr<const Policy> find_policy(const std::optional<std::string>& file, const Settings& settings,
                                          PolicyOrigin* origin = nullptr);

/// The same for who signs. Throws kUsage, too, for options that do not go together, or that speak of a policy
/// where there is none.
std::unique_ptr<const Policy> find_signing_policy(const PolicyOptions& options, const Settings& settings);

}  // namespace agent
