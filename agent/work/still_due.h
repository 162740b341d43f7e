// What a run that signs anew what expires has left for others.
#pragma once

#include <vector>

#include "agent/store/trust_store.h"
#include "agent/work/publish_changes.h"
#include "tuf/view/role_expiry.h"

namespace agent {

/// A role that expires in time, and that neither the run nor the server has signed anew.
struct StillDue {
  tuf::Gun gun;
  tuf::RoleExpiry role;
  std::vector<tuf::KeyId> keys;  // that may sign it, canonical; empty: no key helps, but a new one
};

/// Those that expire by `due_by`, after these changes. `server_renews`: the store signs timestamps, and
/// snapshots that are its to sign, by itself. Throws what the store throws when it is asked for its keys.
std::vector<StillDue> still_due(TrustStore& store, const PublishedChanges& changes, bool server_renews,
                                tuf::Time due_by);

}  // namespace agent
