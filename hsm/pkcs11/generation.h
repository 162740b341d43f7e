// Makes a key pair on a token. Internal to this folder.
#pragma once

#include <string>

#include "hsm/key_algorithm.h"
#include "hsm/pkcs11/key_search.h"
#include "hsm/pkcs11/token.h"

namespace hsm::pkcs11 {

/// Whether such a key can be made there, before it is. Throws kKeyAmbiguous if the label is taken,
/// kKeyUnsupported if the token cannot make such keys.
void require_room(Token& token, const std::string& label, KeyAlgorithm algorithm);

/// The private key can sign and nothing else, and never leaves; what the token then says of it is checked.
/// Throws what require_room throws, and kTokenFailed if what it made is not what was asked for (it is
/// destroyed then).
FoundKey generate_key_pair(Token& token, const std::string& label, KeyAlgorithm algorithm);

}  // namespace hsm::pkcs11
