// What comes back: a role's file stays where it is stored when the role goes, or its keys. Whoever lets the
// keys that have signed it in again lets it count again, too.
#pragma once

#include <string>
#include <vector>

#include "agent/store/trust_store.h"
#include "agent/work/change_signers.h"

namespace agent {

struct RevivedRole {
  tuf::RoleName role;
  std::vector<std::string> tags;
};

/// The roles among `changes` that nobody can use now and whose stored file the draft's keys approve, each
/// with the tags that count again. Throws what the store throws.
std::vector<RevivedRole> revived_roles(TrustStore& store, const tuf::TrustedRepository& repository,
                                       const tuf::RepositoryDraft& draft,
                                       const std::vector<SignerChange>& changes);

}  // namespace agent
