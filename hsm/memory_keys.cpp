#include "hsm/memory_keys.h"

namespace hsm {

std::vector<KeyInfo> MemoryKeys::list() {
  std::vector<KeyInfo> keys;
  for (const auto& signer : signers_) {
    const tuf::PublicKey& key = signer->public_key();
    keys.push_back({key.canonical_id(), "memory", "", "", key});
  }
  return keys;
}

std::shared_ptr<tuf::Signer> MemoryKeys::open(const tuf::KeyId& canonical_id) {
  for (const auto& signer : signers_) {
    if (signer->public_key().canonical_id() == canonical_id) return signer;
  }
  return nullptr;
}

}  // namespace hsm
