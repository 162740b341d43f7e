// Credentials: who we are to a trust server or registry. NOTARY_AUTH first, then Docker's config.json.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "agent/http/credential.h"
#include "agent/http/docker_config.h"
#include "agent/http/url.h"
#include "hsm/secret_source.h"
#include "tuf/metadata/role_name.h"

namespace agent {

class Credentials {
 public:
  /// `secrets` must outlive this object.
  explicit Credentials(hsm::SecretSource& secrets,
                       const std::filesystem::path& docker_directory = DockerConfig::default_directory())
      : secrets_(secrets), docker_(docker_directory) {}

  /// For the trust data of `gun` on `server`: NOTARY_AUTH; then what docker has for the registry in `gun`,
  /// since trust servers share the registry's accounts; then what it has for the server itself. Throws
  /// kConfig for a source that is there but malformed.
  std::optional<Credential> for_trust_server(const tuf::Gun& gun, const Url& server);

  /// For a registry: what docker has for it. NOTARY_AUTH belongs to the trust server: it comes first if the
  /// registry is `also_trust_server`, and is never sent to another.
  std::optional<Credential> for_registry(const std::string& host, bool also_trust_server);

  /// The sources, for messages.
  std::string sources_for_trust_server() const { return "NOTARY_AUTH, " + docker_.file().string(); }
  std::string sources_for_registry(bool also_trust_server) const {
    return also_trust_server ? sources_for_trust_server() : docker_.file().string();
  }

 private:
  std::optional<Credential> notary_auth();

  hsm::SecretSource& secrets_;
  DockerConfig docker_;
};

/// The first segment of `gun` if it is a host (`a.example`, `localhost`, `host:5000`); nullopt for a name
/// that says nothing about a registry.
std::optional<std::string> registry_host(const tuf::Gun& gun);

}  // namespace agent
