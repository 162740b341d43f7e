// The DER inside private key blocks, in every form that docker, notary and openssl write (section 5.2).
#pragma once

#include <string_view>

#include "hsm/file/private_key.h"
#include "hsm/os/secret_bytes.h"

namespace hsm {

// Readers throw kKeyMalformed for a broken key, also one whose two halves disagree, and kKeyUnsupported for
// one that Notary cannot use; a hint may have FILE where the name of the file belongs.

/// What a block of PEM with this label holds, decrypted.
PrivateKey read_private_key(std::string_view label, tuf::ByteView der);
/// `PRIVATE KEY`: PKCS#8 with an EC, RSA or Ed25519 key, the latter as notary and as RFC 8410 write it.
PrivateKey read_pkcs8(tuf::ByteView der);
/// `EC PRIVATE KEY` (SEC 1).
PrivateKey read_sec1(tuf::ByteView der);
/// `RSA PRIVATE KEY` (PKCS#1).
PrivateKey read_pkcs1(tuf::ByteView der);
/// `ED25519 PRIVATE KEY`: public key, seed and once more the public key, 96 bytes.
PrivateKey read_notary_ed25519(tuf::ByteView bytes);

/// PKCS#8 that the official clients read: EC and RSA as openssl writes it, Ed25519 as notary does.
SecretBytes write_pkcs8(const PrivateKey& key);

}  // namespace hsm
