#include "agent/workflow/tag_view.h"

#include <algorithm>
#include <set>

#include "tuf/base/hex.h"

namespace agent {
namespace {

using tuf::RoleName;

const RoleName kTargets = RoleName::of("targets");
const RoleName kReleases = RoleName::of("targets/releases");

std::vector<RoleName> usable_roles(const tuf::TrustedRepository& repository) {
  std::vector<RoleName> roles = {kTargets};
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.state == tuf::Delegation::State::kUsable) roles.push_back(delegation.role.name);
  }
  return roles;
}

/// Whether nobody can tell what `targets/releases` holds. The official clients refuse such a repository, so
/// nothing in it is released; a role that is expired or no longer well signed they pass over (section 7.4).
bool hides_releases(const tuf::TrustedRepository& repository) {
  const tuf::Delegation* releases = repository.find_delegation(kReleases);
  return releases && (releases->state == tuf::Delegation::State::kMissing ||
                      releases->state == tuf::Delegation::State::kMalformed);
}

std::vector<TagView> view_in(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                             const std::string& name) {
  std::vector<TagView> views;
  for (const RoleName& role : roles) {
    const tuf::Target* target = repository.find_target(role, name);
    if (!target) continue;
    const auto same = std::find_if(views.begin(), views.end(), [&](const TagView& view) {
      const tuf::Bytes* digest = target->sha256();
      return digest && view.target.sha256() && *view.target.sha256() == *digest;
    });
    if (same != views.end()) {
      same->roles.push_back(role);
    } else {
      views.push_back({name, *target, {role}, false});
    }
  }
  if (hides_releases(repository)) return views;
  for (const RoleName& role : {kReleases, kTargets}) {
    const auto found =
        std::find_if(views.begin(), views.end(), [&](const TagView& view) { return view.is_in(role); });
    if (found == views.end()) continue;
    found->released = true;
    found->target = *repository.find_target(role, name);  // its length is what pullers are told
    std::rotate(views.begin(), found, found + 1);
    break;
  }
  return views;
}

}  // namespace

bool TagView::is_in(const RoleName& role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

std::string TagView::digest() const {
  const tuf::Bytes* sha256 = target.sha256();
  return sha256 ? "sha256:" + tuf::to_hex(*sha256) : "";
}

std::vector<std::string> TagView::signers() const {
  std::vector<std::string> names;
  for (const RoleName& role : roles) {
    if (role.is_delegation() && role.parent() == kTargets && role != kReleases)
      names.emplace_back(role.leaf());
  }
  return names;
}

std::vector<TagView> view_tag(const tuf::TrustedRepository& repository, const std::string& name) {
  return view_in(repository, usable_roles(repository), name);
}

std::vector<TagView> view_tags(const tuf::TrustedRepository& repository) {
  const std::vector<RoleName> roles = usable_roles(repository);
  std::set<std::string> names;
  for (const auto& [name, target] : repository.targets().body.targets) names.insert(name);
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.state != tuf::Delegation::State::kUsable) continue;
    for (const auto& [name, target] : delegation.metadata->body.targets) names.insert(name);
  }
  std::vector<TagView> views;
  for (const std::string& name : names) {
    for (TagView& view : view_in(repository, roles, name)) views.push_back(std::move(view));
  }
  return views;
}

}  // namespace agent
