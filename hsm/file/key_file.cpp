#include "hsm/file/key_file.h"

#include "hsm/file/open_key.h"

namespace hsm {

KeyFile::KeyFile(std::filesystem::path path, SecretSource& secrets)
    : path_(std::move(path)), secrets_(secrets) {}

const std::vector<KeyFile::Key>& KeyFile::keys() {
  if (!keys_.empty()) return keys_;
  std::vector<Key> keys;
  for (const KeyPem& pem : read_key_file(path_)) {
    const KeyPemHeaders& headers = pem.headers();
    auto signer = std::make_shared<PrivateKey>(open_key(pem, path_, headers.role, secrets_));
    const tuf::PublicKey& public_key = signer->public_key();
    KeyInfo info{public_key.canonical_id(), path_.string(), headers.role, headers.gun, public_key};
    keys.push_back({std::move(info), std::move(signer)});
  }
  keys_ = std::move(keys);
  return keys_;
}

std::vector<KeyInfo> KeyFile::list() {
  std::vector<KeyInfo> infos;
  for (const Key& key : keys()) infos.push_back(key.info);
  return infos;
}

std::shared_ptr<tuf::Signer> KeyFile::open(const tuf::KeyId& canonical_id) {
  for (const Key& key : keys()) {
    if (key.info.canonical_id == canonical_id) return key.signer;
  }
  return nullptr;
}

}  // namespace hsm
