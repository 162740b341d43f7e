#include "hsm/certificate/certificate_maker.h"

#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/openssl.h"
#include "tuf/keys/ecdsa_signature.h"
#include "tuf/keys/pem.h"

namespace hsm {
namespace {

using tuf::Bytes;
using tuf::Error;
using tuf::ErrorCode;
using tuf::KeyType;
using tuf::OpensslPtr;
using Certificate = OpensslPtr<X509, X509_free>;
using Request = OpensslPtr<X509_REQ, X509_REQ_free>;
using Name = OpensslPtr<X509_NAME, X509_NAME_free>;
using Extension = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using Extensions = OpensslPtr<STACK_OF(X509_EXTENSION), [](STACK_OF(X509_EXTENSION) * stack) {
  sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}>;
using Algorithm = OpensslPtr<X509_ALGOR, X509_ALGOR_free>;

constexpr int kRootDays = 10 * 365;
constexpr int kMostDays = 36500;
constexpr int kSerialSize = 16;

// The whole AlgorithmIdentifiers. That of PSS names SHA-256, MGF1 with SHA-256 and the salt; Go's parser
// wants every member of it as it is here.
constexpr std::string_view kEcdsaSha256 = "300a06082a8648ce3d040302";
constexpr std::string_view kRsaPssSha256 =
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";

/// Throws if one of OpenSSL's calls did not succeed.
void require(bool ok) {
  if (!ok) throw Error(ErrorCode::kInternal, "cannot make a certificate: " + tuf::drain_openssl_errors());
}

Algorithm signature_algorithm(const tuf::PublicKey& key) {
  if (key.type() == KeyType::kEd25519) {
    throw Error(ErrorCode::kKeyUnsupported, "Notary takes no certificates of Ed25519 keys");
  }
  const Bytes der = *tuf::from_hex(key.type() == KeyType::kRsa ? kRsaPssSha256 : kEcdsaSha256);
  const unsigned char* next = der.data();
  Algorithm algorithm{d2i_X509_ALGOR(nullptr, &next, static_cast<long>(der.size()))};
  require(algorithm != nullptr);
  return algorithm;
}

/// The signature over `message` as certificates hold it.
Bytes certificate_signature(tuf::Signer& signer, tuf::ByteView message) {
  Bytes signature = signer.sign(message);
  if (signer.public_key().type() != KeyType::kEcdsa) return signature;
  auto der = tuf::rs_to_der(signature, static_cast<std::size_t>(signer.public_key().bits() + 7) / 8);
  if (!der)
    throw Error(ErrorCode::kBadTokenSignature, "the key gave a signature that does not fit its curve");
  return *std::move(der);
}

OpensslPtr<EVP_PKEY, EVP_PKEY_free> to_openssl(const tuf::PublicKey& key) {
  const unsigned char* next = key.spki().data();
  OpensslPtr<EVP_PKEY, EVP_PKEY_free> result{
      d2i_PUBKEY(nullptr, &next, static_cast<long>(key.spki().size()))};
  require(result != nullptr);
  return result;
}

Name make_name(std::string_view common_name) {
  Name name{X509_NAME_new()};
  // With this type OpenSSL does not apply the limit of 64 characters: GUNs may be longer.
  require(name && X509_NAME_add_entry_by_NID(name.get(), NID_commonName, V_ASN1_UTF8STRING,
                                             reinterpret_cast<const unsigned char*>(common_name.data()),
                                             static_cast<int>(common_name.size()), -1, 0) == 1);
  return name;
}

Extension make_extension(int nid, const char* value) {
  Extension extension{X509V3_EXT_conf_nid(nullptr, nullptr, nid, value)};
  require(extension != nullptr);
  return extension;
}

/// What notary puts into the certificates it makes.
std::array<Extension, 3> make_extensions() {
  return {make_extension(NID_key_usage, "critical,digitalSignature,keyEncipherment"),
          make_extension(NID_ext_key_usage, "codeSigning"),
          make_extension(NID_basic_constraints, "critical,CA:FALSE")};
}

void set_random_serial(X509* certificate) {
  std::array<unsigned char, kSerialSize> random{};
  require(RAND_bytes(random.data(), kSerialSize) == 1);
  const OpensslPtr<BIGNUM, BN_free> number{BN_bin2bn(random.data(), kSerialSize, nullptr)};
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void set_signature(ASN1_BIT_STRING* target, const Bytes& signature) {
  require(ASN1_BIT_STRING_set(target, const_cast<unsigned char*>(signature.data()),  // only read
                              static_cast<int>(signature.size())) == 1);
  // Without this the encoder would cut off zero bits at the end.
  target->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
  target->flags |= ASN1_STRING_FLAG_BITS_LEFT;
}

template <auto Encode, class T>
Bytes encode(T* object) {
  unsigned char* out = nullptr;
  const int length = Encode(object, &out);
  require(length > 0);
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

std::string make_self_signed(tuf::Signer& signer, std::string_view common_name, tuf::Time now,
                             tuf::Days days) {
  const Algorithm algorithm = signature_algorithm(signer.public_key());
  const Certificate certificate{X509_new()};
  const Name name = make_name(common_name);
  require(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
          X509_set_subject_name(certificate.get(), name.get()) == 1 &&
          X509_set_issuer_name(certificate.get(), name.get()) == 1 &&
          X509_set_pubkey(certificate.get(), to_openssl(signer.public_key()).get()) == 1 &&
          ASN1_TIME_set(X509_getm_notBefore(certificate.get()), now.time_since_epoch().count()) != nullptr &&
          ASN1_TIME_set(X509_getm_notAfter(certificate.get()), (now + days).time_since_epoch().count()) !=
              nullptr);
  set_random_serial(certificate.get());
  for (const Extension& extension : make_extensions()) {
    require(X509_add_ext(certificate.get(), extension.get(), -1) == 1);
  }

  // OpenSSL has no setters for these three, since it signs certificates only with keys of its own.
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(&signature, &outer, certificate.get());
  const X509_ALGOR* inner = X509_get0_tbs_sigalg(certificate.get());
  require(X509_ALGOR_copy(const_cast<X509_ALGOR*>(inner), algorithm.get()) == 1 &&
          X509_ALGOR_copy(const_cast<X509_ALGOR*>(outer), algorithm.get()) == 1);
  const Bytes message = encode<i2d_re_X509_tbs>(certificate.get());
  set_signature(const_cast<ASN1_BIT_STRING*>(signature), certificate_signature(signer, message));
  return tuf::format_pem({"CERTIFICATE", {}, encode<i2d_X509>(certificate.get())});
}

void check_common_name(std::string_view common_name) {
  if (!tuf::is_valid_target_name(common_name)) {
    throw Error(ErrorCode::kUsage, "the common name of a certificate must be printable UTF-8 and not empty");
  }
}

}  // namespace

std::string make_root_certificate(tuf::Signer& signer, const tuf::Gun& gun, tuf::Time now) {
  return make_self_signed(signer, gun.text(), now, tuf::Days(kRootDays));
}

std::string make_delegation_certificate(tuf::Signer& signer, std::string_view common_name, tuf::Time now,
                                        tuf::Days days) {
  check_common_name(common_name);
  if (days.count() < 1 || days.count() > kMostDays) {
    throw Error(ErrorCode::kUsage, "a certificate is valid for 1 to " + std::to_string(kMostDays) + " days");
  }
  return make_self_signed(signer, common_name, now, days);
}

std::string make_certificate_request(tuf::Signer& signer, std::string_view common_name) {
  check_common_name(common_name);
  const Algorithm algorithm = signature_algorithm(signer.public_key());
  const Request request{X509_REQ_new()};
  const Name name = make_name(common_name);
  const Extensions extensions{sk_X509_EXTENSION_new_null()};
  require(request && extensions);
  for (Extension& extension : make_extensions()) {
    require(sk_X509_EXTENSION_push(extensions.get(), extension.get()) > 0);
    static_cast<void>(extension.release());  // owned by the stack now
  }
  require(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
          X509_REQ_set_subject_name(request.get(), name.get()) == 1 &&
          X509_REQ_set_pubkey(request.get(), to_openssl(signer.public_key()).get()) == 1 &&
          X509_REQ_add_extensions(request.get(), extensions.get()) == 1 &&
          X509_REQ_set1_signature_algo(request.get(), algorithm.get()) == 1);
  const Bytes message = encode<i2d_re_X509_REQ_tbs>(request.get());
  OpensslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free> signature{ASN1_BIT_STRING_new()};
  require(signature != nullptr);
  set_signature(signature.get(), certificate_signature(signer, message));
  X509_REQ_set0_signature(request.get(), signature.release());
  return tuf::format_pem({"CERTIFICATE REQUEST", {}, encode<i2d_X509_REQ>(request.get())});
}

}  // namespace hsm
