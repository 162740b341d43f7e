#include "agent/work/revived_roles.h"

#include "agent/work/stored_file.h"
#include "tuf/base/error.h"
#include "tuf/metadata/codec.h"

namespace agent {
namespace {

/// Whether a file of it is stored that nobody can use now and that is not about to be replaced.
bool has_idle_file(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                   const tuf::RoleName& role) {
  if (!draft.definition_of(role) || draft.find_changed(role)) return false;
  const tuf::Delegation* present = repository.find_delegation(role);
  if (present && present->state != tuf::Delegation::State::kBelowThreshold) return false;
  const auto& meta = repository.snapshot().body.meta;
  const auto named = meta.find(role.text());
  return named != meta.end() && named->second.length <= static_cast<std::int64_t>(tuf::kMaxStandingLength);
}

/// nullopt for what readers would not take either.
std::optional<tuf::Metadata<tuf::Targets>> read_idle_file(TrustStore& store,
                                                          const tuf::TrustedRepository& repository,
                                                          const tuf::RoleName& role) {
  try {
    return tuf::decode<tuf::Targets>(stored_file(store, repository, role), role.text());
  } catch (const tuf::Error& error) {
    if (error.code() == tuf::ErrorCode::kRepositoryBroken ||
        error.code() == tuf::ErrorCode::kMalformedMetadata)
      return std::nullopt;
    throw;
  }
}

}  // namespace

std::vector<RevivedRole> revived_roles(TrustStore& store, const tuf::TrustedRepository& repository,
                                       const tuf::RepositoryDraft& draft,
                                       const std::vector<SignerChange>& changes) {
  std::vector<RevivedRole> revived;
  for (const SignerChange& change : changes) {
    const tuf::RoleName& role = change.name;
    if (!role.is_delegation() || !has_idle_file(repository, draft, role)) continue;
    const auto file = read_idle_file(store, repository, role);
    if (!file || file->body.expires <= repository.now()) continue;
    if (!draft.authority_of(role)->approves(file->signed_text, file->signatures)) continue;
    std::vector<std::string> tags;
    for (const auto& entry : file->body.targets) {
      if (std::string name = entry.name(); draft.admits(role, name)) tags.push_back(std::move(name));
    }
    if (!tags.empty()) revived.push_back({role, std::move(tags)});
  }
  return revived;
}

}  // namespace agent
