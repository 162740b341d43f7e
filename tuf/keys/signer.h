// Signer: one private key, wherever it lives. Hashing, padding and salt are inside; there are no knobs.
#pragma once

#include "tuf/base/bytes.h"
#include "tuf/keys/public_key.h"

namespace tuf {

class Signer {
 public:
  virtual ~Signer() = default;

  /// The bare public key. A signer has no key ID of its own: the same key stands under the ID of the bare
  /// key in one role and under that of a certificate in another.
  virtual const PublicKey& public_key() const = 0;

  /// Signs the message itself, never a digest. The result is in the form of section 4.2 (r‖s, PSS with a salt
  /// of 32 bytes, 64 bytes of Ed25519). Throws one of the KEY errors.
  virtual Bytes sign(ByteView message) = 0;

 protected:
  Signer() = default;
  Signer(const Signer&) = default;
  Signer& operator=(const Signer&) = default;
};

}  // namespace tuf
