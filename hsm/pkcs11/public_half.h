// The public key that a PKCS#11 object carries, as one of ours. Internal to this folder.
#pragma once

#include <optional>

#include "hsm/pkcs11/session.h"
#include "tuf/keys/public_key.h"

namespace hsm::pkcs11 {

/// Of a public key object. Throws kKeyUnsupported or kKeyMalformed, without the name of the key.
tuf::PublicKey public_key_of_object(const Session& session, CK_OBJECT_HANDLE object);

/// Of a certificate object.
tuf::PublicKey public_key_of_certificate(const Session& session, CK_OBJECT_HANDLE object);

/// What a private key object tells by itself: modulus and exponent of RSA, CKA_PUBLIC_KEY_INFO, or the point
/// that some modules keep beside an EC key.
std::optional<tuf::PublicKey> public_key_of_private(const Session& session, CK_OBJECT_HANDLE object);

/// "EC", "RSA", "Ed25519", "key type 0x1f": what kind of key the object says it is.
std::string kind_of_key(const Session& session, CK_OBJECT_HANDLE object);

}  // namespace hsm::pkcs11
