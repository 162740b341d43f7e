#include "hsm/pkcs11/token_key.h"

#include <algorithm>

#include "hsm/pkcs11/key_origin.h"
#include "hsm/pkcs11/key_search.h"
#include "hsm/pkcs11/openssl_key.h"
#include "hsm/pkcs11/token.h"
#include "hsm/pkcs11/token_hints.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"

namespace hsm {
namespace {

using pkcs11::check;
using pkcs11::FoundKey;
using pkcs11::Session;

constexpr CK_ULONG kSaltLength = 32;
constexpr std::size_t kLargestSignature = 16384 / 8;

/// What CKM_ECDSA takes: the leftmost bits of the digest, as many as the order has. Some modules cut by
/// themselves, others refuse what is too long (P-224 with SHA-256).
tuf::ByteView cut_to_order(tuf::ByteView digest, int bits) {
  return digest.first(std::min(digest.size(), static_cast<std::size_t>(bits + 7) / 8));
}

}  // namespace

TokenKey::TokenKey(std::shared_ptr<pkcs11::Token> token, FoundKey found)
    : token_(std::move(token)),
      found_(std::make_unique<FoundKey>(std::move(found))),
      epoch_(token_->epoch()),
      always_authenticate_(
          token_->session().flag(found_->private_key, CKA_ALWAYS_AUTHENTICATE).value_or(false)) {}

TokenKey::~TokenKey() = default;

const tuf::PublicKey& TokenKey::public_key() const {
  return *found_->public_key;
}

std::string TokenKey::uri() const {
  TokenUri uri = token_->uri();
  uri.object = found_->label;
  uri.id = found_->id;
  return uri.to_string();
}

KeyOrigin TokenKey::origin() {
  const std::lock_guard lock(token_->mutex());
  const auto guard = token_->module().watchdog().watch(token_->subject() + ": reading a key");
  return token_->steadily([&] {
    find_again();
    return pkcs11::key_origin(token_->session(), found_->private_key);
  });
}

std::shared_ptr<evp_pkey_st> TokenKey::openssl_key() {
  const std::lock_guard lock(token_->mutex());
  const auto guard = token_->module().watchdog().watch(token_->subject() + ": opening a key for OpenSSL");
  return pkcs11::openssl_key(token_, *found_);
}

tuf::Bytes TokenKey::sign(tuf::ByteView message) {
  const std::lock_guard lock(token_->mutex());
  const auto guard =
      token_->module().watchdog().watch(token_->subject() + ": signing with " + describe(*found_));
  const tuf::Bytes digest = tuf::sha256(message);
  tuf::Bytes value = token_->steadily([&] { return sign_digest(digest); });
  const tuf::Signature signature{public_key().id().hex(), std::string(signature_method(public_key().type())),
                                 value};
  if (!public_key().verifies(signature, message)) {
    throw tuf::Error(tuf::ErrorCode::kBadTokenSignature,
                     token_->subject() + ": what came back (" + std::to_string(value.size()) +
                         " bytes) is no signature by " + describe(*found_) + ", key " +
                         public_key().canonical_id().short_form());
  }
  return value;
}

tuf::Bytes TokenKey::sign_digest(tuf::ByteView digest) {
  find_again();
  Session& session = token_->session();
  CK_FUNCTION_LIST& functions = session.functions();
  CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, kSaltLength};
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  if (public_key().type() == tuf::KeyType::kRsa) {
    mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof pss};
  } else {
    digest = cut_to_order(digest, public_key().bits());
  }
  const std::string subject = token_->subject() + ", " + describe(*found_);
  check(functions.C_SignInit(session.handle(), &mechanism, found_->private_key), subject, "C_SignInit");
  if (always_authenticate_) token_->authenticate_operation();
  tuf::Bytes signature(kLargestSignature);
  CK_ULONG length = signature.size();
  auto* input = const_cast<CK_BYTE*>(digest.data());
  check(functions.C_Sign(session.handle(), input, digest.size(), signature.data(), &length), subject,
        "C_Sign");
  signature.resize(std::min<std::size_t>(length, signature.size()));
  return signature;
}

/// Handles die with the session they came from.
void TokenKey::find_again() {
  if (epoch_ == token_->epoch()) return;
  for (FoundKey& key : pkcs11::find_private_keys(token_->session(), found_->label, found_->id)) {
    if (!key.public_key || key.public_key->canonical_id() != public_key().canonical_id()) continue;
    found_->private_key = key.private_key;
    epoch_ = token_->epoch();
    return;
  }
  throw tuf::Error(tuf::ErrorCode::kKeyNotFound,
                   token_->subject() + ": " + describe(*found_) + " is no longer there", pkcs11::kListKeys);
}

}  // namespace hsm
