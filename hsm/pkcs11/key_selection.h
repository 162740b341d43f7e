// Which private keys of a token a URI means. Internal to this folder.
#pragma once

#include <vector>

#include "hsm/pkcs11/key_search.h"
#include "hsm/pkcs11/token.h"

namespace hsm::pkcs11 {

/// The private keys in view that `uri` names, or, if none is called so, whose public half it names.
std::vector<FoundKey> private_keys(Token& token, const TokenUri& uri);

/// The only one. Throws kKeyNotFound, saying which attribute is not met; kKeyAmbiguous with the candidates;
/// the key's own problem if it has no usable public half.
FoundKey only_private_key(Token& token, const TokenUri& uri);

/// The URI of one key, fit for --key. `asked`: the URI it was found by, whose pin-source it keeps.
std::string key_uri(const Token& token, const FoundKey& key, const TokenUri& asked);

}  // namespace hsm::pkcs11
