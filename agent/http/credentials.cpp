#include "agent/http/credentials.h"

#include "agent/names/image_reference.h"
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

std::optional<Credential> Credentials::ask_docker(const std::string& host) const {
  return docker_.find(host, budget_->at_most(std::chrono::seconds(30)));
}

std::optional<Credential> Credentials::for_registry(const std::string& host, bool notary_auth) {
  if (notary_auth) {
    if (auto credential = this->notary_auth()) return credential;
  }
  return ask_docker(host);
}

std::optional<Credential> Credentials::for_trust_server(const tuf::Gun& gun, const Url& server,
                                                        bool notary_auth) {
  if (auto credential = for_registry(server.authority(), notary_auth)) return credential;
  const auto registry = registry_host(gun);
  return registry && registry != server.authority() ? ask_docker(*registry) : std::nullopt;
}

std::optional<std::string> registry_host(const tuf::Gun& gun) {
  const std::string first = registry_of(gun);
  const bool is_host = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  return is_host ? std::optional(first) : std::nullopt;
}

}  // namespace agent
