#include "tuf/metadata/roles.h"

#include <algorithm>

namespace tuf {

const Bytes* Target::sha256() const {
  const auto found = hashes.find("sha256");
  return found != hashes.end() && found->second.size() == 32 ? &found->second : nullptr;
}

std::vector<std::string> paths_below(const std::vector<std::string>& above, std::vector<std::string> paths) {
  std::erase_if(paths, [&](const std::string& path) {
    return std::none_of(above.begin(), above.end(),
                        [&](const std::string& prefix) { return path.starts_with(prefix); });
  });
  return paths;
}

const DelegationRole* Targets::find_role(const RoleName& name) const {
  const auto found =
      std::find_if(roles.begin(), roles.end(), [&](const DelegationRole& role) { return role.name == name; });
  return found == roles.end() ? nullptr : &*found;
}

}  // namespace tuf
