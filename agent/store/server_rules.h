// What a Notary server does with a POST and with stale files, for stores that play its part (sections 2.1 to
// 2.6). No files and no clock: what is stored, the keys and the time come in, the files to store come out.
//
// Stricter than the server where that would store what nobody can read: files must be in the one exact form,
// a role needs as many usable keys as its threshold, and a root that changes the keys of targets must come
// with targets that those have signed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/store/server_keys.h"
#include "agent/store/trust_store.h"
#include "tuf/base/time.h"

namespace agent {

/// One file for each role.
using RoleFiles = std::map<tuf::RoleName, std::string>;

/// The state of one repository at a server.
struct ServerState {
  tuf::Gun gun;
  tuf::Time now;
  std::function<std::optional<std::string>(const tuf::RoleName&)> newest;  // stored file of a role
  ServerKeys& keys;
};

/// The files to store for what was posted: those, a new snapshot unless its key is the client's, and a new
/// timestamp; both signed also with the key that the stored root names, where that is ours. nullopt if a
/// posted version is not above the stored one. Throws kServerRejected with the reason, kRepositoryBroken if
/// what is stored cannot be built upon.
std::optional<RoleFiles> accept_publish(const ServerState& state, const std::vector<RoleFile>& posted);

/// A new timestamp, and a new snapshot if its key is ours, where half of their life is over; nothing while
/// they are fresh or if the keys are not at hand. Throws kRepositoryBroken.
RoleFiles refresh_due(const ServerState& state);

/// The key with which the server signs the role: the one that the stored root names, else the newest, which
/// is made if there is none.
std::shared_ptr<tuf::Signer> current_server_key(const ServerState& state, const tuf::RoleName& role);

}  // namespace agent
