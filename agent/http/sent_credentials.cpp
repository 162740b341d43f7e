#include "agent/http/sent_credentials.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "tuf/base/base64.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

/// Shorter ones cannot be told from other words.
constexpr std::size_t kMinPassword = 4;
constexpr std::size_t kMinToken = 8;

/// Wiped at the end.
class Secrets {
 public:
  Secrets() = default;
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;
  ~Secrets() {
    for (std::string& text : texts_) OPENSSL_cleanse(text.data(), text.size());
  }

  void add(std::string_view text, std::size_t min_length) {
    if (text.size() >= min_length) texts_.emplace_back(text);
  }

  void take_out_of(std::string& body) const {
    for (const std::string& text : texts_) {
      replace(body, text);
      std::string in_json;  // as most writers of JSON write it
      in_json.reserve(2 * text.size());
      for (const char c : text) in_json += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
      replace(body, in_json);
      std::string with_slashes;  // as PHP does
      with_slashes.reserve(2 * text.size());
      for (const char c : text) with_slashes += (c == '/' ? "\\" : "") + std::string(1, c);
      replace(body, with_slashes);
      OPENSSL_cleanse(in_json.data(), in_json.size());
      OPENSSL_cleanse(with_slashes.data(), with_slashes.size());
    }
  }

 private:
  static void replace(std::string& body, const std::string& text) {
    constexpr std::string_view kHidden = "…";
    for (std::size_t at = body.find(text); at != std::string::npos;
         at = body.find(text, at + kHidden.size())) {
      body.replace(at, text.size(), kHidden);
    }
  }

  std::vector<std::string> texts_;
};

void add_authorization(std::string_view value, Secrets& secrets) {
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view sent = value.substr(space + 1);
  secrets.add(sent, kMinToken);
  if (value.substr(0, space) != "Basic") return;
  auto decoded = tuf::from_base64(sent);
  if (!decoded) return;
  const std::string_view pair = tuf::as_text(*decoded);
  secrets.add(pair.substr(std::min(pair.find(':'), pair.size() - 1) + 1), kMinPassword);
  OPENSSL_cleanse(decoded->data(), decoded->size());
}

void add_refresh_token(std::string_view form, Secrets& secrets) {
  constexpr std::string_view kName = "refresh_token=";
  const std::size_t at = form.rfind(kName);
  if (at == std::string_view::npos) return;
  std::string_view encoded = form.substr(at + kName.size());
  encoded = encoded.substr(0, encoded.find('&'));
  secrets.add(encoded, kMinToken);
  std::string token;
  token.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const std::string_view digits = encoded.substr(i + 1, encoded[i] == '%' ? 2 : 0);
    const auto byte = tuf::from_hex(tuf::with_lower_hex(digits));
    const bool is_byte = byte && byte->size() == 1;
    token += is_byte ? static_cast<char>(byte->front()) : encoded[i];
    if (is_byte) i += 2;
  }
  secrets.add(token, kMinToken);
  OPENSSL_cleanse(token.data(), token.size());
}

}  // namespace

void hide_sent_credentials(const HttpRequest& request, HttpResponse& response) {
  if (response.status < 400 || response.body.empty()) return;
  Secrets secrets;
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") add_authorization(value, secrets);
  }
  add_refresh_token(request.body, secrets);
  secrets.take_out_of(response.body);
}

}  // namespace agent
