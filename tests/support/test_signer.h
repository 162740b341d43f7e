// TestSigner: a key pair in memory, and certificates made with it. For tests only: nothing here protects a
// key.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/openssl.h"
#include "tuf/base/time.h"
#include "tuf/keys/signer.h"

namespace test {

class TestSigner final : public tuf::Signer {
 public:
  enum class Kind { kP224, kP256, kP384, kP521, kRsa2048, kEd25519 };

  /// A new key. RSA keys take a noticeable moment.
  static std::shared_ptr<TestSigner> generate(Kind kind = Kind::kP256);
  /// An unencrypted private key in any PEM form that OpenSSL reads.
  static std::shared_ptr<TestSigner> from_pem(std::string_view pem);

  const tuf::PublicKey& public_key() const override { return public_key_; }
  tuf::Bytes sign(tuf::ByteView message) override;

  /// Any signature OpenSSL can make, for attacks: raw output (DER for EC) with that digest and, for RSA, that
  /// padding (RSA_PKCS1_PADDING or RSA_PKCS1_PSS_PADDING) and salt.
  tuf::Bytes sign_raw(tuf::ByteView message, const EVP_MD* digest, int rsa_padding = 0, int salt = 32) const;

  /// Unencrypted PKCS#8.
  std::string private_pem() const;
  EVP_PKEY* handle() const { return key_.get(); }

 private:
  using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
  explicit TestSigner(EvpKey key);

  EvpKey key_;
  tuf::PublicKey public_key_;
};

/// What a certificate says. The default is what the official client makes for a root key.
struct CertificateSpec {
  std::string common_name;
  tuf::Time not_before;
  tuf::Time not_after;
  bool ca = false;
  std::string extended_key_usage = "codeSigning";  // empty: none
  const char* digest = "SHA256";
  const TestSigner* issuer = nullptr;  // nullptr: self-signed
  std::string issuer_name;             // with `issuer`
};

/// The certificate of `subject` as exact PEM.
std::string make_certificate(const TestSigner& subject, const CertificateSpec& spec);

}  // namespace test
