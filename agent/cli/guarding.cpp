#include "agent/cli/guarding.h"

#include "agent/cli/operands.h"
#include "tuf/base/error.h"

namespace agent {

void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help) {
  add_value(command, "--policy", options.file, help, "FILE");
  add_flag(command, "--quarantine", options.quarantine, "Drop foreign entries instead of stopping");
}

std::unique_ptr<const Policy> read_policy(const PolicyOptions& options, const Settings& settings) {
  if (options.quarantine && options.no_resign_guard) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "--quarantine drops what --no-resign-guard does not look for",
                     "leave one of them out");
  }
  if (auto policy = read_policy(options.file, settings)) return policy;
  if (!options.quarantine && !options.no_resign_guard) return nullptr;
  throw tuf::Error(tuf::ErrorCode::kUsage,
                   std::string(options.quarantine ? "--quarantine" : "--no-resign-guard") +
                       " speaks of what a policy does not count, and none is given",
                   "add --policy FILE");
}

}  // namespace agent
