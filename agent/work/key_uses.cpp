#include "agent/work/key_uses.h"

#include "agent/store/offline_store.h"
#include "tuf/base/warning.h"
#include "tuf/trust/role_authority.h"

namespace agent {
namespace {

using tuf::RoleAuthority;
using tuf::RoleName;
using Uses = std::map<tuf::KeyId, std::vector<KeyUse>>;

void add(const RoleAuthority& authority, const RoleName& role, const tuf::Gun& gun, Uses& uses) {
  for (const tuf::PublicKey& key : authority.keys()) {
    std::vector<KeyUse>& of_key = uses[key.canonical_id()];
    if (of_key.empty() || of_key.back().gun != gun) of_key.push_back({gun, {}, key.description()});
    std::vector<RoleName>& roles = of_key.back().roles;
    if (roles.empty() || roles.back() != role) roles.push_back(role);  // a key may be listed in two forms
  }
}

/// Anybody's root can list a key that is not theirs: only one that has signed it stands for it.
void add_trust_roots(const tuf::TrustedRepository& repository, Uses& uses) {
  const auto& root = repository.root();
  const RoleAuthority authority = RoleAuthority::of(root.body, RoleName::root());
  for (const tuf::PublicKey& key : authority.keys()) {
    if (tuf::is_signed_by(key, root.signed_text, root.signatures))
      uses[key.canonical_id()].back().trust_root = key.id();
  }
}

void add(const tuf::TrustedRepository& repository, Uses& uses) {
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    const RoleName role = RoleName::of(name);
    add(RoleAuthority::of(repository.root().body, role), role, repository.gun(), uses);
  }
  add_trust_roots(repository, uses);
  for (const tuf::Delegation& delegation : repository.delegations())
    add(delegation.authority, delegation.role.name, repository.gun(), uses);
}

}  // namespace

Uses find_key_uses(const std::filesystem::path& trust_dir, tuf::Time now,
                   std::vector<tuf::Warning>& warnings) {
  Uses uses;
  for (const tuf::Gun& gun : seen_repositories(trust_dir)) {
    try {
      SeenRepository seen(trust_dir, gun);
      OfflineStore store(seen);
      LoadRequest request{gun, {}, now, {}};
      request.tolerate.expiry = true;
      std::vector<tuf::Warning> ignored;  // of a state that nothing is decided by
      add(load_repository({store, seen, request}, ignored), uses);
    } catch (const tuf::Error& error) {
      warnings.push_back({"REPOSITORY_SKIPPED", gun.text() + " is left out: " + error.what()});
    }
  }
  return uses;
}

}  // namespace agent
