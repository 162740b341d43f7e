#include "hsm/file/private_key_der.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "hsm/file/der_reader.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace hsm {
namespace {

using tuf::Bytes;
using tuf::ByteView;
using tuf::Error;
using tuf::ErrorCode;
using BigNumber = tuf::OpensslPtr<BIGNUM, BN_clear_free>;
using EvpContext = tuf::OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr std::string_view kEcOid = "2a8648ce3d0201";
constexpr std::string_view kRsaOid = "2a864886f70d010101";
constexpr std::string_view kEd25519Oid = "2b6570";
constexpr std::string_view kNotaryEd25519Oid = "2b06010401da470f01";  // 1.3.6.1.4.1.11591.15.1
constexpr std::size_t kEd25519Size = 32;

struct Curve {
  std::string_view oid;
  const char* group;
  int nid;
};
constexpr std::array kCurves = {
    Curve{"2b81040021", "secp224r1", NID_secp224r1},
    Curve{"2a8648ce3d030107", "prime256v1", NID_X9_62_prime256v1},
    Curve{"2b81040022", "secp384r1", NID_secp384r1},
    Curve{"2b81040023", "secp521r1", NID_secp521r1},
};

[[noreturn]] void malformed(const std::string& what) {
  throw Error(ErrorCode::kKeyMalformed, what);
}
[[noreturn]] void unsupported(const std::string& what) {
  throw Error(ErrorCode::kKeyUnsupported, what);
}

[[noreturn]] void without_curve() {
  throw Error(
      ErrorCode::kKeyUnsupported, "the EC key spells its curve out and does not name it",
      "convert it with: openssl pkey -in FILE -ec_param_enc named_curve -out FILE.pem; then name FILE.pem");
}

const Curve& curve_of(ByteView oid) {
  const auto found =
      std::find_if(kCurves.begin(), kCurves.end(),
                   [name = tuf::to_hex(oid)](const Curve& curve) { return curve.oid == name; });
  if (found == kCurves.end()) unsupported("the key is on a curve other than P-224, P-256, P-384 and P-521");
  return *found;
}

/// Throws unless what the private half signs, the public half verifies: a damaged key must not sign.
PrivateKey matched(PrivateKey key) {
  const ByteView probe = tuf::as_bytes("do both halves belong together?");
  const std::string method(tuf::signature_method(key.public_key().type()));
  std::optional<Bytes> signature;
  try {
    signature = key.sign(probe);
  } catch (const Error&) {  // some damage already shows here
    malformed("the private key is damaged");
  }
  if (!key.public_key().verifies({{}, method, *signature}, probe)) {
    malformed("the private and the public half of the key do not belong together");
  }
  return key;
}

/// Parameters for EVP_PKEY_fromdata that wipe their copies of the key.
class KeyParameters {
 public:
  void add_number(const char* name, ByteView big_endian) {
    SecretBytes& number = numbers_[count_];
    number.assign(big_endian.begin(), big_endian.end());
    if constexpr (std::endian::native == std::endian::little) std::reverse(number.begin(), number.end());
    parameters_[count_++] = OSSL_PARAM_construct_BN(name, number.data(), number.size());
  }
  void add_octets(const char* name, Bytes& octets) {
    parameters_[count_++] = OSSL_PARAM_construct_octet_string(name, octets.data(), octets.size());
  }
  void add_text(const char* name, const char* text) {
    parameters_[count_++] = OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(text), 0);  // only read
  }

  PrivateKey make(const char* type) {
    parameters_[count_] = OSSL_PARAM_construct_end();
    const EvpContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters_.data()) != 1) {
      malformed("the private key is damaged: " + tuf::drain_openssl_errors());
    }
    return PrivateKey(EvpKey(key));
  }

 private:
  static constexpr std::size_t kMost = 8;  // of an RSA key
  std::array<SecretBytes, kMost> numbers_;
  std::array<OSSL_PARAM, kMost + 1> parameters_;
  std::size_t count_ = 0;
};

/// The public point, uncompressed as key IDs want it: the one in the file, or else the one that belongs to
/// `secret`. Throws kKeyMalformed if either is impossible.
Bytes public_point(const Curve& curve, ByteView secret, ByteView in_file) {
  const tuf::OpensslPtr<EC_GROUP, EC_GROUP_free> group{EC_GROUP_new_by_curve_name(curve.nid)};
  const tuf::OpensslPtr<EC_POINT, EC_POINT_free> point{EC_POINT_new(group.get())};
  const BigNumber number{BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr)};
  bool ok = group && point && number && !BN_is_zero(number.get()) &&
            BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) < 0;
  if (ok && in_file.empty()) {
    ok = EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1;
  } else if (ok) {
    ok = EC_POINT_oct2point(group.get(), point.get(), in_file.data(), in_file.size(), nullptr) == 1;
  }
  Bytes octets(
      ok ? EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, nullptr, 0, nullptr)
         : 0);
  if (octets.empty() || EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                           octets.data(), octets.size(), nullptr) != octets.size()) {
    tuf::drain_openssl_errors();
    malformed("the EC key is no point of its curve");
  }
  return octets;
}

