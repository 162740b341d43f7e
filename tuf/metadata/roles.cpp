#include "tuf/metadata/roles.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "tuf/base/hex.h"

namespace tuf {

const Bytes* Target::sha256() const {
  const auto found = hashes.find("sha256");
  return found != hashes.end() && found->second.size() == 32 ? &found->second : nullptr;
}

std::string Target::digest() const {
  const Bytes* hash = sha256();
  return hash ? "sha256:" + to_hex(*hash) : "";
}

std::vector<std::string> paths_below(const std::vector<std::string>& above, std::vector<std::string> paths) {
  // Sorted, and without those that another one covers: then the only one that a path can start with is the
  // last that is not greater.
  std::vector<std::string_view> prefixes(above.begin(), above.end());
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<std::string_view> widest;
  for (const std::string_view prefix : prefixes) {
    if (widest.empty() || !prefix.starts_with(widest.back())) widest.push_back(prefix);
  }
  std::erase_if(paths, [&](const std::string& path) {
    const auto after = std::upper_bound(widest.begin(), widest.end(), std::string_view(path));
    return after == widest.begin() || !path.starts_with(*std::prev(after));
  });
  return paths;
}

const DelegationRole* Targets::find_role(const RoleName& name) const {
  const auto found =
      std::find_if(roles.begin(), roles.end(), [&](const DelegationRole& role) { return role.name == name; });
  return found == roles.end() ? nullptr : &*found;
}

}  // namespace tuf
