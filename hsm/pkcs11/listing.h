// Tokens and their keys as TokenInfo. Internal to this folder.
#pragma once

#include "hsm/pkcs11/token.h"
#include "hsm/pkcs11/token_info.h"

namespace hsm::pkcs11 {

/// The token and all its keys in view that `uri` admits. What goes wrong with the keys is told, not thrown:
/// one bad token must not hide the others.
TokenInfo describe_token(Token& token, const TokenUri& uri);

/// A token that is not initialised, as far as the module tells by itself; it is not touched.
TokenInfo describe_blank(const Module& module, const PKCS11_TOKEN& token);

}  // namespace hsm::pkcs11
