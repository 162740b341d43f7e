#include "agent/config/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace agent {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::filesystem::path home_of_user() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir;
}

}  // namespace

Environment Environment::of_process() {
  Environment environment;
  const std::optional<std::string> home = variable("HOME");
  environment.home = home ? std::filesystem::path(*home) : home_of_user();
  if (const auto directory = variable("DOCKER_CONFIG")) environment.docker_dir = *directory;
  environment.content_trust_server = variable("DOCKER_CONTENT_TRUST_SERVER");
  environment.pkcs11_module = variable("COUNTERSIGN_PKCS11_MODULE");
  environment.audit_log = variable("COUNTERSIGN_AUDIT_LOG");
  environment.timeout = variable("COUNTERSIGN_TIMEOUT");
  return environment;
}

}  // namespace agent
