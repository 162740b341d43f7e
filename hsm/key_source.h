// KeySource: a place that holds private keys. KeyRing asks each in turn.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tuf/keys/key_id.h"
#include "tuf/keys/public_key.h"
#include "tuf/keys/signer.h"

namespace hsm {

/// What can be told of a key without its secret.
struct KeyInfo {
  tuf::KeyId canonical_id;
  std::string location;                      // path or pkcs11: URI, fit for --key
  std::string label;                         // `role:` header of a file, CKA_LABEL on a token
  std::string gun;                           // `gun:` header of a file; empty for delegation and token keys
  std::optional<tuf::PublicKey> public_key;  // an encrypted file tells only its ID
};

class KeySource {
 public:
  virtual ~KeySource() = default;

  /// All keys here. Asks for a secret only if not even the IDs can be had without it.
  virtual std::vector<KeyInfo> list() = 0;

  /// Opens the key; asks for its secret. nullptr if it is not here; throws KEY and CONFIG errors if it is but
  /// cannot be used.
  virtual std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) = 0;

  /// Lets go of what it has opened and keeps for the next call.
  virtual void close() {}
};

}  // namespace hsm
