// What every test with a token needs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hsm/pkcs11/tokens.h"
#include "tests/support/soft_hsm.h"
#include "tests/support/test_data.h"

namespace test {

/// Tokens with a lock folder of the test's own, a PIN, and the warnings that came.
struct TokenBench {
  explicit TokenBench(const std::filesystem::path& folder, const std::string& pin = SoftHsm::kPin)
      : secrets(pin.empty() ? std::map<std::string, std::string>{}
                            : std::map<std::string, std::string>{{"COUNTERSIGN_PIN", pin}}) {
    settings.lock_folders = {folder / "lock"};
    settings.on_warning = [this](const std::string& code, const std::string& message) {
      warnings.push_back(code);
      warning_text += message + "\n";
    };
  }
  hsm::Tokens& tokens() {
    if (!made) made = hsm::Tokens::create(settings, secrets);
    return *made;
  }
  std::shared_ptr<hsm::TokenKey> open(const std::string& uri) {
    return tokens().open_key(hsm::TokenUri::parse(uri));
  }

  hsm::SecretSource secrets;
  hsm::TokenSettings settings;
  std::vector<std::string> warnings;
  std::string warning_text;
  std::shared_ptr<hsm::Tokens> made;
};

/// True if the key signs `message` so that its own public half verifies it.
inline bool signs(tuf::Signer& signer, const std::string& message = "message") {
  const tuf::PublicKey& key = signer.public_key();
  const tuf::Bytes value = signer.sign(tuf::as_bytes(message));
  return key.verifies({key.id().hex(), std::string(tuf::signature_method(key.type())), value},
                      tuf::as_bytes(message));
}

}  // namespace test
