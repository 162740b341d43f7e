#include "hsm/file/private_key.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tuf/base/error.h"
#include "tuf/keys/ecdsa_signature.h"

namespace hsm {
namespace {

using tuf::Bytes;
using tuf::Error;
using tuf::ErrorCode;
using tuf::KeyType;

constexpr int kSaltLength = 32;

tuf::PublicKey public_half(EVP_PKEY* key) {
  unsigned char* out = nullptr;
  const int length = key == nullptr ? -1 : i2d_PUBKEY(key, &out);
  if (length <= 0) {
    throw Error(ErrorCode::kKeyMalformed, "the key has no public half: " + tuf::drain_openssl_errors());
  }
  const Bytes spki(out, out + length);
  OPENSSL_free(out);
  return tuf::PublicKey::from_spki(spki);
}

EVP_PKEY* generate_handle(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kP256:
      return EVP_EC_gen("P-256");
    case KeyAlgorithm::kP384:
      return EVP_EC_gen("P-384");
    case KeyAlgorithm::kRsa2048:
      return EVP_RSA_gen(2048);
    case KeyAlgorithm::kRsa3072:
      return EVP_RSA_gen(3072);
    case KeyAlgorithm::kRsa4096:
      return EVP_RSA_gen(4096);
  }
  return nullptr;
}

}  // namespace

PrivateKey PrivateKey::generate(KeyAlgorithm algorithm) {
  EvpKey key{generate_handle(algorithm)};
  if (!key) throw Error(ErrorCode::kInternal, "cannot generate a key: " + tuf::drain_openssl_errors());
  return PrivateKey(std::move(key));
}

PrivateKey::PrivateKey(EvpKey key) : key_(std::move(key)), public_key_(public_half(key_.get())) {}

Bytes PrivateKey::sign(tuf::ByteView message) {
  const KeyType type = public_key_.type();
  const EVP_MD* digest = type == KeyType::kEd25519 ? nullptr : EVP_sha256();
  const tuf::OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* parameters = nullptr;
  bool ok = context && EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key_.get()) == 1;
  if (ok && type == KeyType::kRsa) {
    ok = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, kSaltLength) == 1;
  }
  std::size_t length = 0;
  ok = ok && EVP_DigestSign(context.get(), nullptr, &length, message.data(), message.size()) == 1;
  Bytes signature(length);
  ok = ok && EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1;
  if (!ok) {
    throw Error(ErrorCode::kKeyUnsupported, "cannot sign with key " +
                                                public_key_.canonical_id().short_form() + ": " +
                                                tuf::drain_openssl_errors());
  }
  signature.resize(length);
  if (type != KeyType::kEcdsa) return signature;
  return tuf::der_to_rs(signature, static_cast<std::size_t>(public_key_.bits() + 7) / 8);
}

}  // namespace hsm
