#include "agent/http/credential.h"

#include <openssl/crypto.h>

#include "tuf/base/base64.h"

namespace agent {

std::optional<Credential> Credential::from_basic(std::string_view base64, std::string what) {
  // `base64` on a command line breaks long lines; Go's decoder skips the breaks.
  std::string joined;
  joined.reserve(base64.size());
  for (char c : base64) {
    if (c != '\n' && c != '\r' && c != ' ') joined += c;
  }
  auto decoded = tuf::from_base64(joined);
  OPENSSL_cleanse(joined.data(), joined.size());
  if (!decoded) return std::nullopt;
  const std::string_view text = tuf::as_text(*decoded);
  const std::size_t colon = text.find(':');
  std::optional<Credential> credential;
  if (colon != std::string_view::npos) {
    // Some writers of config.json end the password with a NUL, as docker's reader expects; and `echo` ends it
    // with the end of a line, which no login can send.
    constexpr std::string_view kEnds("\0\r\n", 3);
    std::string_view password = text.substr(colon + 1);
    password = password.substr(0, password.find_last_not_of(kEnds) + 1);
    credential = Credential{std::move(what), Kind::kPassword, std::string(text.substr(0, colon)),
                            hsm::Secret(password)};
  }
  OPENSSL_cleanse(decoded->data(), decoded->size());
  return credential;
}

std::string Credential::basic_header() const {
  std::string pair = username + ":";
  pair += secret.reveal();
  std::string header = "Basic " + tuf::to_base64(tuf::as_bytes(pair));
  OPENSSL_cleanse(pair.data(), pair.size());
  return header;
}

}  // namespace agent
