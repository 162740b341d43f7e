#include "tests/support/test_signer.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "tuf/keys/ecdsa_signature.h"
#include "tuf/keys/pem.h"

namespace test {
namespace {

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + ": " + tuf::drain_openssl_errors());
}

tuf::Bytes spki_of(EVP_PKEY* key) {
  unsigned char* out = nullptr;
  const int length = i2d_PUBKEY(key, &out);
  require(length > 0, "encoding a public key");
  tuf::Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

void set_time(ASN1_TIME* field, tuf::Time time) {
  require(ASN1_TIME_set(field, time.time_since_epoch().count()) != nullptr, "setting a time");
}

/// Without OpenSSL's limit of 64 characters for a common name, which Notary does not know.
void add_common_name(X509_NAME* name, const std::string& text) {
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()), -1, 0) == 1,
          "setting a common name");
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  const tuf::OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension{
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str())};
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

}  // namespace

TestSigner::TestSigner(EvpKey key)
    : key_(std::move(key)), public_key_(tuf::PublicKey::from_spki(spki_of(key_.get()))) {}

std::shared_ptr<TestSigner> TestSigner::generate(Kind kind) {
  const auto make = [&] {
    switch (kind) {
      case Kind::kP224:
        return EVP_EC_gen("P-224");
      case Kind::kP256:
        return EVP_EC_gen("P-256");
      case Kind::kP384:
        return EVP_EC_gen("P-384");
      case Kind::kP521:
        return EVP_EC_gen("P-521");
      case Kind::kRsa2048:
        return EVP_RSA_gen(2048);
      case Kind::kEd25519:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return static_cast<EVP_PKEY*>(nullptr);
  };
  EvpKey key{make()};
  require(key != nullptr, "generating a key");
  return std::shared_ptr<TestSigner>(new TestSigner(std::move(key)));
}

std::shared_ptr<TestSigner> TestSigner::from_pem(std::string_view pem) {
  const tuf::OpensslPtr<BIO, BIO_free> bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  EvpKey key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
  require(key != nullptr, "reading a private key");
  return std::shared_ptr<TestSigner>(new TestSigner(std::move(key)));
}

tuf::Bytes TestSigner::sign_raw(tuf::ByteView message, const EVP_MD* digest, int rsa_padding,
                                int salt) const {
  const tuf::OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* parameters = nullptr;
  require(EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key_.get()) == 1, "signing");
  if (rsa_padding != 0) {
    require(EVP_PKEY_CTX_set_rsa_padding(parameters, rsa_padding) == 1, "setting the padding");
    if (rsa_padding == RSA_PKCS1_PSS_PADDING) {
      require(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt) == 1, "setting the salt");
    }
  }
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, message.data(), message.size()) == 1, "signing");
  tuf::Bytes signature(length);
  require(EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) == 1,
          "signing");
  signature.resize(length);
  return signature;
}

tuf::Bytes TestSigner::sign(tuf::ByteView message) {
  switch (public_key_.type()) {
    case tuf::KeyType::kEd25519:
      return sign_raw(message, nullptr);
    case tuf::KeyType::kRsa:
    case tuf::KeyType::kRsaX509:
      return sign_raw(message, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
    case tuf::KeyType::kEcdsa:
    case tuf::KeyType::kEcdsaX509:
      break;
  }
  return tuf::der_to_rs(sign_raw(message, EVP_sha256()),
                        static_cast<std::size_t>(public_key_.bits() + 7) / 8);
}

std::string TestSigner::private_pem() const {
  const tuf::OpensslPtr<BIO, BIO_free> bio{BIO_new(BIO_s_mem())};
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "writing a private key");
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string make_certificate(const TestSigner& subject, const CertificateSpec& spec) {
  const tuf::OpensslPtr<X509, X509_free> certificate{X509_new()};
  const TestSigner& issuer = spec.issuer ? *spec.issuer : subject;
  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "setting the version");
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1,
          "making a serial number");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1 | 1);
  set_time(X509_getm_notBefore(certificate.get()), spec.not_before);
  set_time(X509_getm_notAfter(certificate.get()), spec.not_after);
  add_common_name(X509_get_subject_name(certificate.get()), spec.common_name);
  add_common_name(X509_get_issuer_name(certificate.get()), spec.issuer ? spec.issuer_name : spec.common_name);
  require(X509_set_pubkey(certificate.get(), subject.handle()) == 1, "setting the key");
  add_extension(certificate.get(), NID_basic_constraints, spec.ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate.get(), NID_key_usage,
                spec.ca ? "critical,keyCertSign" : "critical,digitalSignature,keyEncipherment");
  if (!spec.extended_key_usage.empty()) {
    add_extension(certificate.get(), NID_ext_key_usage, spec.extended_key_usage);
  }
  require(X509_sign(certificate.get(), issuer.handle(), EVP_get_digestbyname(spec.digest)) > 0,
          "signing a certificate");
  unsigned char* out = nullptr;
  const int length = i2d_X509(certificate.get(), &out);
  require(length > 0, "encoding a certificate");
  tuf::Bytes der(out, out + length);
  OPENSSL_free(out);
  return tuf::format_pem({"CERTIFICATE", {}, std::move(der)});
}

}  // namespace test
