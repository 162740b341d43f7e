#include "hsm/pkcs11/public_half.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <cstdio>

#include "tuf/base/error.h"
#include "tuf/base/openssl.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;
using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using Builder = tuf::OpensslPtr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using BigNumber = tuf::OpensslPtr<BIGNUM, BN_free>;

void free_der(unsigned char* der) {
  OPENSSL_free(der);
}
using Der = tuf::OpensslPtr<unsigned char, free_der>;

tuf::Error malformed(const std::string& what) {
  return {ErrorCode::kKeyMalformed, what};
}

tuf::PublicKey from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  const tuf::OpensslPtr<OSSL_PARAM, OSSL_PARAM_free> parameters{OSSL_PARAM_BLD_to_param(builder)};
  const tuf::OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context{
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  const bool ok = parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                  EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  const EvpKey key{made};
  unsigned char* der = nullptr;
  const int length = ok ? i2d_PUBKEY(key.get(), &der) : 0;
  const Der owner{der};
  const std::string reason = tuf::drain_openssl_errors();
  if (length <= 0) throw malformed("the public key cannot be read: " + reason);
  return tuf::PublicKey::from_spki({der, static_cast<std::size_t>(length)});
}

/// The curve's name as OpenSSL knows it. Only named curves: parameters spelled out could describe anything.
std::string curve_name(tuf::ByteView parameters) {
  const unsigned char* next = parameters.data();
  const tuf::OpensslPtr<ASN1_OBJECT, ASN1_OBJECT_free> object{
      d2i_ASN1_OBJECT(nullptr, &next, static_cast<long>(parameters.size()))};
  tuf::drain_openssl_errors();
  if (!object || next != parameters.data() + parameters.size()) {
    throw tuf::Error(ErrorCode::kKeyUnsupported, "the curve is not a named one");
  }
  const int nid = OBJ_obj2nid(object.get());
  if (nid == NID_undef) throw tuf::Error(ErrorCode::kKeyUnsupported, "the curve is unknown");
  return OBJ_nid2sn(nid);
}

/// The point itself: the standard wants it inside an OCTET STRING, some modules give it bare. Both begin with
/// 04, so the length of a bare one decides.
tuf::ByteView bare_point(tuf::ByteView point, std::size_t field) {
  if (point.size() == 2 * field + 1) return point;
  if (point.size() >= 2 && point[0] == 0x04) {
    if (point[1] < 0x80 && point.size() == 2U + point[1]) return point.subspan(2);
    if (point[1] == 0x81 && point.size() >= 3 && point.size() == 3U + point[2]) return point.subspan(3);
  }
  throw malformed("CKA_EC_POINT is not a point of the curve");
}

std::size_t field_size(const std::string& curve) {
  if (curve == "secp224r1") return 28;
  if (curve == "prime256v1") return 32;
  if (curve == "secp384r1") return 48;
  if (curve == "secp521r1") return 66;
  throw tuf::Error(ErrorCode::kKeyUnsupported, "curve " + curve + " is not one that Notary knows");
}

tuf::PublicKey from_ec(tuf::ByteView parameters, tuf::ByteView encoded) {
  const std::string curve = curve_name(parameters);
  const tuf::ByteView point = bare_point(encoded, field_size(curve));
  const Builder builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_parameters("EC", builder.get());
}

tuf::PublicKey from_rsa(tuf::ByteView modulus, tuf::ByteView exponent) {
  const BigNumber n{BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr)};
  const BigNumber e{BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr)};
  const Builder builder{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_parameters("RSA", builder.get());
}

/// From whatever of the public half `object` shows; nullopt if that is not enough.
std::optional<tuf::PublicKey> from_attributes(const Session& session, CK_OBJECT_HANDLE object) {
  const auto type = session.number(object, CKA_KEY_TYPE);
  if (type == CKK_RSA) {
    const auto modulus = session.bytes(object, CKA_MODULUS);
    const auto exponent = session.bytes(object, CKA_PUBLIC_EXPONENT);
    if (modulus && exponent && !modulus->empty() && !exponent->empty()) return from_rsa(*modulus, *exponent);
    return std::nullopt;
  }
  if (type == CKK_EC) {
    const auto parameters = session.bytes(object, CKA_EC_PARAMS);
    const auto point = session.bytes(object, CKA_EC_POINT);
    if (parameters && point && !point->empty()) return from_ec(*parameters, *point);
    return std::nullopt;
  }
  throw tuf::Error(ErrorCode::kKeyUnsupported,
                   "keys of type " + kind_of_key(session, object) + " cannot sign here");
}

}  // namespace

std::string kind_of_key(const Session& session, CK_OBJECT_HANDLE object) {
  const auto type = session.number(object, CKA_KEY_TYPE);
  if (!type) return "of no known type";
  switch (*type) {
    case CKK_RSA:
      return "RSA";
    case CKK_EC:
      return "EC";
    case CKK_EC_EDWARDS:
      return "Ed25519 or Ed448";
    case CKK_DSA:
      return "DSA";
    default: {
      char text[32];
      std::snprintf(text, sizeof text, "key type 0x%lx", *type);
      return text;
    }
  }
}

tuf::PublicKey public_key_of_object(const Session& session, CK_OBJECT_HANDLE object) {
  if (auto key = from_attributes(session, object)) return *std::move(key);
  throw malformed("the public key object is incomplete");
}

tuf::PublicKey public_key_of_certificate(const Session& session, CK_OBJECT_HANDLE object) {
  const auto value = session.bytes(object, CKA_VALUE);
  if (!value) throw malformed("the certificate object is empty");
  const unsigned char* next = value->data();
  const tuf::OpensslPtr<X509, X509_free> certificate{
      d2i_X509(nullptr, &next, static_cast<long>(value->size()))};
  unsigned char* der = nullptr;
  const int length = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der) : 0;
  const Der owner{der};
  tuf::drain_openssl_errors();
  if (length <= 0) throw malformed("the certificate object is not an X.509 certificate");
  return tuf::PublicKey::from_spki({der, static_cast<std::size_t>(length)});
}

std::optional<tuf::PublicKey> public_key_of_private(const Session& session, CK_OBJECT_HANDLE object) {
  if (auto key = from_attributes(session, object)) return key;
  if (const auto info = session.bytes(object, CKA_PUBLIC_KEY_INFO); info && !info->empty()) {
    return tuf::PublicKey::from_spki(*info);
  }
  return std::nullopt;
}

}  // namespace hsm::pkcs11
