// KeyId: 64 lower-case hex digits, the SHA-256 of a key object (section 4.1).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace tuf {

class KeyId {
 public:
  /// nullopt unless `hex` is 64 lower-case hex digits.
  static std::optional<KeyId> parse(std::string_view hex);

  const std::string& hex() const { return hex_; }
  /// The first seven digits, for messages.
  std::string short_form() const { return hex_.substr(0, 7); }

  auto operator<=>(const KeyId&) const = default;

 private:
  explicit KeyId(std::string hex) : hex_(std::move(hex)) {}
  std::string hex_;
};

}  // namespace tuf
