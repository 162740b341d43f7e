// Pin: the user PIN of one token and where it came from. Internal to this folder.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hsm/pkcs11/token_uri.h"
#include "hsm/secret.h"
#include "hsm/secret_source.h"

namespace hsm::pkcs11 {

using OnWarning = std::function<void(const std::string& code, const std::string& message)>;

class Pin {
 public:
  /// Looks in the URI's `pin-source`, COUNTERSIGN_PIN, the URI's `pin-value` (with the warning PIN_IN_URI),
  /// in this order; an empty `pin-value` asks for the empty PIN and comes before the variable. `subject`:
  /// "token 'ci'". Throws kSecretMissing naming what was tried; kFileUnreadable, kInsecureFile.
  static Pin find(const TokenUri& uri, SecretSource& secrets, const std::string& subject,
                  const OnWarning& on_warning);
  /// As `find`, but false instead of kSecretMissing.
  static bool is_at_hand(const TokenUri& uri, SecretSource& secrets);

  Secret::Text reveal() const { return secret_->reveal(); }
  /// "COUNTERSIGN_PIN", for messages.
  const std::string& origin() const { return origin_; }

 private:
  Pin(const Secret* secret, std::shared_ptr<const void> owner, std::string origin)
      : owner_(std::move(owner)), secret_(secret), origin_(std::move(origin)) {}

  std::shared_ptr<const void> owner_;  // null: the SecretSource of the process owns it
  const Secret* secret_;
  std::string origin_;
};

}  // namespace hsm::pkcs11
