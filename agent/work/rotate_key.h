// Rotating: a top role gets another key.
#pragma once

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

/// Makes `key` the only key of `root`, `targets`, `snapshot` or `timestamp`; done if it is that already.
/// Throws kKeyNotInRole if the root's present key is not at hand.
ChangeRepository rotate_key(const tuf::RoleName& role, const tuf::KeyObject& key, hsm::KeyRing& keys);

/// Whether the store itself signs the snapshot of the repository.
bool store_signs_snapshot(TrustStore& store, const tuf::TrustedRepository& repository);

}  // namespace agent
