#include "hsm/key_ref.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/without_secrets.h"
#include "tuf/base/words.h"

namespace hsm {
namespace {

constexpr std::size_t kMinDigits = 4;
constexpr std::size_t kMaxDigits = 64;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_directory(status);
}

/// For messages: what stands behind the first mark of a URI may be a PIN, however mistyped what stands
/// before.
std::string shown(std::string_view text) {
  const std::size_t mark = text.find_first_of("=?;&");
  return std::string(text.substr(0, mark)) + (mark == std::string_view::npos ? "" : "…");
}

/// As PEM or in base64, as a variable may hold it.
bool is_key_itself(std::string_view text) {
  return text.find("PRIVATE KEY") != std::string_view::npos || tuf::without_secrets(text).starts_with("…");
}

}  // namespace

bool is_key_id(std::string_view text) {
  return text.size() >= kMinDigits && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), is_hex);
}

bool is_token_uri(std::string_view text) {
  return tuf::starts_ignoring_case(text, kTokenScheme);
}

std::string without_pin(std::string_view ref) {
  const std::size_t question = ref.find('?');
  if (!is_token_uri(ref) || question == std::string_view::npos) return std::string(ref);
  std::string kept(ref.substr(0, question));
  char separator = '?';
  for (std::size_t at = question + 1, end = 0; at <= ref.size(); at = end + 1) {
    end = std::min(ref.find('&', at), ref.size());
    const std::string_view attribute = ref.substr(at, end - at);
    constexpr std::string_view kPin = "pin-value=";
    if (attribute.starts_with(kPin) && attribute != kPin) continue;  // an empty one asks for the empty PIN
    kept += separator;
    kept += attribute;
    separator = '&';
  }
  return kept;
}

KeyRef parse_key_ref(std::string_view text) {
  if (is_token_uri(text)) return TokenKeyUri{std::string(text)};
  // Before any file: a checkout could hold one of that name, with a key of somebody else.
  if (is_key_id(text)) return KeyIdPrefix{tuf::with_lower_hex(text)};
  if (!text.empty() && is_file(text)) return KeyFilePath{text};
  if (is_key_itself(text)) {
    throw tuf::Error(
        tuf::ErrorCode::kInvalidKeyRef, "what is given is a key, and not the name of one",
        "write the key into a file that only you can read, and name the file: umask 077; printf '%s' "
        "\"$COUNTERSIGN_KEY\" > KEY.pem, or of base64: umask 077; printf '%s' "
        "\"$COUNTERSIGN_KEY\" | base64 -d > KEY.pem");
  }
  const std::string name = shown(text);
  if (text.find('/') != std::string_view::npos || text.ends_with(".pem") || text.ends_with(".key")) {
    throw tuf::Error(tuf::ErrorCode::kFileUnreadable, "there is no key file " + name,
                     "name another file, or a key of: countersign key list");
  }
  throw tuf::Error(tuf::ErrorCode::kInvalidKeyRef, "\"" + name + "\" names no key");
}

}  // namespace hsm
