// PrivateKey: a private key in the memory of this process, and the signer for it. Freed memory is wiped.
#pragma once

#include <openssl/evp.h>

#include "hsm/key_algorithm.h"
#include "tuf/base/openssl.h"
#include "tuf/keys/signer.h"

namespace hsm {

using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

class PrivateKey final : public tuf::Signer {
 public:
  static PrivateKey generate(KeyAlgorithm algorithm);

  /// Throws kKeyUnsupported for a key that Notary does not know or that is too weak.
  explicit PrivateKey(EvpKey key);
  PrivateKey(PrivateKey&&) = default;
  PrivateKey& operator=(PrivateKey&&) = default;
  // One private key, one place.
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey() override = default;

  const tuf::PublicKey& public_key() const override { return public_key_; }
  tuf::Bytes sign(tuf::ByteView message) override;

  /// For writing the key to a file.
  EVP_PKEY* handle() const { return key_.get(); }

 private:
  EvpKey key_;
  tuf::PublicKey public_key_;
};

}  // namespace hsm
