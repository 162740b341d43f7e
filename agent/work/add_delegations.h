// Adding delegations: who may sign, and which tags.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"
#include "tuf/base/warning.h"

namespace agent {

/// A delegation with keys and paths to add. Without paths one that is there keeps its own, and a new one is
/// for all: whoever adds a key does not mean to widen what the role may sign.
struct DelegationToAdd {
  tuf::RoleName role;
  std::vector<tuf::PublicKey> keys;
  std::vector<std::string> paths;
  std::optional<int> threshold;
};

/// Adds all of them. Throws kKeyNotInRole if the key of a parent (the repository key, for delegations below
/// `targets`) is not at hand; kInvalidRole for a new role whose name is nearly `targets/releases`.
ChangeRepository add_delegations(std::vector<DelegationToAdd> delegations, hsm::KeyRing& keys);

/// What is allowed and probably not meant, in the repository as it is with them: KEY_SHARED for a key that
/// another identity has too, NEARLY_THE_SAME for a role whose name is that of another but for one letter.
std::vector<tuf::Warning> doubts_about(const tuf::TrustedRepository& repository,
                                       const std::vector<DelegationToAdd>& added);

/// What `signer add` adds: `targets/<name>` and `targets/releases`, each for all paths if it is new
/// (section 8.2). Throws what require_signer_name throws.
std::vector<DelegationToAdd> signer_delegations(const std::string& name,
                                                const std::vector<tuf::PublicKey>& keys);

}  // namespace agent
