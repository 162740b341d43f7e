// KeyPem: one private key as a PEM block, as docker, notary and openssl write it (section 5.2), or the DER of
// one. Nothing is decrypted before `open`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hsm/file/private_key.h"
#include "hsm/os/secret_bytes.h"
#include "hsm/secret.h"

namespace hsm {

/// The headers of a key file. All may be empty.
struct KeyPemHeaders {
  std::string role;  // `root`, `targets`, `snapshot`, or any word for a delegation key
  std::string gun;   // only for targets, snapshot and timestamp keys
  std::string path;  // only in exported files: the key ID
};

class KeyPem {
 public:
  /// Every private key in `text`, readable or not; other blocks (`EC PARAMETERS`, certificates) are skipped,
  /// as is what ssh alone reads.
  static std::vector<KeyPem> parse_all(std::string_view text);

  const KeyPemHeaders& headers() const { return headers_; }
  bool is_encrypted() const;

  /// Throws kKeyMalformed, kKeyUnsupported; kInternal if the key is encrypted.
  PrivateKey open() const;
  /// Throws kWrongPassphrase as well; kInternal if the key is not encrypted.
  PrivateKey open(const Secret& passphrase) const;

 private:
  KeyPem() = default;
  std::string block_label_;  // "EC PRIVATE KEY"
  KeyPemHeaders headers_;
  std::string proc_type_;
  std::string dek_info_;
  SecretBytes content_;
};

/// The text of a key file that the official clients read: `ENCRYPTED PRIVATE KEY`, or with an empty
/// passphrase `PRIVATE KEY`.
std::string format_key_pem(const PrivateKey& key, const KeyPemHeaders& headers, const Secret& passphrase);

/// The `.pub` file for an administrator, as `docker trust key generate` writes it (section 5.3).
std::string format_public_key_pem(const tuf::PublicKey& key, std::string_view role);

}  // namespace hsm
