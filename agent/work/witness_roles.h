// Witnessing: delegations are signed anew by name, whoever has signed them before.
#pragma once

#include <vector>

#include "agent/store/trust_store.h"
#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

/// What to do with a delegation whose stored file its keys have not signed (section 7.7, "witness").
enum class UnverifiedContent { kRefuse, kAdopt, kEmpty };

/// Signs the delegations anew as they are. A stored file that does not verify is refused, naming what it
/// holds, taken over, or replaced by an empty one. Throws kRoleNotFound, kKeyNotInRole, kBadSignature.
ChangeRepository witness_roles(TrustStore& store, std::vector<tuf::RoleName> roles, UnverifiedContent content,
                               hsm::KeyRing& keys);

}  // namespace agent
