#include "hsm/pkcs11/openssl_key.h"

#include <libp11.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstring>

#include "tuf/base/openssl.h"

namespace hsm::pkcs11 {
namespace {

using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

bool has_id(const PKCS11_KEY& key, const tuf::Bytes& id) {
  return key.id_len == id.size() && (id.empty() || std::memcmp(key.id, id.data(), id.size()) == 0);
}

/// The public half as libp11 sees it, without `PKCS11_get_public_key`; empty if there is none.
tuf::Bytes spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  tuf::Bytes spki;
  if (length > 0) spki.assign(der, der + length);
  OPENSSL_free(der);
  tuf::drain_openssl_errors();
  return spki;
}

tuf::Error not_openable(const Token& token, const FoundKey& key, const std::string& why, std::string hint) {
  return {tuf::ErrorCode::kTokenFailed,
          token.subject() + ": libp11 cannot open " + describe(key) + ": " + why, std::move(hint)};
}

}  // namespace

std::shared_ptr<evp_pkey_st> openssl_key(std::shared_ptr<Token> token, const FoundKey& key) {
  if (!token->module().shared_with_libp11()) {
    throw not_openable(*token, key, "this module logs in for each of its callers apart",
                       "name the module behind it with module-path=");
  }
  // libp11 would wait forever for a session it cannot have; see that there is room.
  CK_SESSION_HANDLE probe = CK_INVALID_HANDLE;
  const CK_SLOT_ID slot_id = PKCS11_get_slotid_from_slot(token->slot());
  CK_FUNCTION_LIST& functions = token->module().functions();
  check(functions.C_OpenSession(slot_id, CKF_SERIAL_SESSION, nullptr, nullptr, &probe), token->subject(),
        "C_OpenSession");
  functions.C_CloseSession(probe);

  PKCS11_KEY* keys = nullptr;
  unsigned int count = 0;
  ERR_clear_error();
  if (PKCS11_enumerate_keys(token->slot()->token, &keys, &count) != 0) {
    const CK_RV rv = take_libp11_error(CKR_OK);
    throw not_openable(*token, key,
                       rv == CKR_OK ? "listing the keys failed without a reason" : return_value_name(rv),
                       "libp11 sees no key at all on a token that holds an Ed25519 key; keep the signing key "
                       "on a token of its own");
  }
  for (unsigned int i = 0; i < count; ++i) {
    if (!has_id(keys[i], key.id)) continue;
    EvpKey evp{PKCS11_get_private_key(&keys[i])};
    take_libp11_error();
    // Of two keys with the same ID only the public half tells which is which; an EC key without a public
    // object has none in libp11's eyes.
    if (!evp || spki_of(evp.get()) != key.public_key->spki()) continue;
    return {evp.release(), [owner = std::move(token)](EVP_PKEY* last) { EVP_PKEY_free(last); }};
  }
  throw not_openable(
      *token, key, "no key that libp11 lists has this ID and this public half",
      "libp11 pairs halves by ID alone: give each key pair an ID of its own, and a public key object");
}

}  // namespace hsm::pkcs11
