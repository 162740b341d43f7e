// ForeignRefusal: what is said to a run in whose way foreign entries stand: which they are, whose, and what
// leads on.
#pragma once

#include <vector>

#include "agent/policy/foreign_entries.h"
#include "agent/policy/policy.h"
#include "hsm/key_ring.h"
#include "tuf/base/error.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// kForeignEntry. `keys` are those that would have signed.
tuf::Error foreign_refusal(const Policy& policy, const tuf::TrustedRepository& repository,
                           const std::vector<ForeignEntry>& foreign, hsm::KeyRing& keys);

}  // namespace agent
