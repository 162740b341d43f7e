// KeyFile: the keys of one PEM file that the user has named (--key FILE), as a source of keys.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "hsm/file/private_key.h"
#include "hsm/key_source.h"
#include "hsm/secret_source.h"

namespace hsm {

class KeyFile final : public KeySource {
 public:
  /// `secrets` must outlive the source. Nothing is read before the first call.
  KeyFile(std::filesystem::path path, SecretSource& secrets);

  /// The file says only by its keys which they are, so both open all of them, once until they are
  /// closed. They throw as
  /// `read_key_file` and `open_key` do: what the user named must be usable.
  std::vector<KeyInfo> list() override;
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override;
  void close() override;

 private:
  struct Key {
    KeyInfo info;
    std::shared_ptr<PrivateKey> signer;  // null while closed
  };
  const std::vector<Key>& keys();
  std::vector<Key> open_all();

  std::filesystem::path path_;
  SecretSource& secrets_;
  std::optional<Secret> text_;  // of the file: a pipe can be read only once
  std::vector<Key> keys_;
};

}  // namespace hsm
