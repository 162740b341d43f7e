// The two steps that every key file goes through, with the path in every error.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "hsm/file/key_pem.h"
#include "hsm/os/private_file.h"
#include "hsm/secret_source.h"

namespace hsm {

/// The private keys in a file, at least one. Throws kFileUnreadable, kKeyMalformed if there is none, and
/// kInsecureFile for a file that others can write, or can read while one of the keys is not encrypted.
std::vector<KeyPem> read_key_file(const std::filesystem::path& path);
/// The same for a file that is read already.
std::vector<KeyPem> read_key_file(const PrivateFile& file, const std::filesystem::path& path);

/// Opens a key of this file; if it is encrypted, with the passphrase for `role`. Throws kSecretMissing and
/// KEY errors.
PrivateKey open_key(const KeyPem& key, const std::filesystem::path& path, std::string_view role,
                    SecretSource& secrets);

}  // namespace hsm
