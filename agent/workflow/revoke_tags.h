// Revoking: tags are taken out of the roles that the keys at hand sign.
#pragma once

#include <string>
#include <vector>

#include "agent/workflow/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

struct RevokeRequest {
  std::vector<std::string> tags;
  /// Out of exactly these; empty: out of `targets` and every delegation that the keys at hand sign.
  std::vector<tuf::RoleName> roles;
};

/// Throws kNotSigned at the first attempt if a tag stands in none of the roles, kKeyNotInRole, kKeyNotFound.
ChangeRepository revoke_tags(RevokeRequest request, hsm::KeyRing& keys);

}  // namespace agent
