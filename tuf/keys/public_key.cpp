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
#include "tuf/base/bounded_cache.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"
#include "tuf/base/words.h"
#include "tuf/keys/certificate.h"
#include "tuf/keys/ecdsa_signature.h"
#include "tuf/keys/pem.h"
#include "tuf/keys/spki.h"

namespace tuf {

/// What is known of a key. Immutable: keys are copied and shared between threads.
struct PublicKey::Known {
  KeyType type;
  KeyObject object;
  std::shared_ptr<EVP_PKEY> key;
  Bytes spki;
  std::shared_ptr<X509> certificate = nullptr;  // the first, of what is one
  KeyId id = key_id(object);
  KeyId canonical_id = id;
  int bits = EVP_PKEY_get_bits(key.get());
};

namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 16384;    // beyond it a single verification takes seconds
constexpr int kMaxExponentBits = 63;  // what Go reads; beyond it one costs as much as a signature
constexpr int kSaltLength = 32;
constexpr std::size_t kEd25519KeySize = 32;

// A run reads the same few keys and small files many times: from the store, from memory, and when it reads
// back.
constexpr std::size_t kMaxCachedKeys = 512;
constexpr std::size_t kMaxCachedValue = 8 << 10;  // bytes of base64; certificates have one or two thousand
constexpr std::size_t kMaxCachedSignatures = 4096;
constexpr std::size_t kMaxCachedMessage = 64 << 10;  // bytes: a longer one takes as long to be looked up

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

[[noreturn]] void fail_without_curve(const std::string& command) {
  throw Error(ErrorCode::kKeyUnsupported, "the EC key spells its curve out and does not name it",
              "convert it with: " + command + "; then name FILE.pem");
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

struct FirstCertificate {
  OpensslPtr<X509, X509_free> certificate;
  EvpKey key;
};

/// Both null unless the first block is a certificate: behind anything else the official clients do not look
/// for one.
FirstCertificate first_certificate(std::string_view pem) {
  const std::vector<PemBlock> blocks = parse_pem(pem);
  if (blocks.empty() || blocks.front().label != "CERTIFICATE") return {};
  const Bytes& der = blocks.front().content;
  const unsigned char* next = der.data();
  OpensslPtr<X509, X509_free> certificate{d2i_X509(nullptr, &next, static_cast<long>(der.size()))};
  if (next != der.data() + der.size()) certificate.reset();
  EvpKey key{certificate ? X509_get_pubkey(certificate.get()) : nullptr};
  drain_openssl_errors();
  return {std::move(certificate), std::move(key)};
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

KeyType bare_of(KeyType type) {
  return type == KeyType::kEcdsaX509 ? KeyType::kEcdsa : type == KeyType::kRsaX509 ? KeyType::kRsa : type;
}

/// Of a key that is no Ed25519 key.
KeyObject bare_object(KeyType type, const Bytes& spki) {
  return {std::string(type_name(bare_of(type))), to_base64(spki)};
}

KeyType wrapped(KeyType bare) {
  return bare == KeyType::kRsa ? KeyType::kRsaX509 : KeyType::kEcdsaX509;
}

/// SHA-256 of the parts, each with its length before it: no two lists have one digest.
Bytes digest_of_all(std::initializer_list<ByteView> parts) {
  std::string text;
  for (const ByteView part : parts) text += std::to_string(part.size()).append(":").append(as_text(part));
  return sha256(as_bytes(text));
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

PublicKey::PublicKey(Known known) {
  if (known.type == KeyType::kEcdsaX509 || known.type == KeyType::kRsaX509)
    known.canonical_id = key_id(bare_object(known.type, known.spki));
  known_ = std::make_shared<const Known>(std::move(known));
}

KeyType PublicKey::type() const {
  return known_->type;
}
const KeyObject& PublicKey::object() const {
  return known_->object;
}
const KeyId& PublicKey::id() const {
  return known_->id;
}
const KeyId& PublicKey::canonical_id() const {
  return known_->canonical_id;
}
const Bytes& PublicKey::spki() const {
  return known_->spki;
}
int PublicKey::bits() const {
  return known_->bits;
}
X509* PublicKey::certificate() const {
  return known_->certificate.get();
}

PublicKey PublicKey::bare() const {
  const KeyType type = bare_of(known_->type);
  if (type == known_->type) return *this;
  return PublicKey(Known{type, bare_object(type, known_->spki), known_->key, known_->spki});
}

std::optional<PublicKey> PublicKey::from_object(const KeyObject& object) {
  static BoundedCache<std::pair<std::string, std::string>, std::optional<PublicKey>> cache(kMaxCachedKeys);
  if (object.value.size() > kMaxCachedValue) return parse(object);
  std::pair question(object.keytype, object.value);
  if (auto known = cache.find(question)) return *std::move(known);
  std::optional<PublicKey> key = parse(object);
  cache.keep(std::move(question), key);
  return key;
}

std::optional<PublicKey> PublicKey::parse(const KeyObject& object) {
  const auto known = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                  [&](const auto& entry) { return entry.second == object.keytype; });
  const std::optional<Bytes> value = from_base64(object.value);
  if (known == kTypeNames.end() || !value) return std::nullopt;
  const KeyType type = known->first;

  FirstCertificate of_certificate;
  EvpKey key;
  switch (type) {
    case KeyType::kEcdsa:
    case KeyType::kRsa:
      key = parse_spki(*value);
      break;
    case KeyType::kEcdsaX509:
    case KeyType::kRsaX509:
      of_certificate = first_certificate(as_text(*value));
      key = std::move(of_certificate.key);
      break;
    case KeyType::kEd25519:
      if (value->size() != kEd25519KeySize) return std::nullopt;
      key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, value->data(), value->size()));
      break;
  }
  Bytes spki = encode_spki(key.get());
  if (spki.empty()) return std::nullopt;
  const std::optional<KeyType> bare = bare_type(key.get());
  if (!bare || (*bare != type && wrapped(*bare) != type)) return std::nullopt;
  // One spelling per key: another encoding of the same key would have another ID.
  if (type == *bare && bare_value(type, key.get(), spki) != *value) return std::nullopt;
  return PublicKey(
      Known{type, object, std::move(key), std::move(spki), std::move(of_certificate.certificate)});
}

PublicKey PublicKey::from_spki(ByteView der) {
  EvpKey key = parse_spki(der);
  if (key && EVP_PKEY_is_a(key.get(), "EC")) {  // tokens and files may hold compressed points
    EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
  }
  Bytes spki = encode_spki(key.get());
  const std::optional<KeyType> type = spki.empty() ? std::nullopt : bare_type(key.get());
  if (!type) {
    throw Error(ErrorCode::kKeyUnsupported,
                "not a public key that Notary knows (EC P-224 to P-521, RSA from 2048 bits, Ed25519)");
  }
  KeyObject object{std::string(type_name(*type)), to_base64(bare_value(*type, key.get(), spki))};
  return PublicKey(Known{*type, std::move(object), std::move(key), std::move(spki)});
}

PublicKey PublicKey::from_certificate(std::string_view pem) {
  FirstCertificate first = first_certificate(pem);
  Bytes spki = encode_spki(first.key.get());
  const std::optional<KeyType> bare = spki.empty() ? std::nullopt : bare_type(first.key.get());
  if (!bare || *bare == KeyType::kEd25519) {
    throw Error(ErrorCode::kKeyUnsupported, "not a certificate of an EC or RSA key that Notary knows");
  }
  KeyObject object{std::string(type_name(wrapped(*bare))), to_base64(as_bytes(pem))};
  return PublicKey(Known{wrapped(*bare), std::move(object), std::move(first.key), std::move(spki),
                         std::move(first.certificate)});
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
    if (&block == &certificates.front() && spells_curve_out(first_certificate(pem).key.get())) {
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
  if (known_->type == KeyType::kEd25519) return "Ed25519";
  const std::string_view curve = curve_name(known_->key.get());
  return curve.empty() ? "RSA " + std::to_string(known_->bits) : "EC " + std::string(curve);
}

bool PublicKey::verifies(const Signature& signature, ByteView message) const {
  static BoundedCache<Bytes, bool> cache(kMaxCachedSignatures);
  if (message.size() > kMaxCachedMessage) return verifies_now(signature, message);
  Bytes question = digest_of_all({known_->spki, as_bytes(signature.method), signature.value, message});
  if (cache.find(question)) return true;
  const bool verified = verifies_now(signature, message);
  if (verified) cache.keep(std::move(question), true);
  return verified;
}

bool PublicKey::verifies_now(const Signature& signature, ByteView message) const {
  EVP_PKEY* key = known_->key.get();
  switch (known_->type) {
    case KeyType::kEcdsa:
    case KeyType::kEcdsaX509: {
      if (!equals_ignoring_case(signature.method, "ecdsa")) return false;
      const auto der = rs_to_der(signature.value, static_cast<std::size_t>(known_->bits + 7) / 8);
      return der && evp_verify(key, EVP_sha256(), false, *der, message);
    }
    case KeyType::kRsa:
    case KeyType::kRsaX509: {
      const bool pss = equals_ignoring_case(signature.method, "rsapss");
      if (!pss && !equals_ignoring_case(signature.method, "rsapkcs1v15")) return false;
      return evp_verify(key, EVP_sha256(), pss, signature.value, message);
    }
    case KeyType::kEd25519:
      return equals_ignoring_case(signature.method, "eddsa") &&
             evp_verify(key, nullptr, false, signature.value, message);
  }
  return false;
}

}  // namespace tuf
