// AuthenticatedClient: HttpClient for one server and one token scope that answers the server's challenges
// (section 1.6). It logs in when asked to, repeats what was refused once, and sends the token at once
// from then on. A batch that is refused costs one token.
//
// An account goes to the host for which it is stored (Basic), or for one of its owner's servers to its
// owner's token services (Bearer), encrypted, and nowhere else. A server whose owner is another, or that does
// without TLS, is spoken to as if there were no account. Requests to other origins pass through untouched.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/http/challenge.h"
#include "agent/http/credential.h"
#include "agent/http/http_client.h"
#include "agent/http/token_service.h"
#include "agent/http/url.h"
#include "tuf/base/error.h"

namespace agent {

struct AuthOptions {
  Url server;
  std::string scope;    // "repository:<GUN>:push,pull"
  std::string purpose;  // for messages: "publish trust data of registry.example.com/app"
  /// Asked once, and only if the server wants to know.
  std::function<std::optional<Credential>()> find_credential;
  std::vector<std::string> http_servers = {};  // as in CurlOptions; an account never goes there
  std::vector<std::string> realm_hosts = {};   // token services elsewhere that get credentials, too
  std::string tried = {};                      // for messages: the sources in which none were found
  std::string log_in_hint = {};                // with what a login begins
  std::string access = "read";                 // for messages: what to ask an administrator for
  std::string read_purpose = {};               // as `purpose`, of requests that only read; empty: the same
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

class AuthenticatedClient final : public HttpClient {
 public:
  AuthenticatedClient(std::shared_ptr<HttpClient> http, AuthOptions options);
  AuthenticatedClient(const AuthenticatedClient&) = delete;  // one token, one count of attempts
  AuthenticatedClient& operator=(const AuthenticatedClient&) = delete;
  ~AuthenticatedClient() override;

  /// As HttpClient, and throws kUnauthorized (naming the source of the credentials that were tried) and
  /// kForbidden. A token that cannot be had throws as TokenService::fetch does.
  std::vector<HttpResponse> send(const std::vector<HttpRequest>& requests) override;

  /// Whose account the server, or its token service, was told; nullptr as long as it was none.
  const Credential* account() const { return used_; }

 private:
  bool is_ours(const HttpRequest& request) const;
  std::vector<HttpResponse> send_authorized(const std::vector<HttpRequest>& requests);
  /// Gets ready to answer the challenge of `refused`, or throws why it cannot.
  void log_in(const HttpResponse& refused);
  /// The account that the token service may be told; nullptr for none. Throws kUnauthorized if the account is
  /// good for the server and the token service is elsewhere.
  const Credential* credential_for_tokens();
  void log_in_with_password();
  tuf::Error without_credentials() const;
  /// For messages: who is refused without having been asked may have an account all the same.
  std::string unasked() const;
  tuf::Error forbidden(const std::string& message, const std::string& access) const;
  void fetch_token();
  [[noreturn]] void give_up(const HttpResponse& refused) const;
  const Credential* credential();
  std::string home_of(const Credential& credential) const;

  std::shared_ptr<HttpClient> http_;
  AuthOptions options_;
  std::string authorization_;  // value of the header; empty: none yet
  std::optional<std::chrono::steady_clock::time_point> expiry_;
  std::optional<TokenService> token_service_;
  bool asked_for_credential_ = false;
  std::optional<Credential> credential_;
  const Credential* used_ = nullptr;  // credential_, once it was sent
  int fruitless_requests_ = 0;        // token requests since a token was last accepted
};

}  // namespace agent
