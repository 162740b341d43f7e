#include "agent/names/digest.h"

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr std::size_t kHexLength = 64;
constexpr std::size_t kQuoted = 160;  // bytes of the offending text in a message

[[noreturn]] void fail(std::string_view text, const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kInvalidDigest,
                   "digest \"" + tuf::printable(text, kQuoted) + "\": " + reason);
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
  if (algorithm != "sha256") fail(text, "unknown algorithm \"" + tuf::printable(algorithm, kQuoted) + "\"");
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
