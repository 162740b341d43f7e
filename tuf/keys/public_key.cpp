#include "tuf/keys/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "tuf/base/base64.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"
#include "tuf/keys/certificate.h"
#include "tuf/keys/ecdsa_signature.h"

namespace tuf {

/// Parsing and encoding are what OpenSSL 3 takes longest for, longer than verifying: both once per key.
struct PublicKey::Handle {
  OpensslPtr<EVP_PKEY, EVP_PKEY_free> key;
  Bytes spki;
};

namespace {

using EvpKey = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 16384;    // beyond it a single verification takes seconds
constexpr int kMaxExponentBits = 63;  // what Go reads; beyond it one costs as much as a signature
constexpr int kSaltLength = 32;
constexpr std::size_t kEd25519KeySize = 32;

struct Curve {
  std::string_view group;  // as OpenSSL names it
  std::string_view name;   // as people do
  int bits;
};
constexpr std::array kCurves = {
    Curve{"secp224r1", "P-224", 224},
    Curve{"prime256v1", "P-256", 256},
    Curve{"secp384r1", "P-384", 384},
    Curve{"secp521r1", "P-521", 521},
};

constexpr std::array<std::pair<KeyType, std::string_view>, 5> kTypeNames = {{
    {KeyType::kEcdsa, "ecdsa"},
    {KeyType::kEcdsaX509, "ecdsa-x509"},
    {KeyType::kRsa, "rsa"},
    {KeyType::kRsaX509, "rsa-x509"},
    {KeyType::kEd25519, "ed25519"},
}};

std::string_view type_name(KeyType type) {
  return std::find_if(kTypeNames.begin(), kTypeNames.end(), [&](const auto& e) { return e.first == type; })
      ->second;
}

const Curve* curve_of(const EVP_PKEY* key) {
  char group[64];
  if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) return nullptr;
  const auto found =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.group == group; });
  return found == kCurves.end() ? nullptr : &*found;
}

/// Of a curve that has a name: the same key, once that is written.
bool spells_curve_out(const EVP_PKEY* key) {
  int spelt_out = 0;
  if (key == nullptr || !EVP_PKEY_is_a(key, "EC")) return false;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelt_out);
  return curve_of(key) != nullptr && spelt_out != 0;
}

[[noreturn]] void fail_without_curve(const std::string& command) {
  throw Error(ErrorCode::kKeyUnsupported, "the EC key spells its curve out and does not name it",
              "convert it with: " + command + "; then name FILE.pem");
}

/// A named curve and an uncompressed point, as Go wants it. One key in several spellings would count several
/// times towards a threshold.
bool is_plain_ec(const EVP_PKEY* key) {
  char format[32];
  return curve_of(key) && !spells_curve_out(key) &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, format,
                                        sizeof format, nullptr) == 1 &&
         std::string_view(format) == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED;
}

/// Neither too short nor so long that it costs seconds; with an exponent of 1 everybody could sign.
bool is_strong_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return false;
  BIGNUM* out = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &out) != 1) return false;
  const OpensslPtr<BIGNUM, BN_free> exponent{out};
  return BN_is_odd(exponent.get()) && !BN_is_one(exponent.get()) &&
         BN_num_bits(exponent.get()) <= kMaxExponentBits;
}

/// Types of a bare key that `key` can have; nullopt if it is of no use to Notary.
std::optional<KeyType> bare_type(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC")) return is_plain_ec(key) ? std::optional(KeyType::kEcdsa) : std::nullopt;
  if (EVP_PKEY_is_a(key, "RSA")) return is_strong_rsa(key) ? std::optional(KeyType::kRsa) : std::nullopt;
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyType::kEd25519;
  return std::nullopt;
}

EvpKey parse_spki(ByteView der) {
  const unsigned char* next = der.data();
  EvpKey key{d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size()))};
  if (key && next != der.data() + der.size()) key.reset();
  drain_openssl_errors();
  return key;
}

