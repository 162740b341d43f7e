#include "agent/cli/operands.h"

#include <algorithm>
#include <filesystem>

#include "agent/policy/policy_file.h"
#include "hsm/file/key_form.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr std::size_t kMaxPublicKeyFile = 1 << 20;

}  // namespace

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

std::vector<tuf::PublicKey> read_public_keys(const std::vector<std::string>& files) {
  if (files.empty()) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "no public key is given",
                     "name the signer's certificate or .pub file with --key FILE");
  }
  std::vector<tuf::PublicKey> keys;
  for (const std::string& file : files) {
    keys.push_back(
        hsm::read_public_key(hsm::InputFile(file, "the public key").read_all(kMaxPublicKeyFile), file));
  }
  return keys;
}

Policy read_policy(const std::string& file) {
  const std::string text = hsm::InputFile(file, "the policy").read_text(kMaxPolicyLength);
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return parse_policy(text, tuf::printable(file), [&](const std::string& path) {
    return hsm::InputFile(folder / path, "the key").read_all(kMaxPublicKeyFile);
  });
}

std::unique_ptr<const Policy> read_policy(const std::optional<std::string>& file, const Settings& settings) {
  if (file) return std::make_unique<const Policy>(read_policy(*file));
  if (settings.policy()) return std::make_unique<const Policy>(read_policy(settings.policy()->string()));
  return nullptr;
}

}  // namespace agent
