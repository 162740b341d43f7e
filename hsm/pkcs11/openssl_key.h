// A key on a token for OpenSSL's own functions, through libp11. Internal to this folder.
#pragma once

#include <memory>

#include "hsm/pkcs11/key_search.h"
#include "hsm/pkcs11/token.h"

struct evp_pkey_st;

namespace hsm::pkcs11 {

/// Keeps `token` alive: libp11 reads freed memory when a key outlives its context. Throws kTokenFailed.
std::shared_ptr<evp_pkey_st> openssl_key(std::shared_ptr<Token> token, const FoundKey& key);

}  // namespace hsm::pkcs11
