#include "tuf/view/stored_target.h"

namespace tuf {

const Target* stored_target(const TrustedRepository& repository, const RoleName& role,
                            const std::string& name) {
  const Delegation* delegation = repository.find_delegation(role);
  const Targets* body = !role.is_delegation()                ? &repository.targets().body
                        : delegation && delegation->metadata ? &delegation->metadata->body
                                                             : nullptr;
  if (!body) return nullptr;
  const auto found = body->targets.find(name);
  return found == body->targets.end() ? nullptr : &found->second;
}

bool is_same_image(const Target& one, const Target& other) {
  return one.sha256() && other.sha256() && *one.sha256() == *other.sha256();
}

}  // namespace tuf
