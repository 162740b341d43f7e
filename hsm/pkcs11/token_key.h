// TokenKey: a private key that never leaves its token. Every signature is verified in software before it is
// handed out, so a wrong key object, mechanism or a broken token shows before anything is published.
#pragma once

#include <memory>
#include <string>

#include "hsm/pkcs11/token_info.h"
#include "tuf/keys/signer.h"

struct evp_pkey_st;

namespace hsm {

namespace pkcs11 {
class Token;
struct FoundKey;
}  // namespace pkcs11

class TokenKey final : public tuf::Signer {
 public:
  /// Made by Tokens. `found` has a public key and a private one in view.
  TokenKey(std::shared_ptr<pkcs11::Token> token, pkcs11::FoundKey found);
  ~TokenKey() override;
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;

  const tuf::PublicKey& public_key() const override;

  /// A lost session is opened again once, a lost log-in repeated once per run. Throws kBadTokenSignature if
  /// the token's answer does not verify, else kTokenFailed, kKeyUnsupported, kWrongPin.
  tuf::Bytes sign(tuf::ByteView message) override;

  /// Fit for --key.
  std::string uri() const;
  KeyOrigin origin();

  /// The key for OpenSSL's own signing functions, as certificates and requests need them (libp11). Keeps the
  /// token alive. Throws kTokenFailed; an Ed25519 key on the same token makes libp11 blind for all its keys.
  std::shared_ptr<evp_pkey_st> openssl_key();

 private:
  tuf::Bytes sign_digest(tuf::ByteView digest);
  void find_again();

  std::shared_ptr<pkcs11::Token> token_;
  std::unique_ptr<pkcs11::FoundKey> found_;
  unsigned epoch_;
  bool always_authenticate_;
};

}  // namespace hsm
