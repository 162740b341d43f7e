#include "agent/config/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <vector>

namespace agent {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

/// The lines of a variable, without blanks around them; empty ones do not count.
std::vector<std::string> lines_in(const char* name) {
  constexpr const char* kBlanks = " \t\r";
  std::vector<std::string> lines;
  std::istringstream text(variable(name).value_or(""));
  for (std::string line; std::getline(text, line);) {
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string::npos) continue;
    lines.push_back(line.substr(first, line.find_last_not_of(kBlanks) + 1 - first));
  }
  return lines;
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
  environment.pkcs11_arguments = variable("COUNTERSIGN_PKCS11_ARGUMENTS");
  environment.audit_log = variable("COUNTERSIGN_AUDIT_LOG");
  environment.timeout = variable("COUNTERSIGN_TIMEOUT");
  environment.server = variable("COUNTERSIGN_SERVER");
  environment.tls_ca = variable("COUNTERSIGN_CA_CERT");
  environment.trust_dir = variable("COUNTERSIGN_TRUST_DIR");
  environment.policy = variable("COUNTERSIGN_POLICY");
  environment.trust_roots = lines_in("COUNTERSIGN_TRUST_ROOT");
  // Whoever sets it means to pin something: blanks are no less wrong than another text that is no pin.
  if (environment.trust_roots.empty() && variable("COUNTERSIGN_TRUST_ROOT")) environment.trust_roots = {""};
  environment.keys = lines_in("COUNTERSIGN_KEY");
  environment.terminal = variable("TERM");
  return environment;
}

}  // namespace agent
