#include "hsm/pkcs11/generation.h"

#include <openssl/rand.h>

#include <array>

#include "hsm/pkcs11/key_origin.h"
#include "hsm/pkcs11/key_selection.h"
#include "hsm/pkcs11/token_hints.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

constexpr std::size_t kIdSize = 16;  // random: two keys of one token never share an ID

// DER object identifiers of the curves (CKA_EC_PARAMS).
constexpr std::array<std::uint8_t, 10> kP256{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 7> kP384{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<std::uint8_t, 3> kExponent{0x01, 0x00, 0x01};

struct Shape {
  CK_MECHANISM_TYPE mechanism;
  tuf::ByteView curve;
  CK_ULONG bits;
};

Shape shape_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kP256:
      return {CKM_EC_KEY_PAIR_GEN, kP256, 256};
    case KeyAlgorithm::kP384:
      return {CKM_EC_KEY_PAIR_GEN, kP384, 384};
    case KeyAlgorithm::kRsa2048:
      return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 2048};
    case KeyAlgorithm::kRsa3072:
      return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 3072};
    case KeyAlgorithm::kRsa4096:
      return {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, 4096};
  }
  throw tuf::Error(ErrorCode::kInternal, "unknown type of token key");
}

void check_mechanism(const Token& token, const std::string& label, const Shape& shape) {
  CK_MECHANISM_INFO info{};
  const CK_SLOT_ID slot = PKCS11_get_slotid_from_slot(token.slot());
  const CK_RV rv = token.module().functions().C_GetMechanismInfo(slot, shape.mechanism, &info);
  const char* family = shape.curve.empty() ? "RSA" : "EC";
  const std::string other_type = "choose another type: countersign key generate " + tuf::shell_word(label) +
                                 " --token TOKEN --type " + (shape.bits == 256 ? "rsa2048" : "p256");
  if (rv == CKR_MECHANISM_INVALID) {
    throw tuf::Error(ErrorCode::kKeyUnsupported, token.subject() + ": cannot make " + family + " keys",
                     other_type);
  }
  check(rv, token.subject(), "C_GetMechanismInfo");
  // Zeros stand for "not told".
  if (info.ulMaxKeySize != 0 && (shape.bits < info.ulMinKeySize || shape.bits > info.ulMaxKeySize)) {
    throw tuf::Error(ErrorCode::kKeyUnsupported,
                     token.subject() + ": makes " + family + " keys of " + std::to_string(info.ulMinKeySize) +
                         " to " + std::to_string(info.ulMaxKeySize) + " bits, not of " +
                         std::to_string(shape.bits),
                     other_type);
  }
}

void check_label_is_free(Token& token, const std::string& label) {
  const auto taken = [&](const FoundKey& key, const std::string& hint) {
    return tuf::Error(ErrorCode::kKeyAmbiguous, token.subject() + ": already holds " + describe(key), hint);
  };
  if (const auto keys = find_private_keys(token.session(), label, {}); !keys.empty()) {
    throw taken(keys.front(),
                "choose another name, or use that key; its public half is written by: "
                "countersign key export " +
                    tuf::shell_word(key_uri(token, keys.front(), {})) + " --out " +
                    tuf::shell_path(label + ".pub"));
  }
  if (const auto keys = find_public_keys(token.session(), label, {}, false); !keys.empty())
    throw taken(keys.front(), "choose another name");
}

/// What makes the key unfit, and cannot be mended afterwards. CKA_LOCAL and CKA_NEVER_EXTRACTABLE are not
/// among it: NSS answers "no" for the keys it has just made.
std::string defect(const KeyOrigin& origin) {
  if (origin.extractable.value_or(true)) return "does not say that the key cannot be read out";
  if (!origin.sensitive.value_or(false)) return "does not say that the key is sensitive";
  return {};
}

}  // namespace

void require_room(Token& token, const std::string& label, KeyAlgorithm algorithm) {
  check_mechanism(token, label, shape_of(algorithm));
  check_label_is_free(token, label);
}

FoundKey generate_key_pair(Token& token, const std::string& label, KeyAlgorithm algorithm) {
  require_room(token, label, algorithm);
  const Shape shape = shape_of(algorithm);
  tuf::Bytes id(kIdSize);
  if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1) {
    throw tuf::Error(ErrorCode::kInternal, "no random bytes");
  }
  Template public_half;
  public_half.add_flag(CKA_TOKEN, true)
      .add_flag(CKA_PRIVATE, false)
      .add_flag(CKA_VERIFY, true)
      .add_flag(CKA_ENCRYPT, false)
      .add_flag(CKA_WRAP, false)
      .add(CKA_LABEL, label)
      .add(CKA_ID, id);
  if (shape.curve.empty()) {
    public_half.add_number(CKA_MODULUS_BITS, shape.bits).add(CKA_PUBLIC_EXPONENT, kExponent);
  } else {
    public_half.add(CKA_EC_PARAMS, shape.curve);
  }
  Template private_half;
  private_half.add_flag(CKA_TOKEN, true)
      .add_flag(CKA_PRIVATE, true)
      .add_flag(CKA_SENSITIVE, true)
      .add_flag(CKA_EXTRACTABLE, false)
      .add_flag(CKA_SIGN, true)
      .add_flag(CKA_DECRYPT, false)
      .add_flag(CKA_UNWRAP, false)
      .add_flag(CKA_DERIVE, false)
      .add(CKA_LABEL, label)
      .add(CKA_ID, id);

  const auto session = token.writable_session();
  CK_MECHANISM mechanism{shape.mechanism, nullptr, 0};
  CK_OBJECT_HANDLE made_public = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE made_private = CK_INVALID_HANDLE;
  check(session->functions().C_GenerateKeyPair(session->handle(), &mechanism, public_half.data(),
                                               public_half.size(), private_half.data(), private_half.size(),
                                               &made_public, &made_private),
        token.subject(), "C_GenerateKeyPair");
  try {
    if (const std::string problem = defect(key_origin(*session, made_private)); !problem.empty()) {
      throw tuf::Error(ErrorCode::kTokenFailed,
                       token.subject() + ": " + problem + "; the new key was destroyed",
                       "name another token, or change the setting that makes this one give its keys away");
    }
    std::vector<FoundKey> keys = find_private_keys(token.session(), label, id);
    if (keys.size() != 1) {
      throw tuf::Error(ErrorCode::kTokenFailed,
                       token.subject() + ": the new key is not there; it was destroyed", kCheckToken);
    }
    if (keys.front().problem) throw tuf::Error(*keys.front().problem);
    return std::move(keys.front());
  } catch (...) {
    session->destroy(made_private);
    session->destroy(made_public);
    throw;
  }
}

}  // namespace hsm::pkcs11
