#include "agent/names/digest.h"

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr std::size_t kHexLength = 64;
constexpr std::size_t kQuoted = 160;  // bytes of the offending text in a message

/// What is like no digest may be a password: `host@password`.
std::string shown(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  const std::string_view value = text.substr(text.find(':') + 1);  // npos + 1 is 0
  const bool is_hex = !value.empty() && value.find_first_not_of(kDigits) == std::string_view::npos;
  return text.empty() || is_hex || text.starts_with("sha") ? tuf::printable(text, kQuoted) : "…";
}

[[noreturn]] void fail(std::string_view text, const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kInvalidDigest, "digest \"" + shown(text) + "\": " + reason);
}

}  // namespace

Digest Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) fail(text, "it does not begin with sha256:");
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  if (algorithm == "sha512" || algorithm == "sha384") {
    fail(text, "Docker Content Trust signs the SHA-256 of a manifest, not its " + std::string(algorithm));
  }
  if (algorithm != "sha256") fail(text, "it does not begin with sha256:");
  if (hex.size() != kHexLength) {
    fail(text, "it has " + std::to_string(hex.size()) + " characters behind sha256: instead of 64");
  }
  auto bytes = tuf::from_hex(hex);
  if (!bytes) fail(text, "only the hex digits 0-9 and a-f may stand behind sha256:");
  return Digest(std::move(*bytes));
}

Digest Digest::of(std::string_view content) {
  return Digest(tuf::sha256(tuf::as_bytes(content)));
}

std::string Digest::hex() const {
  return tuf::to_hex(bytes_);
}

}  // namespace agent
