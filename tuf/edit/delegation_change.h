// DelegationChange: what can be changed about who signs below a role. Pure functions on the body of the
// parent; they keep its keys to those that its delegations use.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tuf/base/time.h"
#include "tuf/keys/public_key.h"
#include "tuf/metadata/roles.h"

namespace tuf {

/// Adds keys and paths to the delegation, which is made if it does not exist. `threshold` replaces the
/// present one if given. The keys of `instead_of` (canonical or TUF IDs) go in the same step, but for the
/// forms that are added: a bare key makes room for its certificate. False if nothing changes. Throws
/// kInvalidRole (no delegation; threshold above the number of usable key pairs), kKeyUnsupported (certificate
/// not valid at `now`), kInvalidTag (a path that no target name can start with).
bool add_to_delegation(Targets& parent, const RoleName& role, const std::vector<PublicKey>& keys,
                       const std::vector<std::string>& paths, std::optional<int> threshold, Time now,
                       const std::set<KeyId>& instead_of = {});

/// Takes keys, by canonical or TUF ID, and paths out of the delegation. False if none of them was there.
/// Throws kRoleNotFound, and kInvalidRole if the threshold could no longer be met.
bool remove_from_delegation(Targets& parent, const RoleName& role, const std::set<KeyId>& keys,
                            const std::set<std::string>& paths);

/// Takes the delegation out; false if it was not there. Its file stays where it is stored (section 7.7).
bool remove_delegation(Targets& parent, const RoleName& role);

}  // namespace tuf
