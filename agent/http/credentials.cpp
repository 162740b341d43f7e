#include "agent/http/credentials.h"

#include "agent/image/image_reference.h"
#include "tuf/base/error.h"

namespace agent {

std::optional<Credential> Credentials::notary_auth() {
  const hsm::Secret* secret = secrets_.find({"NOTARY_AUTH"});
  if (secret == nullptr || secret->empty()) return std::nullopt;
  auto credential = Credential::from_basic(secret->reveal(), "NOTARY_AUTH");
  if (!credential) {
    throw tuf::Error(tuf::ErrorCode::kConfig, "NOTARY_AUTH is not the base64 of user:password",
                     "set it with: NOTARY_AUTH=$(printf %s \"$USER_NAME:$PASSWORD\" | base64 -w0)");
  }
  return credential;
}

std::optional<Credential> Credentials::for_registry(const std::string& host, bool also_trust_server) {
  if (also_trust_server) {
    if (auto credential = notary_auth()) return credential;
  }
  return docker_.find(host);
}

std::optional<Credential> Credentials::for_trust_server(const tuf::Gun& gun, const Url& server) {
  if (auto credential = notary_auth()) return credential;
  const auto registry = registry_host(gun);
  if (registry) {
    if (auto credential = docker_.find(*registry)) return credential;
  }
  if (registry == server.authority()) return std::nullopt;
  return docker_.find(server.authority());
}

std::optional<std::string> registry_host(const tuf::Gun& gun) {
  const std::string first = registry_of(gun);
  const bool is_host = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  return is_host ? std::optional(first) : std::nullopt;
}

}  // namespace agent
