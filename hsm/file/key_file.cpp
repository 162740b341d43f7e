#include "hsm/file/key_file.h"

#include "hsm/file/open_key.h"
#include "hsm/os/private_file.h"

namespace hsm {

KeyFile::KeyFile(std::filesystem::path path, SecretSource& secrets)
    : path_(std::move(path)), secrets_(secrets) {}

std::vector<KeyFile::Key> KeyFile::open_all() {
  if (!text_) {
    const PrivateFile file = read_private_file(path_);
    read_key_file(file, path_);  // may it be used?
    text_.emplace(file.text());
  }
  std::vector<Key> keys;
  for (const KeyPem& pem : KeyPem::parse_all(text_->reveal())) {
    const KeyPemHeaders& headers = pem.headers();
    auto signer = std::make_shared<PrivateKey>(open_key(pem, path_, headers.role, secrets_));
    const tuf::PublicKey& public_key = signer->public_key();
    KeyInfo info{public_key.canonical_id(), path_.string(), headers.role, headers.gun, public_key};
    keys.push_back({std::move(info), std::move(signer)});
  }
  return keys;
}

const std::vector<KeyFile::Key>& KeyFile::keys() {
  if (keys_.empty()) keys_ = open_all();
  return keys_;
}

std::vector<KeyInfo> KeyFile::list() {
  std::vector<KeyInfo> infos;
  for (const Key& key : keys()) infos.push_back(key.info);
  return infos;
}

std::shared_ptr<tuf::Signer> KeyFile::open(const tuf::KeyId& canonical_id) {
  for (std::size_t i = 0; i < keys().size(); ++i) {
    if (keys_[i].info.canonical_id != canonical_id) continue;
    if (!keys_[i].signer) keys_ = open_all();
    return keys_[i].signer;
  }
  return nullptr;
}

void KeyFile::close() {
  for (Key& key : keys_) key.signer.reset();
}

}  // namespace hsm
