#include "agent/http/token_service.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "agent/http/error_body.h"
#include "agent/http/sent_credentials.h"
#include "agent/http/unusable_answer.h"
#include "agent/names/log_in_command.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

const char kNotReached[] =
    "check from here the address that the message names: the server sends everybody there for tokens "
    "(auth.options.realm)";
const char kFails[] = "whoever runs the token service looks into its log; then repeat the command";
constexpr std::size_t kMaxAnswer = 256 << 10;
constexpr std::int64_t kMinLifetime = 60;
constexpr std::int64_t kMaxLifetime = std::int64_t{24} * 3600;

std::string percent_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
    if (plain) {
      out += c;
    } else {
      std::string hex = tuf::to_hex(tuf::as_bytes(std::string_view(&c, 1)));
      std::transform(hex.begin(), hex.end(), hex.begin(),
                     [](unsigned char digit) { return static_cast<char>(std::toupper(digit)); });
      out += "%" + hex;
    }
  }
  return out;
}

/// Fit for a header: not empty, visible ASCII.
bool is_token(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

BearerToken read_token(const std::string& body) {
  const tuf::Json document = tuf::parse_json(body, "the token");
  BearerToken token{{}, std::chrono::seconds(kMinLifetime)};
  if (document.is_object()) {
    for (const char* name : {"token", "access_token"}) {
      const auto member = document.find(name);
      if (token.value.empty() && member != document.end() && member->is_string()) {
        token.value = member->get<std::string>();
      }
    }
    const auto expires = document.find("expires_in");
    if (expires != document.end() && expires->is_number_integer()) {
      token.lifetime =
          std::chrono::seconds(std::clamp(expires->get<std::int64_t>(), kMinLifetime, kMaxLifetime));
    }
  }
  return token;
}

}  // namespace

TokenService TokenService::of(const Challenge& challenge, const std::vector<std::string>& http_servers) {
  const std::string realm_text = challenge.parameter("realm");
  const auto realm = Url::parse(realm_text);
  if (!realm || !realm->is_allowed(http_servers)) {
    throw Error(
        ErrorCode::kUnauthorized,
        "the server sends us to a token service that cannot be trusted with credentials: \"" +
            shown_url(realm_text) + "\"",
        "whoever runs the server names an https URL without user name as its realm (auth.options.realm)");
  }
  return {*realm, challenge.parameter("service")};
}

HttpRequest TokenService::make_request(const std::string& scope, const Credential* credential) const {
  HttpRequest request;
  request.max_response = kMaxAnswer;
  std::string query = "scope=" + percent_encode(scope);
  if (!service_.empty()) query += "&service=" + percent_encode(service_);
  if (credential != nullptr && credential->kind == Credential::Kind::kIdentityToken) {
    request.method = HttpMethod::kPost;
    request.url = realm_.text();
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=refresh_token&client_id=countersign&" + query +
                   "&refresh_token=" + percent_encode(credential->secret.reveal());
    return request;
  }
  if (credential != nullptr) {
    query = "account=" + percent_encode(credential->username) + "&" + query;
    request.headers.emplace_back("Authorization", credential->basic_header());
  }
  request.url = realm_.text() + (realm_.has_query() ? "&" : "?") + query;
  return request;
}

BearerToken TokenService::fetch(HttpClient& http, const std::string& scope,
                                const Credential* credential) const {
  const std::string name = "token service " + host();
  HttpRequest request = make_request(scope, credential);
  const auto wipe = [&request] {
    OPENSSL_cleanse(request.body.data(), request.body.size());
    for (auto& header : request.headers) OPENSSL_cleanse(header.second.data(), header.second.size());
  };
  HttpResponse response;
  try {
    response = http.send_one(request);
    hide_sent_credentials(request, response);
    wipe();
  } catch (const Error& error) {
    wipe();
    if (error.code() == ErrorCode::kTlsFailed) throw error.with_context(name);
    throw Error(ErrorCode::kServerUnreachable, name + ": " + error.what(),
                error.hint().empty() ? kNotReached : error.hint());
  }
  const std::string reason = ErrorBody::parse(response.body).text();
  const std::string because = reason.empty() ? "" : ": " + reason;
  const std::string source = credential != nullptr ? "the credentials from " + credential->source
                                                   : std::string("to give a token without credentials");
  // 400 is how OAuth says "invalid_grant": an identity token that was revoked.
  const bool refused = response.status == 401 || (response.status == 400 && credential != nullptr) ||
                       (response.status == 403 && credential != nullptr && says_expired(reason));
  if (refused) {
    throw Error(ErrorCode::kUnauthorized, name + " refuses " + source + because);
  }
  if (response.status == 403) {
    throw Error(ErrorCode::kForbidden, name + " refuses " + source + because);
  }
  if (response.status == 429) throw unusable_answer(name, scope, response);
  if (response.status != 200) {
    throw Error(ErrorCode::kServerUnreachable, name + " answers " + std::to_string(response.status) + because,
                kFails);
  }
  BearerToken token{{}, {}};
  try {
    token = read_token(response.body);
  } catch (const Error&) {
    token.value.clear();  // the parser's message may quote the token
  }
  OPENSSL_cleanse(response.body.data(), response.body.size());
  if (!is_token(token.value)) {
    throw Error(ErrorCode::kServerUnreachable, name + " answers without a token", kFails);
  }
  return token;
}

}  // namespace agent
