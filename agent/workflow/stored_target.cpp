#include "agent/workflow/stored_target.h"

namespace agent {

const tuf::Target* stored_target(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                                 const std::string& name) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  const tuf::Targets* body = !role.is_delegation()                ? &repository.targets().body
                             : delegation && delegation->metadata ? &delegation->metadata->body
                                                                  : nullptr;
  if (!body) return nullptr;
  const auto found = body->targets.find(name);
  return found == body->targets.end() ? nullptr : &found->second;
}

bool is_same_image(const tuf::Target& one, const tuf::Target& other) {
  return one.sha256() && other.sha256() && *one.sha256() == *other.sha256();
}

}  // namespace agent
