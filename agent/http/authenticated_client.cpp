#include "agent/http/authenticated_client.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "agent/http/error_body.h"
#include "agent/report/printable.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr int kMaxFruitlessRequests = 3;
/// A token that ends sooner is not worth sending: it might expire on the way.
constexpr std::chrono::seconds kExpiryMargin{15};

std::vector<Challenge> challenges_of(const HttpResponse& response) {
  std::vector<Challenge> all;
  const auto [first, last] = response.headers.equal_range("www-authenticate");
  for (auto header = first; header != last; ++header) {
    for (Challenge& challenge : parse_challenges(header->second)) all.push_back(std::move(challenge));
  }
  return all;
}

const Challenge* find_scheme(const std::vector<Challenge>& challenges, std::string_view scheme) {
  const auto found = std::find_if(challenges.begin(), challenges.end(),
                                  [scheme](const Challenge& each) { return each.scheme == scheme; });
  return found == challenges.end() ? nullptr : &*found;
}

std::string because(const HttpResponse& response) {
  const std::string reason = ErrorBody::parse(response.body).text();
  return reason.empty() ? "" : ": " + reason;
}

}  // namespace

AuthenticatedClient::AuthenticatedClient(std::shared_ptr<HttpClient> http, AuthOptions options)
    : http_(std::move(http)), options_(std::move(options)) {}

AuthenticatedClient::~AuthenticatedClient() {
  OPENSSL_cleanse(authorization_.data(), authorization_.size());
}

std::vector<HttpResponse> AuthenticatedClient::send(const std::vector<HttpRequest>& requests) {
  if (expiry_ && options_.now() + kExpiryMargin >= *expiry_) fetch_token();
  std::vector<HttpResponse> responses = send_authorized(requests);

  std::vector<std::size_t> refused;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (responses[i].status == 401 && is_ours(requests[i])) refused.push_back(i);
  }
  if (!refused.empty()) {
    log_in(responses[refused.front()]);
    std::vector<HttpRequest> again;
    for (const std::size_t i : refused) again.push_back(requests[i]);
    std::vector<HttpResponse> answers = send_authorized(again);
    for (std::size_t i = 0; i < refused.size(); ++i) {
      if (answers[i].status == 401) give_up(answers[i]);
      responses[refused[i]] = std::move(answers[i]);
    }
  }
  if (!authorization_.empty()) fruitless_requests_ = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (responses[i].status != 403 || !is_ours(requests[i])) continue;
    const std::string who = credential_ ? "the credentials from " + credential_->source : "anybody unknown";
    throw Error(ErrorCode::kForbidden, options_.server.authority() + " does not let " + who + " " +
                                           options_.purpose + because(responses[i]));
  }
  return responses;
}

bool AuthenticatedClient::is_ours(const HttpRequest& request) const {
  const auto url = Url::parse(request.url);
  return url && url->same_origin(options_.server);
}

std::vector<HttpResponse> AuthenticatedClient::send_authorized(const std::vector<HttpRequest>& requests) {
  if (authorization_.empty()) return http_->send(requests);
  std::vector<HttpRequest> authorized = requests;
  for (HttpRequest& request : authorized) {
    if (is_ours(request)) request.headers.emplace_back("Authorization", authorization_);
  }
  return http_->send(authorized);
}

void AuthenticatedClient::log_in(const HttpResponse& refused) {
  const auto challenges = challenges_of(refused);
  if (const Challenge* bearer = find_scheme(challenges, "bearer")) {
    token_service_ = TokenService::of(*bearer, options_.http_servers);
    refuse_foreign_token_service();
    return fetch_token();
  }
  if (find_scheme(challenges, "basic") == nullptr) {
    throw Error(ErrorCode::kUnauthorized,
                options_.server.authority() + " wants a kind of login that is neither Bearer nor Basic");
  }
  if (!authorization_.empty()) give_up(refused);  // it has seen the password: no second try with the same
  log_in_with_password();
}

void AuthenticatedClient::refuse_foreign_token_service() {
  if (token_service_->may_have_credentials_of(options_.server, options_.realm_hosts) ||
      credential() == nullptr) {
    return;
  }
  throw Error(ErrorCode::kUnauthorized,
              options_.server.authority() + " sends us to the token service " + token_service_->host() +
                  ", which is elsewhere: it is not given the credentials from " + credential()->source,
              "if it is the right one, name it: --token-service " + token_service_->host());
}

Error AuthenticatedClient::without_credentials() const {
  return {ErrorCode::kUnauthorized,
          options_.server.authority() + " wants credentials to " + options_.purpose + ", and there are none" +
              (options_.tried.empty() ? "" : " in " + options_.tried),
          options_.log_in_hint};
}

void AuthenticatedClient::log_in_with_password() {
  const std::string host = options_.server.authority();
  if (!options_.server.is_allowed(options_.http_servers)) {
    throw Error(ErrorCode::kUnauthorized, host + " wants a password on a connection that is not encrypted");
  }
  if (credential() == nullptr) throw without_credentials();
  if (credential()->kind != Credential::Kind::kPassword) {
    throw Error(ErrorCode::kUnauthorized,
                host + " wants a password, and " + credential()->source + " holds an identity token",
                options_.log_in_hint);
  }
  authorization_ = credential()->basic_header();
  expiry_.reset();
}

void AuthenticatedClient::fetch_token() {
  if (fruitless_requests_ >= kMaxFruitlessRequests) {
    throw Error(ErrorCode::kUnauthorized, options_.server.authority() + " accepts no token of " +
                                              token_service_->host() + "; no further one is asked for");
  }
  ++fruitless_requests_;
  const auto asked_at = options_.now();
  BearerToken token = token_service_->fetch(*http_, options_.scope, credential());
  authorization_ = "Bearer " + token.value;
  expiry_ = asked_at + token.lifetime;
}

void AuthenticatedClient::give_up(const HttpResponse& refused) const {
  const std::string host = options_.server.authority();
  if (!credential_) throw without_credentials();
  const auto challenges = challenges_of(refused);
  const Challenge* bearer = find_scheme(challenges, "bearer");
  if (bearer != nullptr && bearer->parameter("error") == "insufficient_scope") {
    throw Error(ErrorCode::kForbidden,
                printable(credential_->username.empty() ? "the account" : credential_->username, 100) +
                    " (credentials from " + credential_->source + ") may not " + options_.purpose);
  }
  throw Error(ErrorCode::kUnauthorized,
              host + " refuses the credentials from " + credential_->source + " to " + options_.purpose +
                  because(refused),
              options_.log_in_hint);
}

const Credential* AuthenticatedClient::credential() {
  if (!asked_for_credential_) {
    credential_ = options_.find_credential ? options_.find_credential() : std::nullopt;
    asked_for_credential_ = true;
  }
  return credential_ ? &*credential_ : nullptr;
}

}  // namespace agent
