// Revoking: tags are taken out of the roles that the keys at hand sign.
#pragma once

#include <string>
#include <vector>

#include "agent/work/change_signers.h"
#include "hsm/key_ring.h"

namespace agent {

class PolicyGuard;

struct RevokeRequest {
  /// Empty: all that stand in the roles.
  std::vector<std::string> tags;
  /// Out of exactly these; empty: out of `targets` and every delegation directly below it that the keys at
  /// hand sign.
  std::vector<tuf::RoleName> roles;
  /// With a guard, it says which tags must stay.
  const PolicyGuard* guard = nullptr;
  Consent consent = {.hide_tags = true};
};

/// Throws, at the first attempt, kTagImmutable, and kNotSigned if a tag stands in none of the roles;
/// kKeyNotInRole, kKeyNotFound; kUsage, naming the tags that pullers would no longer get or get otherwise,
/// without consent.
ChangeRepository revoke_tags(RevokeRequest request, hsm::KeyRing& keys);

}  // namespace agent