/// ECPrivateKey (RFC 5915); its curve, unless the structure around it has named one.
PrivateKey read_ec(ByteView der, const Curve* curve) {
  DerReader outer(der);
  DerReader inner(outer.take(DerTag::kSequence));
  outer.finish();
  inner.take_unsigned();  // version
  const ByteView secret = inner.take(DerTag::kOctetString);
  if (secret.empty()) malformed("the EC key is empty");
  if (inner.next_is(DerTag::kContext0)) {
    DerReader parameters(inner.take(DerTag::kContext0));
    if (!parameters.next_is(DerTag::kOid)) without_curve();
    const Curve& named = curve_of(parameters.take(DerTag::kOid));
    if (curve != nullptr && curve->nid != named.nid) malformed("the EC key names two curves");
    curve = &named;
  }
  if (curve == nullptr) malformed("the EC key does not name its curve");
  ByteView point;
  if (inner.next_is(DerTag::kContext1)) {
    point = DerReader(inner.take(DerTag::kContext1)).take(DerTag::kBitString);
    if (point.size() < 2) malformed("the public half of the EC key is empty");
    point = point.subspan(1);  // number of unused bits, always 0
  }
  inner.finish();

  Bytes octets = public_point(*curve, secret, point);
  KeyParameters parameters;
  parameters.add_text(OSSL_PKEY_PARAM_GROUP_NAME, curve->group);
  parameters.add_number(OSSL_PKEY_PARAM_PRIV_KEY, secret);
  parameters.add_octets(OSSL_PKEY_PARAM_PUB_KEY, octets);
  return matched(parameters.make("EC"));
}

PrivateKey read_ed25519_seed(ByteView seed) {
  if (seed.size() != kEd25519Size) malformed("the Ed25519 key has not 32 bytes");
  return PrivateKey(
      EvpKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size())));
}

SecretBytes write_notary_ed25519(EVP_PKEY* key) {
  // Version 0, notary's OID, OCTET STRING of 96 bytes: all lengths are fixed.
  const Bytes prefix = *tuf::from_hex("3072020100300b06092b06010401da470f010460");
  std::array<std::uint8_t, kEd25519Size> public_key{};
  SecretBytes seed(kEd25519Size);
  std::size_t public_size = public_key.size();
  std::size_t seed_size = seed.size();
  if (EVP_PKEY_get_raw_public_key(key, public_key.data(), &public_size) != 1 ||
      EVP_PKEY_get_raw_private_key(key, seed.data(), &seed_size) != 1) {
    throw Error(ErrorCode::kInternal, "cannot encode an Ed25519 key: " + tuf::drain_openssl_errors());
  }
  SecretBytes der(prefix.begin(), prefix.end());
  der.insert(der.end(), public_key.begin(), public_key.end());
  der.insert(der.end(), seed.begin(), seed.end());
  der.insert(der.end(), public_key.begin(), public_key.end());
  return der;
}

}  // namespace

PrivateKey read_private_key(std::string_view label, ByteView der) {
  if (label == "PRIVATE KEY" || label == "ENCRYPTED PRIVATE KEY") return read_pkcs8(der);
  if (label == "EC PRIVATE KEY") return read_sec1(der);
  if (label == "RSA PRIVATE KEY") return read_pkcs1(der);
  if (label == "ED25519 PRIVATE KEY") return read_notary_ed25519(der);
  unsupported("keys of type " + std::string(label) + " cannot be read");
}

PrivateKey read_pkcs8(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.take(DerTag::kSequence));
  outer.finish();
  info.take_unsigned();  // version: notary writes 1 for EC keys without what version 1 is for
  DerReader algorithm(info.take(DerTag::kSequence));
  const std::string oid = tuf::to_hex(algorithm.take(DerTag::kOid));
  const ByteView key = info.take(DerTag::kOctetString);  // attributes and a public key may follow
  if (oid == kEcOid) {
    if (algorithm.next_is(DerTag::kSequence)) without_curve();
    return read_ec(key, &curve_of(algorithm.take(DerTag::kOid)));
  }
  if (oid == kRsaOid) return read_pkcs1(key);  // with or without NULL
  if (oid == kNotaryEd25519Oid) return read_notary_ed25519(key);
  if (oid == kEd25519Oid) return read_ed25519_seed(DerReader(key).take(DerTag::kOctetString));
  unsupported("the key is neither EC nor RSA nor Ed25519");
}

PrivateKey read_sec1(ByteView der) {
  return read_ec(der, nullptr);
}

PrivateKey read_pkcs1(ByteView der) {
  constexpr std::array kNames = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                 OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                 OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                 OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  DerReader outer(der);
  DerReader numbers(outer.take(DerTag::kSequence));
  outer.finish();
  const ByteView version = numbers.take_unsigned();
  if (version.size() != 1 || version.front() != 0) unsupported("the RSA key has more than two primes");
  KeyParameters parameters;
  for (const char* name : kNames) parameters.add_number(name, numbers.take_unsigned());
  numbers.finish();
  return matched(parameters.make("RSA"));
}

PrivateKey read_notary_ed25519(ByteView bytes) {
  if (bytes.size() != 3 * kEd25519Size) malformed("the Ed25519 key has not 96 bytes");
  PrivateKey key = read_ed25519_seed(bytes.subspan(kEd25519Size, kEd25519Size));
  std::array<std::uint8_t, kEd25519Size> derived{};
  std::size_t size = derived.size();
  const auto is_public = [&](std::size_t at) {
    return std::equal(derived.begin(), derived.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  };
  if (EVP_PKEY_get_raw_public_key(key.handle(), derived.data(), &size) != 1 || !is_public(0) ||
      !is_public(2 * kEd25519Size)) {
    malformed("the private and the public half of the key do not belong together");
  }
  return key;
}

SecretBytes write_pkcs8(const PrivateKey& key) {
  if (key.public_key().type() == tuf::KeyType::kEd25519) return write_notary_ed25519(key.handle());
  const tuf::OpensslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info{EVP_PKEY2PKCS8(key.handle())};
  unsigned char* out = nullptr;
  const int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : -1;
  if (length <= 0) throw Error(ErrorCode::kInternal, "cannot encode a key: " + tuf::drain_openssl_errors());
  SecretBytes der(out, out + length);
  OPENSSL_clear_free(out, static_cast<std::size_t>(length));
  return der;
}

}  // namespace hsm
