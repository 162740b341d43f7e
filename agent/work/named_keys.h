// NamedKeys: keys of delegations as an administrator names them: by key ID, canonical or TUF, or by its
// beginning, as errors and tables print it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/work/publish_changes.h"
#include "tuf/keys/key_id.h"

namespace agent {

class NamedKeys {
 public:
  /// Throws kInvalidKeyRef unless each text is a key ID or at least four digits of one. The repository is one
  /// whose keys are meant.
  NamedKeys(std::vector<std::string> texts, const std::string& repository);

  bool empty() const { return texts_.empty(); }
  /// Their canonical IDs, among the keys that delegations of the repository list; a whole ID stays as it is,
  /// listed or not. Throws kKeyNotFound for a beginning that fits none of them, kKeyAmbiguous for one that
  /// fits several.
  std::set<tuf::KeyId> find_in(const tuf::TrustedRepository& repository) const;

 private:
  std::vector<std::string> texts_;
};

/// The change that `how` makes for the keys, which are looked for once, at the first attempt: what is taken
/// out is not found again.
ChangeRepository with_keys(NamedKeys keys, std::function<ChangeRepository(std::set<tuf::KeyId>)> how);

}  // namespace agent
