// GuardedReleases: the file of `targets/releases` that a run on this machine has signed last after it had
// checked every entry. An entry of it needs no voucher when it is signed again: whoever vouched for it may
// have left the repository since. It ends with the first key that goes out of the policy: what a stolen key
// has vouched for is nobody's.
//
// Only a guarded run writes it. That this identity has signed a file proves nothing: the official clients,
// and a run without a policy, sign whatever stands in it.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "tuf/keys/key_id.h"
#include "tuf/names/role_name.h"

namespace agent {

class GuardedReleases {
 public:
  /// `<trust dir>/countersign/releases/<SHA-256 of the GUN>.json`, and `.keys` beside it.
  GuardedReleases(const std::filesystem::path& trust_dir, const tuf::Gun& gun);

  using Keys = std::set<tuf::KeyId>;
  /// As it was published; nullopt if there is none, or if it was checked by a policy with keys that are not
  /// among these, which the policy has now. Throws kLocal.
  std::optional<std::string> load(const Keys& keys) const;
  /// `keys`: those of the policy. Throws kLocal.
  void save(std::string_view bytes, const Keys& keys) const;

 private:
  std::filesystem::path path_;
  std::filesystem::path keys_path_;  // canonical IDs, one per line
};

}  // namespace agent
