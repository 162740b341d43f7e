#include "agent/http/authenticated_client.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "agent/http/account_home.h"
#include "agent/http/error_body.h"
#include "agent/http/sent_credentials.h"
#include "agent/names/log_in_command.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

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

bool only_reads(const HttpRequest& request) {
  return request.method == HttpMethod::kGet || request.method == HttpMethod::kHead;
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
    // An answer to HEAD cannot say why: whoever asked asks for the content next.
    if (responses[i].status != 403 || !is_ours(requests[i]) || requests[i].method == HttpMethod::kHead)
      continue;
    if (used_ == nullptr && credential_) throw without_credentials();
    // As ECR does after twelve hours.
    if (used_ != nullptr && says_expired(because(responses[i]))) give_up(responses[i]);
    const std::string who = used_ != nullptr ? "the credentials from " + used_->source : "anybody unknown";
    const bool reads = only_reads(requests[i]) && !options_.read_purpose.empty();
    throw forbidden(options_.server.authority() + " does not let " + who + " " +
                        (reads ? options_.read_purpose : options_.purpose) + unasked() +
                        because(responses[i]),
                    reads ? "read and " + options_.access : options_.access);
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
  std::vector<HttpResponse> responses = http_->send(authorized);
  for (std::size_t i = 0; i < authorized.size(); ++i) hide_sent_credentials(authorized[i], responses[i]);
  return responses;
}

void AuthenticatedClient::log_in(const HttpResponse& refused) {
  const auto challenges = challenges_of(refused);
  if (const Challenge* bearer = find_scheme(challenges, "bearer")) {
    token_service_ = TokenService::of(*bearer, options_.http_servers);
    return fetch_token();
  }
  if (find_scheme(challenges, "basic") == nullptr) {
    throw Error(ErrorCode::kUnauthorized,
                options_.server.authority() + " wants a kind of login that is neither Bearer nor Basic",
                "ask its administrator for a login of one of these two kinds");
  }
  if (!authorization_.empty()) give_up(refused);  // it has seen the password: no second try with the same
  log_in_with_password();
}

const Credential* AuthenticatedClient::credential_for_tokens() {
  const Credential* credential = this->credential();
  if (credential == nullptr || !token_service_->realm().is_https()) return nullptr;
  const auto& named = options_.realm_hosts;
  if (std::find(named.begin(), named.end(), token_service_->host()) != named.end()) return credential;
  const AccountHome home(home_of(*credential));
  if (!home.owns(options_.server)) return nullptr;
  if (home.owns(token_service_->realm())) return credential;
  const bool any_list = PublicSuffixes::of_system().has_list();
  throw Error(ErrorCode::kUnauthorized,
              options_.server.authority() + " sends us to the token service " + token_service_->host() +
                  ", which is elsewhere: it is not given the credentials from " + credential->source,
              "if it is the right one, name it: --token-service " + token_service_->host() +
                  (any_list ? "" : " (no list of public suffixes is at hand: install publicsuffix)"));
}

std::string AuthenticatedClient::home_of(const Credential& credential) const {
  return credential.home.empty() ? options_.server.authority() : credential.home;
}

Error AuthenticatedClient::without_credentials() const {
  const std::string host = options_.server.authority();
  if (!options_.server.is_https()) {
    return {ErrorCode::kUnauthorized,
            host + " wants credentials to " + options_.purpose +
                ", and none are sent on a connection that is not encrypted",
            "give the server a certificate and name it with https"};
  }
  if (credential_) {
    std::string hint = options_.log_in_hint;
    if (token_service_)
      hint += "; if its token service is the right one, name it: --token-service " + token_service_->host();
    return {ErrorCode::kUnauthorized,
            host + " wants credentials to " + options_.purpose + "; it is not given those from " +
                credential_->source + ", which are for " + tuf::printable(credential_->home, 200),
            hint};
  }
  return {ErrorCode::kUnauthorized,
          host + " wants credentials to " + options_.purpose + ", and there are none" +
              (options_.tried.empty() ? "" : " in " + options_.tried),
          options_.log_in_hint};
}

std::string AuthenticatedClient::unasked() const {
  if (!authorization_.empty() || options_.tried.empty()) return "";
  return ", and has asked for no account: nothing of " + options_.tried + " was sent";
}

/// Many a login lasts for hours only, and not every server says that it has ended.
Error AuthenticatedClient::forbidden(const std::string& message, const std::string& access) const {
  return {ErrorCode::kForbidden, message,
          "ask its administrator to give this account " + access + " access; if the login has expired, " +
              options_.log_in_hint};
}

void AuthenticatedClient::log_in_with_password() {
  const std::string host = options_.server.authority();
  if (credential() == nullptr || !AccountHome(home_of(*credential())).is(options_.server)) {
    throw without_credentials();
  }
  if (credential()->kind != Credential::Kind::kPassword) {
    throw Error(ErrorCode::kUnauthorized,
                host + " wants a password, and " + credential()->source + " holds an identity token",
                options_.log_in_hint);
  }
  authorization_ = credential()->basic_header();
  used_ = credential();
  expiry_.reset();
}

void AuthenticatedClient::fetch_token() {
  if (fruitless_requests_ >= kMaxFruitlessRequests) {
    throw Error(ErrorCode::kUnauthorized,
                options_.server.authority() + " accepts no token of " + token_service_->host() +
                    "; no further one is asked for",
                "whoever runs the server compares issuer, certificate and clock of the two");
  }
  ++fruitless_requests_;
  const auto asked_at = options_.now();
  used_ = credential_for_tokens();
  BearerToken token;
  try {
    token = token_service_->fetch(*http_, options_.scope, used_);
  } catch (const Error& error) {
    const bool denied = error.code() == ErrorCode::kUnauthorized || error.code() == ErrorCode::kForbidden;
    const bool withheld = used_ == nullptr && (credential_ || !options_.server.is_https());
    if (denied && withheld) throw without_credentials();
    if (error.code() == ErrorCode::kForbidden) throw forbidden(error.what(), options_.access);
    if (error.code() == ErrorCode::kUnauthorized) throw error.with_hint(options_.log_in_hint);
    throw;
  }
  authorization_ = "Bearer " + token.value;
  expiry_ = asked_at + token.lifetime;
}

void AuthenticatedClient::give_up(const HttpResponse& refused) const {
  const std::string host = options_.server.authority();
  if (used_ == nullptr) throw without_credentials();
  const auto challenges = challenges_of(refused);
  const Challenge* bearer = find_scheme(challenges, "bearer");
  if (bearer != nullptr && bearer->parameter("error") == "insufficient_scope") {
    throw forbidden(tuf::printable(used_->username.empty() ? "the account" : used_->username, 100) +
                        " (credentials from " + used_->source + ") may not " + options_.purpose,
                    options_.access);
  }
  throw Error(
      ErrorCode::kUnauthorized,
      host + " refuses the credentials from " + used_->source + " to " + options_.purpose + because(refused),
      options_.log_in_hint);
}

const Credential* AuthenticatedClient::credential() {
  if (!asked_for_credential_) {
    const bool may_be_sent = options_.server.is_https() && options_.find_credential;
    credential_ = may_be_sent ? options_.find_credential() : std::nullopt;
    asked_for_credential_ = true;
  }
  return credential_ ? &*credential_ : nullptr;
}

}  // namespace agent
