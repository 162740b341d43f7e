// The text of a target: the one shape that entries of `signed.targets` have in files that this program and
// the official clients write, and what can be told from it without a tree of JSON values. Internal to the
// codec.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/json/wire_scanner.h"
#include "tuf/metadata/target.h"

namespace tuf {

/// Takes `{["custom":{…},]"hashes":{"sha256":"…"[,"sha512":"…"]},"length":N}` with whole hashes in strict
/// base64. Adds to `custom_memory` what the custom data takes at most when somebody looks at it. False also
/// for custom data that parse_json would refuse.
bool take_target(WireScanner& scanner, std::size_t& custom_memory);

/// A text that take_target has taken, or such a part of a longer one.
class TargetText {
 public:
  explicit TargetText(std::string_view text);

  Target target() const;
  Bytes sha256() const;
  /// Canonical; "" if there is none.
  std::string custom() const { return canonical_form(custom_); }

 private:
  std::string_view custom_;
  std::string_view sha256_;
  std::string_view sha512_;
  std::string_view length_;
};

/// Appends the canonical form of any target.
void append_target(std::string& out, const Target& target);

}  // namespace tuf
