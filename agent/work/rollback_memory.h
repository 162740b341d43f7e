// RollbackMemory: what the trust directory remembers of a repository, as far as it can be believed.
//
// Anybody may have written those files, and official clients share them. A root counts if it signs itself,
// another top role's file if that root's keys have signed it. Whether a delegation's file counts is seen when
// the delegation is met: only then is it known whose keys must have signed it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/store/seen_repository.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

struct RollbackMemory {
  std::optional<tuf::Metadata<tuf::Root>> known_root;
  std::map<tuf::RoleName, tuf::SeenFile> seen;
  std::map<tuf::RoleName, tuf::SharedText> files;  // their bytes, of the trust directory
  std::vector<tuf::RoleName> delegations;          // that are likely still there, parents before children
  /// One sentence for every file that is of no use, and whether one of them is not even trust data of this
  /// repository: then somebody has damaged the memory, and only a pin may stand in for it.
  std::vector<std::string> losses;
  bool damaged = false;

  /// Of the files in the trust directory. With `root`, its keys decide what is believed, and no root is
  /// known.
  static RollbackMemory read(const SeenRepository& folder, const tuf::Gun& gun, tuf::Time now,
                             const tuf::Root* root = nullptr);
  /// Of what this very run has verified before.
  static RollbackMemory of(const tuf::TrustedRepository& repository);

  /// Versions of the remembered root and timestamp; nullopt if one of them is of no use.
  static std::optional<std::pair<std::int64_t, std::int64_t>> versions(const SeenRepository& folder,
                                                                       const tuf::Gun& gun, tuf::Time now);
};

}  // namespace agent
