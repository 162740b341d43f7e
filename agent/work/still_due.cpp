#include "agent/work/still_due.h"

#include <algorithm>

#include "agent/work/rotate_key.h"
#include "agent/work/signing_keys.h"

namespace agent {
namespace {

std::vector<tuf::KeyId> keys_of_role(const tuf::TrustedRepository& repository, const tuf::RoleExpiry& role) {
  std::vector<tuf::KeyId> keys;
  if (role.version == 0) return keys;  // a certificate
  const tuf::RoleAuthority authority = authority_of(repository, tuf::RoleName::of(role.name));
  for (const tuf::PublicKey& key : authority.keys()) keys.push_back(key.canonical_id());
  return keys;
}

}  // namespace

std::vector<StillDue> still_due(TrustStore& store, const PublishedChanges& changes, bool server_renews,
                                tuf::Time due_by) {
  const tuf::TrustedRepository& repository = changes.repository;
  std::vector<StillDue> due;
  for (const tuf::RoleExpiry& role : tuf::role_expiries(repository, server_renews)) {
    if (!role.is_due(due_by)) continue;
    const bool by_server = server_renews && role.name == tuf::RoleName::snapshot().text();
    if (by_server && store_signs_snapshot(store, repository)) continue;
    due.push_back({repository.gun(), role, keys_of_role(repository, role)});
  }
  // What was signed just now lives as long as it can, and what a rehearsal would have signed as well.
  std::erase_if(due, [&](const StillDue& one) {
    return std::any_of(changes.files.begin(), changes.files.end(),
                       [&](const auto& file) { return file.role.text() == one.role.name; });
  });
  return due;
}

}  // namespace agent
