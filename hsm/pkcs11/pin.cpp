#include "hsm/pkcs11/pin.h"

#include "tuf/base/error.h"
#include "tuf/base/text_encoding.h"

namespace hsm::pkcs11 {
namespace {

constexpr const char* kVariable = "COUNTERSIGN_PIN";

[[noreturn]] void fail_empty(const std::string& subject, const std::string& origin) {
  throw tuf::Error(
      tuf::ErrorCode::kSecretMissing, subject + ": the PIN in " + origin + " is empty",
      "put the PIN there; if it is the empty one, ask for it with an empty pin-value in the URI");
}

}  // namespace

bool Pin::is_at_hand(const TokenUri& uri, SecretSource& secrets) {
  return !uri.pin_source.empty() || uri.pin_value || secrets.find({kVariable}) != nullptr;
}

Pin Pin::find(const TokenUri& uri, SecretSource& secrets, const std::string& subject,
              const OnWarning& on_warning) {
  const auto usable = [&](Pin pin) {
    // Neither can be a PIN, and trying would use up one of the few tries.
    if (pin.reveal().view().empty()) fail_empty(subject, pin.origin());
    if (pin.reveal().view().find('\0') != std::string_view::npos) {
      throw tuf::Error(tuf::ErrorCode::kSecretMissing,
                       subject + ": the PIN in " + pin.origin() + " holds a zero byte",
                       "write the PIN there anew, and nothing else");
    }
    return pin;
  };

  if (!uri.pin_source.empty()) {
    try {
      const auto secret = std::make_shared<const Secret>(read_secret_file(uri.pin_source));
      return usable(Pin(secret.get(), secret, "pin-source " + uri.pin_source));
    } catch (const tuf::Error& error) {
      if (error.code() == tuf::ErrorCode::kSecretMissing) throw;
      throw error.with_context(subject + ": pin-source");
    }
  }
  const bool asks_for_empty = uri.pin_value && uri.pin_value->empty();
  if (asks_for_empty) return Pin(uri.pin_value.get(), uri.pin_value, "pin-value");
  if (const Secret* secret = secrets.find({kVariable})) {
    const std::string origin = secrets.variable_in_use({kVariable});
    // As `$(cat FILE)` brings it out of a file from Windows.
    const Secret::Text given = secret->reveal();
    const std::string_view text = tuf::without_mark(given);
    if (text.size() == given.view().size()) return usable(Pin(secret, nullptr, origin));
    const auto own = std::make_shared<const Secret>(text);
    return usable(Pin(own.get(), own, origin));
  }
  if (uri.pin_value) {
    if (on_warning) {
      on_warning("PIN_IN_URI", subject +
                                   ": the PIN stands in the URI, where process lists and logs show it; " +
                                   "use pin-source= or COUNTERSIGN_PIN_FILE");
    }
    return usable(Pin(uri.pin_value.get(), uri.pin_value, "pin-value"));
  }
  if (const auto empty = secrets.empty_variable({kVariable})) fail_empty(subject, *empty);
  throw tuf::Error(tuf::ErrorCode::kSecretMissing,
                   subject +
                       ": no PIN; tried the URI's pin-source, COUNTERSIGN_PIN, COUNTERSIGN_PIN_FILE and the "
                       "URI's pin-value",
                   "write the PIN into a file of mode 0600 and set COUNTERSIGN_PIN_FILE to its path");
}

}  // namespace hsm::pkcs11
