// TokenService: the realm that a Bearer challenge names (Docker registry token protocol, section 1.6).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/http/challenge.h"
#include "agent/http/credential.h"
#include "agent/http/http_client.h"
#include "agent/http/url.h"

namespace agent {

struct BearerToken {
  std::string value = {};
  std::chrono::seconds lifetime = {};  // from the moment it was asked for; at least 60 s
};

class TokenService {
 public:
  /// Takes realm and service from the challenge, never its scope. Throws kUnauthorized for a realm that is
  /// asked for nothing: not encrypted and not among `http_servers`, or with user-info.
  static TokenService of(const Challenge& challenge, const std::vector<std::string>& http_servers);

  const std::string& host() const { return realm_.authority(); }
  const Url& realm() const { return realm_; }

  /// One token request; `credential` nullptr asks anonymously. Throws kUnauthorized and kForbidden when the
  /// service refuses the credential, kTlsFailed, and kServerUnreachable for whatever else goes wrong: to the
  /// server that wants the token nothing was sent.
  BearerToken fetch(HttpClient& http, const std::string& scope, const Credential* credential) const;

 private:
  TokenService(Url realm, std::string service) : realm_(std::move(realm)), service_(std::move(service)) {}
  HttpRequest make_request(const std::string& scope, const Credential* credential) const;

  Url realm_;
  std::string service_;
};

}  // namespace agent
