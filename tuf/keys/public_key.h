// PublicKey: a key that can verify. Always one of the five types of section 4.1 and of acceptable strength:
// named curves P-224 to P-521, RSA from 2048 bits, Ed25519.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"
#include "tuf/keys/key_id.h"
#include "tuf/keys/key_object.h"
#include "tuf/keys/signature.h"

namespace tuf {

enum class KeyType { kEcdsa, kEcdsaX509, kRsa, kRsaX509, kEd25519 };

class PublicKey {
 public:
  /// The key that an object of metadata describes; nullopt when it can never verify anything: unknown type,
  /// bad base64, unparsable or too weak key, type and content that disagree.
  static std::optional<PublicKey> from_object(const KeyObject& object);

  /// A bare key (types ecdsa, rsa, ed25519) from DER SubjectPublicKeyInfo. Throws kKeyUnsupported.
  static PublicKey from_spki(ByteView der);

  /// Type ecdsa-x509 or rsa-x509: the PEM text of a certificate, kept byte for byte; intermediates may
  /// follow it. Throws kKeyUnsupported. Says nothing about validity; see certificate.h.
  static PublicKey from_certificate(std::string_view pem);

  /// What administrators hand over (section 5.3): a `PUBLIC KEY` block with or without headers, or the
  /// certificate of a signer, which may have those of its authorities around it and is rewritten as a PEM
  /// encoder writes it. One key, or throws kKeyUnsupported; the hint has FILE where the file's name belongs.
  static PublicKey from_pem(std::string_view text);

  KeyType type() const;
  const KeyObject& object() const;
  /// TUF key ID; for a certificate that of the certificate.
  const KeyId& id() const;
  /// ID of the bare key pair: the same for a key and every certificate of it.
  const KeyId& canonical_id() const;
  /// DER SubjectPublicKeyInfo of the bare key.
  const Bytes& spki() const;
  /// The bare key, whatever this one is wrapped in.
  PublicKey bare() const;
  /// Bits of the RSA modulus, or of the curve's order.
  int bits() const;
  /// "EC P-256", "RSA 2048", "Ed25519".
  std::string description() const;

  /// True if `signature.value` is a signature over `message` by this key, in the one form that section 4.2
  /// allows for its type: SHA-256 for every curve and RSA, salt of 32 bytes, r‖s of exact width.
  bool verifies(const Signature& signature, ByteView message) const;

  /// The first certificate of what is one, as long as the key lives; nullptr for a bare key. For
  /// certificate.h.
  X509* certificate() const;

 private:
  struct Known;
  explicit PublicKey(Known known);
  static std::optional<PublicKey> parse(const KeyObject& object);
  bool verifies_now(const Signature& signature, ByteView message) const;

  std::shared_ptr<const Known> known_;  // costly to make, and never changed: copies and threads share it
};

/// The method that new signatures by a key of this type carry: `ecdsa`, `rsapss`, `eddsa`.
std::string_view signature_method(KeyType type);

}  // namespace tuf
