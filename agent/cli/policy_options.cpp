#include "agent/cli/policy_options.h"

#include <filesystem>

#include "agent/policy/policy_file.h"
#include "hsm/os/input_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr std::size_t kMaxKeyFile = 1 << 20;

std::unique_ptr<const Policy> read_policy(const std::string& file, PolicyOrigin* origin) {
  const std::string text = hsm::InputFile(file, "the policy").read_text(kMaxPolicyLength);
  if (origin) *origin = {file, tuf::to_hex(tuf::sha256(tuf::as_bytes(text)))};
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return std::make_unique<const Policy>(
      parse_policy(text, tuf::printable(file), [&](const std::string& path) {
        return hsm::InputFile(folder / path, "the key").read_all(kMaxKeyFile);
      }));
}

}  // namespace

void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help) {
  place(add_value(command, "--policy", options.file, help, "FILE"), kGuards);
  place(add_flag(command, "--quarantine", options.quarantine,
                 "With --policy: drop foreign entries instead of stopping"),
        kRarely);
}

std::unique_ptr<const Policy> find_policy(const std::optional<std::string>& file, const Settings& settings,
                                          PolicyOrigin* origin) {
  if (file) return read_policy(*file, origin);
  if (settings.policy()) return read_policy(settings.policy()->string(), origin);
  return nullptr;
}

std::unique_ptr<const Policy> find_signing_policy(const PolicyOptions& options, const Settings& settings) {
  if (options.quarantine && options.no_resign_guard) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "--quarantine drops what --no-resign-guard does not look for",
                     "leave one of them out");
  }
  if (auto policy = find_policy(options.file, settings)) return policy;
  if (!options.quarantine && !options.no_resign_guard) return nullptr;
  throw tuf::Error(tuf::ErrorCode::kUsage,
                   std::string(options.quarantine ? "--quarantine" : "--no-resign-guard") +
                       " speaks of what a policy does not count, and none is given",
                   "add --policy FILE");
}

}  // namespace agent
