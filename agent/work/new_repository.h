// NewRepository: the first metadata of a repository.
#pragma once

#include <vector>

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"
#include "tuf/base/warning.h"

namespace agent {

/// Whether the store has a root for this repository, trusted or not.
bool repository_exists(TrustStore& store);

/// The first files of a repository. They carry nothing along, so nothing has to pass the gate.
tuf::PublishTransaction sign_new_repository(const tuf::RepositoryDraft& draft, hsm::KeyRing& keys);

struct NewRepository {
  tuf::Gun gun;
  tuf::Time now;
  tuf::PublicKey root;  // a certificate for the GUN
  tuf::PublicKey targets;
};

/// Creates the repository with the store managing snapshot and timestamp, and reads it back with the new root
/// as pin. Its two keys must be in the ring. Throws kConflict
/// if somebody else created it meanwhile, and what signing and the store throw: then nothing was created.
/// Only with kOutcomeUnknown it may have been.
tuf::TrustedRepository create_repository(TrustStore& store, SeenRepository& seen, const NewRepository& wanted,
                                         hsm::KeyRing& keys, std::vector<tuf::Warning>& warnings);

}  // namespace agent
