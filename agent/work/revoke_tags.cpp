#include "agent/work/revoke_tags.h"

#include <memory>
#include <set>

#include "agent/work/policy_guard.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

/// What the keys at hand sign and readers use. Who signs below another delegation is for that one to say: it
/// is signed only where it is named.
std::vector<RoleName> own_roles(const tuf::TrustedRepository& repository, hsm::KeyRing& keys) {
  std::vector<RoleName> roles;
  if (can_sign(repository, RoleName::targets(), keys)) roles.push_back(RoleName::targets());
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.metadata && delegation.role.name.parent() == RoleName::targets() &&
        can_sign(repository, delegation.role.name, keys))
      roles.push_back(delegation.role.name);
  }
  return roles;
}

std::string holders(const tuf::TrustedRepository& repository, const std::string& tag) {
  std::string out;
  for (const tuf::TagView& view : tuf::view_tag(repository, tag)) {
    for (const RoleName& role : view.roles) out += (out.empty() ? "" : ", ") + role.text();
  }
  return out;
}

std::vector<std::string> tags_in(const tuf::TrustedRepository& repository,
                                 const std::vector<RoleName>& roles) {
  std::set<std::string> tags;
  for (const RoleName& role : roles) {
    const tuf::Delegation* delegation = repository.find_delegation(role);
    if (delegation && !delegation->metadata) continue;
    const tuf::Targets& body = delegation ? delegation->metadata->body : repository.targets().body;
    for (const auto& entry : body.targets) tags.insert(entry.name());
  }
  return {tags.begin(), tags.end()};
}

}  // namespace

ChangeRepository revoke_tags(RevokeRequest request, hsm::KeyRing& keys) {
  const auto first = std::make_shared<bool>(true);
  return [request = std::move(request), &keys, first](const tuf::TrustedRepository& repository,
                                                      tuf::RepositoryDraft& draft) {
    const std::vector<RoleName> roles = request.roles.empty()
                                            ? own_roles(repository, keys)
                                            : check_roles_to_sign(repository, request.roles, keys);
    const bool is_first = std::exchange(*first, false);
    const std::vector<std::string> tags = request.tags.empty() ? tags_in(repository, roles) : request.tags;
    if (is_first && tags.empty())
      throw Error(ErrorCode::kNotSigned,
                  "nothing is signed in " + repository.gun().text() + " with the keys at hand");
    if (is_first && request.guard) request.guard->before_revoking(repository, tags);
    for (const std::string& tag : tags) {
      bool found = false;
      for (const RoleName& role : roles) found |= draft.remove_target(role, tag);
      if (found || !is_first) continue;
      const std::string shown = repository.gun().text() + ":" + tag;
      const std::string others = holders(repository, tag);
      if (others.empty()) throw Error(ErrorCode::kNotSigned, shown + " is not signed");
      throw Error(ErrorCode::kKeyNotInRole,
                  "the keys at hand do not sign " + others + ", where " + shown + " stands",
                  "run this where the key of one of these roles is, or name it with --key");
    }
    if (is_first) require_consent(repository, draft, request.consent);
  };
}

}  // namespace agent
