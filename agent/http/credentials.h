// Credentials: who we are to a trust server or registry. NOTARY_AUTH first, then Docker's config.json.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "agent/http/credential.h"
#include "agent/http/docker_config.h"
#include "agent/http/url.h"
#include "hsm/os/time_budget.h"
#include "hsm/secret_source.h"
#include "tuf/names/role_name.h"

namespace agent {

class Credentials {
 public:
  /// `secrets` must outlive this object. A credential helper has half a minute to answer, if `budget` has.
  Credentials(hsm::SecretSource& secrets, const std::filesystem::path& docker_directory,
              std::shared_ptr<const hsm::TimeBudget> budget = hsm::TimeBudget::without_end())
      : secrets_(secrets), docker_(docker_directory), budget_(std::move(budget)) {}

  /// For the trust data of `gun` on `server`: NOTARY_AUTH, if it is for that server; then what docker has for
  /// the server itself; then what it has for the registry in `gun`, whose home the server is not: whoever
  /// sends it looks where it may go. Throws kConfig for a source that is there but malformed.
  std::optional<Credential> for_trust_server(const tuf::Gun& gun, const Url& server, bool notary_auth);

  /// For a registry: NOTARY_AUTH, if it is the trust server that this is for; then what docker has for it.
  std::optional<Credential> for_registry(const std::string& host, bool notary_auth);

  /// The sources, for messages.
  std::string sources(bool notary_auth) const {
    return (notary_auth ? "NOTARY_AUTH, " : "") + docker_.file().string();
  }

 private:
  std::optional<Credential> notary_auth();
  std::optional<Credential> ask_docker(const std::string& host) const;

  hsm::SecretSource& secrets_;
  DockerConfig docker_;
  std::shared_ptr<const hsm::TimeBudget> budget_;
};

/// The first segment of `gun` if it is a host (`a.example`, `localhost`, `host:5000`); nullopt for a name
/// that says nothing about a registry.
std::optional<std::string> registry_host(const tuf::Gun& gun);

}  // namespace agent
