#include "tuf/view/stored_target.h"

namespace tuf {

std::optional<Target> stored_target(const TrustedRepository& repository, const RoleName& role,
                                    std::string_view name) {
  const Delegation* delegation = repository.find_delegation(role);
  const Targets* body = !role.is_delegation()                ? &repository.targets().body
                        : delegation && delegation->metadata ? &delegation->metadata->body
                                                             : nullptr;
  return body ? body->targets.find(name) : std::nullopt;
}

bool is_same_image(const Target& one, const Target& other) {
  return one.sha256() && other.sha256() && *one.sha256() == *other.sha256();
}

}  // namespace tuf