/// Empty for what has no encoding: no key, or the point at infinity.
Bytes encode_spki(EVP_PKEY* key) {
  unsigned char* out = nullptr;
  const int length = key ? i2d_PUBKEY(key, &out) : 0;
  drain_openssl_errors();
  if (length <= 0) return {};
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

/// Null unless the first block is a certificate: behind anything else the official clients do not look for
/// one.
EvpKey key_of_first_certificate(std::string_view pem) {
  const std::vector<PemBlock> blocks = parse_pem(pem);
  if (blocks.empty() || blocks.front().label != "CERTIFICATE") return nullptr;
  const Bytes& der = blocks.front().content;
  const unsigned char* next = der.data();
  const OpensslPtr<X509, X509_free> certificate{d2i_X509(nullptr, &next, static_cast<long>(der.size()))};
  const bool whole = certificate && next == der.data() + der.size();
  EvpKey key{whole ? X509_get_pubkey(certificate.get()) : nullptr};
  drain_openssl_errors();
  return key;
}

/// What the metadata of a bare key holds behind `public`.
Bytes bare_value(KeyType type, const EVP_PKEY* key, const Bytes& spki) {
  if (type != KeyType::kEd25519) return spki;
  Bytes raw(kEd25519KeySize);
  std::size_t length = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, raw.data(), &length) != 1) {
    throw Error(ErrorCode::kKeyUnsupported, "Ed25519 key cannot be encoded");
  }
  return raw;
}

KeyType wrapped(KeyType bare) {
  return bare == KeyType::kRsa ? KeyType::kRsaX509 : KeyType::kEcdsaX509;
}

bool same_ignoring_case(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

/// One verification with OpenSSL; `digest` null for Ed25519, `pss` only for RSA.
bool evp_verify(EVP_PKEY* key, const EVP_MD* digest, bool pss, ByteView signature, ByteView message) {
  const OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* parameters = nullptr;
  bool ok = context && EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) == 1;
  if (ok && pss) {
    ok = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, kSaltLength) == 1;
  }
  ok = ok && EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                              message.size()) == 1;
  drain_openssl_errors();
  return ok;
}

}  // namespace

std::string_view signature_method(KeyType type) {
  switch (type) {
    case KeyType::kEcdsa:
    case KeyType::kEcdsaX509:
      return "ecdsa";
    case KeyType::kRsa:
    case KeyType::kRsaX509:
      return "rsapss";
    case KeyType::kEd25519:
      return "eddsa";
  }
  throw Error(ErrorCode::kInternal, "unknown key type");
}

PublicKey::PublicKey(KeyType type, KeyObject object, std::shared_ptr<const Handle> handle)
    : type_(type),
      object_(std::move(object)),
      id_(key_id(object_)),
      handle_(std::move(handle)),
      spki_(handle_->spki),
      canonical_id_(id_),
      bits_(EVP_PKEY_get_bits(handle_->key.get())) {
  if (type_ == KeyType::kEcdsaX509 || type_ == KeyType::kRsaX509) canonical_id_ = bare().id();
}

PublicKey PublicKey::bare() const {
  const KeyType type = type_ == KeyType::kEcdsaX509 ? KeyType::kEcdsa
                       : type_ == KeyType::kRsaX509 ? KeyType::kRsa
                                                    : type_;
  if (type == type_) return *this;
  return {type, KeyObject{std::string(type_name(type)), to_base64(spki_)}, handle_};
}

std::optional<PublicKey> PublicKey::from_object(const KeyObject& object) {
  const auto known = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                  [&](const auto& entry) { return entry.second == object.keytype; });
  const std::optional<Bytes> value = from_base64(object.value);
  if (known == kTypeNames.end() || !value) return std::nullopt;
  const KeyType type = known->first;

  auto handle = std::make_shared<Handle>();
  switch (type) {
    case KeyType::kEcdsa:
    case KeyType::kRsa:
      handle->key = parse_spki(*value);
      break;
    case KeyType::kEcdsaX509:
    case KeyType::kRsaX509:
      handle->key = key_of_first_certificate(as_text(*value));
      break;
    case KeyType::kEd25519:
      if (value->size() != kEd25519KeySize) return std::nullopt;
      handle->key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, value->data(), value->size()));
      break;
  }
  handle->spki = encode_spki(handle->key.get());
  if (handle->spki.empty()) return std::nullopt;
  const std::optional<KeyType> bare = bare_type(handle->key.get());
  if (!bare || (*bare != type && wrapped(*bare) != type)) return std::nullopt;
  // One spelling per key: another encoding of the same key would have another ID.
  if (type == *bare && bare_value(type, handle->key.get(), handle->spki) != *value) return std::nullopt;
  return PublicKey(type, object, std::move(handle));
}

