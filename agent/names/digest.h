// Digest: the SHA-256 of a manifest, as `sha256:…` in references and layouts.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"

namespace agent {

class Digest {
 public:
  /// `sha256:` and 64 lower-case hex digits. Throws kInvalidDigest, also for other algorithms: Docker looks
  /// signed images up by their SHA-256.
  static Digest parse(std::string_view text);
  /// The digest of these bytes.
  static Digest of(std::string_view content);

  /// `sha256:…`
  std::string text() const { return "sha256:" + hex(); }
  std::string hex() const;
  /// 32 bytes.
  const tuf::Bytes& bytes() const { return bytes_; }

  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(tuf::Bytes bytes) : bytes_(std::move(bytes)) {}
  tuf::Bytes bytes_;
};

}  // namespace agent
