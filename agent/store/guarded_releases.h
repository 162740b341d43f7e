// GuardedReleases: the file of `targets/releases` that a run on this machine has signed last after it had
// checked every entry. An entry of it needs no voucher when it is signed again: whoever vouched for it may
// have left since.
//
// Only a guarded run writes it. That this identity has signed a file proves nothing: the official clients,
// and a run without a policy, sign whatever stands in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tuf/names/role_name.h"

namespace agent {

class GuardedReleases {
 public:
  /// `<trust dir>/countersign/releases/<SHA-256 of the GUN>.json`.
  GuardedReleases(const std::filesystem::path& trust_dir, const tuf::Gun& gun);

  /// As it was published; nullopt if there is none. Throws kLocal.
  std::optional<std::string> load() const;
  /// Throws kLocal.
  void save(const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace agent
