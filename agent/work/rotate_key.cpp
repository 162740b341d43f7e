#include "agent/work/rotate_key.h"

#include <algorithm>

#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"

namespace agent {

ChangeRepository rotate_key(const tuf::RoleName& role, const tuf::KeyObject& key, hsm::KeyRing& keys) {
  return [role, key, &keys](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    if (!draft.rotate(role, key)) return;
    const tuf::RoleName& root = tuf::RoleName::root();
    if (can_sign(repository, root, keys)) return;
    throw tuf::Error(
        tuf::ErrorCode::kKeyNotInRole,
        "the root key of " + repository.gun().text() + " is not at hand, and only it may change keys",
        mend_without_key(repository, root, keys));
  };
}

bool store_signs_snapshot(TrustStore& store, const tuf::TrustedRepository& repository) {
  const tuf::RoleName& snapshot = tuf::RoleName::snapshot();
  const auto& ids = repository.root().body.role(snapshot).key_ids;
  return std::find(ids.begin(), ids.end(), tuf::key_id(store.server_key(snapshot))) != ids.end();
}

}  // namespace agent
