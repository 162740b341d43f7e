// KeyObject: a public key exactly as metadata spells it, usable or not. Its ID needs no cryptography beyond
// a hash, so IDs can be checked before any key is parsed.
#pragma once

#include <string>

#include "tuf/keys/key_id.h"

namespace tuf {

struct KeyObject {
  std::string keytype;  // ecdsa, ecdsa-x509, rsa, rsa-x509, ed25519; others are carried, never used
  std::string value;    // member `public`: base64 of what section 4.1 says for the type

  bool operator==(const KeyObject&) const = default;
};

/// The TUF key ID: SHA-256 over the canonical object, `"private":null` included.
KeyId key_id(const KeyObject& key);

}  // namespace tuf
