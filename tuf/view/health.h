// Health: what of a repository is going to stop readers, or is not read already.
#pragma once

#include <vector>

#include "tuf/base/warning.h"
#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// EXPIRES_SOON for root, its certificates, targets and delegations that expire within six months, as the
/// official clients warn (section 7.4); ROLE_UNUSABLE for delegations that readers skip. What the store signs
/// by itself, it also renews by itself.
std::vector<Warning> health_warnings(const TrustedRepository& repository);
/// Within six months.
bool is_nearing_expiry(Time expires, Time now);

}  // namespace tuf
