#include "agent/work/new_keys.h"

#include "hsm/os/atomic_file.h"
#include "tuf/base/error.h"

namespace agent {

void require_room_for_keys(Run& run) {
  run.key_store().list();
  hsm::require_folder(run.settings().trust_dir());
}

NewKeys::~NewKeys() {
  for (const tuf::KeyId& id : stored_) {
    try {
      run_.key_store().remove(id);
    } catch (const tuf::Error&) {
      // A key too many does no harm; the error that brought us here is the one to report.
    }
  }
}

std::shared_ptr<tuf::Signer> NewKeys::make(const std::string& role, const std::string& gun) {
  run_.secrets().passphrase(role);
  hsm::require_folder(run_.settings().trust_dir());
  made_.push_back(
      {std::make_shared<hsm::PrivateKey>(hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256)), role, gun});
  return made_.back().key;
}

void NewKeys::store() {
  for (const Made& made : made_) {
    run_.key_store().add(*made.key, made.role, made.gun, run_.secrets().passphrase(made.role));
    stored_.push_back(made.key->public_key().canonical_id());
  }
}

}  // namespace agent
