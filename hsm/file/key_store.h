// KeyStore: the private keys of a trust directory, shared with docker and notary (section 5.1):
// `<trust dir>/private/<canonical key ID>.key`. The file name decides the ID. The folders of old versions
// (`root_keys`, `tuf_keys/<gun>`) are read as well, never written or moved.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "hsm/file/key_pem.h"
#include "hsm/key_source.h"
#include "hsm/secret_source.h"

namespace hsm {

class KeyStore final : public KeySource {
 public:
  /// `secrets` must outlive the store. A folder that does not exist holds no keys.
  KeyStore(std::filesystem::path trust_dir, SecretSource& secrets);

  /// Decrypts nothing. A file that cannot be read as a key is listed by its name; opening it tells more.
  std::vector<KeyInfo> list() override;
  /// Throws kInsecureFile for a file that others can write, or can read while it is not encrypted; and
  /// kKeyMalformed if the key is not the one that the file name promises.
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override;

  /// The key whose ID starts with `prefix`. Throws kKeyNotFound; kKeyAmbiguous, naming the candidates.
  KeyInfo find(std::string_view prefix);

  /// Stores a key under `role` and, for targets, snapshot and timestamp keys, `gun`; an empty passphrase
  /// stores it unencrypted. Returns its file. A key that is there already stays as it is if it has the same
  /// role and GUN; otherwise throws kLocal.
  std::filesystem::path add(const PrivateKey& key, std::string_view role, std::string_view gun,
                            const Secret& passphrase);

  /// Removes the file of a key that `add` made; false if there is none. Throws kLocal.
  bool remove(const tuf::KeyId& canonical_id);

 private:
  struct Entry {
    std::filesystem::path path;
    KeyPemHeaders headers;  // what an old folder or file name says
  };
  std::map<tuf::KeyId, Entry> scan() const;

  std::filesystem::path folder_;
  SecretSource& secrets_;
};

}  // namespace hsm
