// Encryption of key files with a passphrase (section 5.2).
#pragma once

#include <string>

#include "hsm/os/secret_bytes.h"
#include "hsm/secret.h"

namespace hsm {

// Both readers throw kWrongPassphrase, kKeyMalformed for a broken file and kKeyUnsupported for a method that
// OpenSSL does not have or that would take more than seconds, with FILE in the hint. A wrong passphrase that
// happens to decrypt to valid padding (one in 256) is found out by the content, which is not DER.

/// `ENCRYPTED PRIVATE KEY`: PBES2 and whatever else OpenSSL knows.
SecretBytes decrypt_pkcs8(tuf::ByteView der, const Secret& passphrase);
/// The old `Proc-Type: 4,ENCRYPTED`; `dek_info` is the value of the header `DEK-Info`.
SecretBytes decrypt_legacy(tuf::ByteView ciphertext, const std::string& dek_info, const Secret& passphrase);

/// As the official clients read it: PBES2, PBKDF2-HMAC-SHA1 with a salt of 8 bytes, AES-256-CBC.
tuf::Bytes encrypt_pkcs8(tuf::ByteView pkcs8, const Secret& passphrase);

}  // namespace hsm