PublicKey PublicKey::from_spki(ByteView der) {
  auto handle = std::make_shared<Handle>();
  handle->key = parse_spki(der);
  if (handle->key && EVP_PKEY_is_a(handle->key.get(), "EC")) {  // tokens and files may hold compressed points
    EVP_PKEY_set_utf8_string_param(handle->key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
  }
  handle->spki = encode_spki(handle->key.get());
  const std::optional<KeyType> type = handle->spki.empty() ? std::nullopt : bare_type(handle->key.get());
  if (!type) {
    throw Error(ErrorCode::kKeyUnsupported,
                "not a public key that Notary knows (EC P-224 to P-521, RSA from 2048 bits, Ed25519)");
  }
  KeyObject object{std::string(type_name(*type)),
                   to_base64(bare_value(*type, handle->key.get(), handle->spki))};
  return {*type, std::move(object), std::move(handle)};
}

PublicKey PublicKey::from_certificate(std::string_view pem) {
  auto handle = std::make_shared<Handle>();
  handle->key = key_of_first_certificate(pem);
  handle->spki = encode_spki(handle->key.get());
  const std::optional<KeyType> bare = handle->spki.empty() ? std::nullopt : bare_type(handle->key.get());
  if (!bare || *bare == KeyType::kEd25519) {
    throw Error(ErrorCode::kKeyUnsupported, "not a certificate of an EC or RSA key that Notary knows");
  }
  KeyObject object{std::string(type_name(wrapped(*bare))), to_base64(as_bytes(pem))};
  return {wrapped(*bare), std::move(object), std::move(handle)};
}

PublicKey PublicKey::from_pem(std::string_view text) {
  std::vector<PemBlock> certificates;
  std::vector<PublicKey> keys;
  bool key_first = false;
  for (PemBlock& block : parse_pem(text)) {
    if (block.label == "CERTIFICATE") {
      const bool is_known = std::any_of(certificates.begin(), certificates.end(), [&](const PemBlock& other) {
        return other.content == block.content;
      });
      if (!is_known) certificates.push_back(std::move(block));
      continue;
    }
    if (block.label != "PUBLIC KEY") continue;
    key_first = key_first || certificates.empty();
    if (keys.empty() && spells_curve_out(parse_spki(block.content).get()))
      fail_without_curve("openssl ec -pubin -in FILE -param_enc named_curve -pubout -out FILE.pem");
    keys.push_back(from_spki(block.content));
    if (keys.back().type() == KeyType::kEd25519) {  // official readers refuse it in this form
      throw Error(ErrorCode::kKeyUnsupported, "Ed25519 keys cannot sign for a delegation");
    }
  }
  if (!certificates.empty()) {
    const PemBlock& block = leaf_among(certificates);
    const std::string pem = format_pem({"CERTIFICATE", {}, block.content});
    if (&block == &certificates.front() && spells_curve_out(key_of_first_certificate(pem).get())) {
      fail_without_curve(
          "openssl x509 -in FILE -noout -pubkey | openssl ec -pubin -param_enc named_curve -pubout -out "
          "FILE.pem");
    }
    const PublicKey leaf = from_certificate(pem);
    keys.insert(key_first ? keys.end() : keys.begin(), leaf);
  }
  if (keys.empty()) throw Error(ErrorCode::kKeyUnsupported, "no CERTIFICATE or PUBLIC KEY block found");
  for (const PublicKey& key : keys) {  // a certificate beside its own key is no second one
    if (key.canonical_id() == keys.front().canonical_id()) continue;
    throw Error(ErrorCode::kKeyUnsupported, "it holds several public keys",
                std::string(kSplitFile) + "the one that is meant, such as FILE.1");
  }
  return keys.front();
}

std::string PublicKey::description() const {
  if (type_ == KeyType::kEd25519) return "Ed25519";
  if (const Curve* curve = curve_of(handle_->key.get())) return "EC " + std::string(curve->name);
  return "RSA " + std::to_string(bits_);
}

bool PublicKey::verifies(const Signature& signature, ByteView message) const {
  EVP_PKEY* key = handle_->key.get();
  switch (type_) {
    case KeyType::kEcdsa:
    case KeyType::kEcdsaX509: {
      if (!same_ignoring_case(signature.method, "ecdsa")) return false;
      const auto der = rs_to_der(signature.value, static_cast<std::size_t>(bits_ + 7) / 8);
      return der && evp_verify(key, EVP_sha256(), false, *der, message);
    }
    case KeyType::kRsa:
    case KeyType::kRsaX509: {
      const bool pss = same_ignoring_case(signature.method, "rsapss");
      if (!pss && !same_ignoring_case(signature.method, "rsapkcs1v15")) return false;
      return evp_verify(key, EVP_sha256(), pss, signature.value, message);
    }
    case KeyType::kEd25519:
      return same_ignoring_case(signature.method, "eddsa") &&
             evp_verify(key, nullptr, false, signature.value, message);
  }
  return false;
}

}  // namespace tuf
