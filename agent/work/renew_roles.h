// Renewing: roles are signed anew before they expire, after they have expired, or after their keys were
// changed.
//
// Roles below another delegation are left alone: whoever signs that one says who signs them, and could so
// have anything signed by a key that they list. Only witness_roles.h signs them, where they are named.
#pragma once

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

class PolicyGuard;

/// Signs anew root, targets and delegations that the keys at hand can sign and that expire before `due_by`,
/// and a snapshot that the server does not sign.
/// Throws kKeyNotFound if a role that has expired already, and that blocks every reader, cannot be signed
/// here. An identity is left to whoever has signed it if signing it anew would take from them what the policy
/// allows (PolicyGuard::silences_others). Load with Tolerance::expiry.
ChangeRepository renew_due_roles(tuf::Time due_by, hsm::KeyRing& keys, const PolicyGuard* guard = nullptr);

/// Signs anew every role whose stored file is not the one that the snapshot names, because the store hashes
/// another form of it than it was given (section 2.5). Load with Tolerance::other_form. Throws kKeyNotInRole
/// if no key at hand may sign such a role, kRepositoryBroken for one that has no file at all.
ChangeRepository repair_roles(hsm::KeyRing& keys);

}  // namespace agent
