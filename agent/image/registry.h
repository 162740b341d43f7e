// Registry: the manifests of one repository, over the distribution API. Every answer is hashed here and held
// against the digest that was asked for and the one that the registry names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/http/authenticated_client.h"
#include "agent/http/http_client.h"
#include "agent/http/url.h"
#include "agent/image/manifest.h"
#include "tuf/names/role_name.h"

namespace agent {

class Registry {
 public:
  /// `http` answers the registry's challenges, if it makes any: an AuthenticatedClient with `registry_auth`.
  Registry(std::shared_ptr<HttpClient> http, Url server, const tuf::Gun& image);

  /// What a tag points to, or what has this digest; nullopt if there is nothing. Throws kHashMismatch for
  /// bytes that are not what they are called, kInvalidDigest for a registry that names them by another
  /// algorithm, kServerError for what is no manifest, and what `http` throws.
  std::optional<Manifest> find(const std::string& tag);
  std::optional<Manifest> find(const Digest& digest);

  /// The digest that a tag has now, without the bytes where the registry tells it: what is asked when the
  /// bytes are known. Throws as `find`.
  std::optional<Digest> digest_of(const std::string& tag);

  /// "registry registry.example.com:5000", for messages.
  std::string name() const { return "registry " + server_.authority(); }

 private:
  HttpRequest make_request(HttpMethod method, const std::string& which) const;
  HttpResponse send(HttpMethod method, const std::string& which) const;
  std::optional<Manifest> get(const std::string& which);
  /// The header Docker-Content-Digest.
  std::optional<Digest> announced(const HttpResponse& response, const std::string& subject) const;
  std::string subject(const std::string& which) const;

  std::shared_ptr<HttpClient> http_;
  Url server_;
  std::string repository_;  // the name without the registry
};

/// Where the registry of an image is: Docker Hub's is not called docker.io. Unencrypted if its authority
/// stands in `insecure`. Throws kConfig for a name that is no host.
Url registry_url(const tuf::Gun& image, const std::vector<std::string>& insecure);

/// Scope and purpose of reading `image`.
AuthOptions registry_auth(const Url& server, const tuf::Gun& image);

}  // namespace agent
