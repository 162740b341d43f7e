// KeyStore: the private keys of a trust directory, shared with docker and notary (section 5.1):
// `<trust dir>/private/<canonical key ID>.key`. The file name decides the ID. The folders of old versions
// (`root_keys`, `tuf_keys/<gun>`) are read as well, never written or moved.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "hsm/file/key_pem.h"
#include "hsm/key_source.h"
#include "hsm/secret_source.h"

namespace hsm {

class KeyStore final : public KeySource {
 public:
  /// `secrets` must outlive the store. A folder that does not exist holds no keys.
  KeyStore(const std::filesystem::path& trust_dir, SecretSource& secrets);

  /// Decrypts nothing. A file that cannot be read as a key is listed by its name; opening it tells more.
  std::vector<KeyInfo> list() override;
  /// Throws kInsecureFile for a file that others can write, or can read while it is not encrypted; and
  /// kKeyMalformed if the key is not the one that the file name promises.
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override;

  /// Files of the trust directory that hold a private key under a name that is no ID, where neither this
  /// store nor docker and notary find it: somebody has copied it there by hand.
  std::vector<std::filesystem::path> misnamed() const;

  /// The key whose ID starts with `prefix`. Throws kKeyNotFound; kKeyAmbiguous, naming the candidates.
  KeyInfo find(std::string_view prefix);

  /// Stores a key under `role` and, for targets, snapshot and timestamp keys, `gun`; an empty passphrase
  /// stores it unencrypted. Returns its file. A key that is there already stays as it is if it has the same
  /// role and GUN; otherwise throws kLocal. Beside one in a folder of an old version a copy is stored.
  std::filesystem::path add(const PrivateKey& key, std::string_view role, std::string_view gun,
                            const Secret& passphrase);

  /// The key as a file that notary imports: encrypted with the passphrase that it has now, so that whoever
  /// exports it knows that the copy can be opened. Throws kKeyNotFound, what `open` throws, and
  /// kSecretMissing if the key is stored unencrypted.
  std::string export_pem(const tuf::KeyId& canonical_id);
  /// Encrypts the file of a key anew. Throws kKeyNotFound, what `open` throws, and kLocal for a file in a
  /// folder of an old version.
  void change_passphrase(const tuf::KeyId& canonical_id, const Secret& passphrase);

  /// Removes the file of a key; false if there is none. Throws kLocal, also for a file in a folder of an old
  /// version.
  bool remove(const tuf::KeyId& canonical_id);

 private:
  struct Entry {
    std::filesystem::path path;
    KeyPemHeaders headers;  // what an old folder or file name says
  };
  std::map<tuf::KeyId, Entry> scan(std::vector<std::filesystem::path>* others = nullptr) const;
  struct OpenEntry {
    PrivateKey key;
    KeyPemHeaders headers;
    std::filesystem::path path;
    bool encrypted;
  };
  std::optional<OpenEntry> open_entry(const tuf::KeyId& canonical_id);
  /// The file lies where this version puts it.
  bool is_own(const std::filesystem::path& path) const;
  /// Throws kLocal unless it does.
  void require_own(const std::filesystem::path& path, const KeyPemHeaders& headers) const;

  std::filesystem::path folder_;
  SecretSource& secrets_;
};

}  // namespace hsm
