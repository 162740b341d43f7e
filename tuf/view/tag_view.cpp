#include "tuf/view/tag_view.h"

#include <algorithm>
#include <map>

#include "tuf/view/bound.h"
#include "tuf/view/stored_target.h"

namespace tuf {
namespace {

std::vector<RoleName> usable_roles(const TrustedRepository& repository) {
  std::vector<RoleName> roles = {RoleName::targets()};
  for (const Delegation& delegation : repository.delegations()) {
    if (delegation.state == Delegation::State::kUsable) roles.push_back(delegation.role.name);
  }
  return roles;
}

/// What is bound elsewhere proves nothing where it stands. What pullers get all the same is not hidden.
bool holds(const TrustedRepository& repository, const RoleName& role, const TargetMap::Entry& entry) {
  if (role == RoleName::targets() || role == RoleName::releases()) return true;
  return bound_of(entry, bound_to(repository.gun(), role)) != Bound::kElsewhere;
}

/// The roles that hold a name, in order, each with its entry.
using Holders = std::vector<std::pair<RoleName, TargetMap::Entry>>;

std::vector<TagView> views_of(const TrustedRepository& repository, const std::string& name,
                              const Holders& holders) {
  std::vector<TagView> views;
  for (const auto& [role, entry] : holders) {
    Target target = entry.target();
    const auto same = std::find_if(views.begin(), views.end(),
                                   [&](const TagView& view) { return is_same_image(view.target, target); });
    if (same != views.end()) {
      same->roles.push_back(role);
    } else {
      views.push_back({name, std::move(target), {role}, false});
    }
  }
  if (hides_releases(repository)) return views;
  for (const RoleName& role : {RoleName::releases(), RoleName::targets()}) {
    const auto holder =
        std::find_if(holders.begin(), holders.end(), [&](const auto& entry) { return entry.first == role; });
    if (holder == holders.end()) continue;
    const auto found =
        std::find_if(views.begin(), views.end(), [&](const TagView& view) { return view.is_in(role); });
    found->released = true;
    found->target = holder->second.target();  // its length is what pullers are told
    std::rotate(views.begin(), found, found + 1);
    break;
  }
  return views;
}

}  // namespace

bool hides_releases(const TrustedRepository& repository) {
  const Delegation* releases = repository.find_delegation(RoleName::releases());
  return releases && (releases->state == Delegation::State::kMissing ||
                      releases->state == Delegation::State::kMalformed || releases->counted_twice);
}

bool TagView::is_in(const RoleName& role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

std::string TagView::digest() const {
  return target.digest();
}

const RoleName& TagView::releasing_role() const {
  return is_in(RoleName::releases()) ? RoleName::releases() : RoleName::targets();
}

std::vector<std::string> TagView::signers() const {
  std::vector<std::string> names;
  for (const RoleName& role : roles) {
    if (role.is_delegation() && role.parent() == RoleName::targets() && role != RoleName::releases())
      names.emplace_back(role.leaf());
  }
  return names;
}

std::vector<TagView> view_tag(const TrustedRepository& repository, const std::string& name) {
  Holders holders;
  for (const RoleName& role : usable_roles(repository)) {
    const auto entry = repository.find_entry(role, name);
    if (entry && holds(repository, role, *entry)) holders.emplace_back(role, *entry);
  }
  return views_of(repository, name, holders);
}

std::vector<TagView> view_tags(const TrustedRepository& repository) {
  // By role and not by name: asking every role for every name takes seconds for some hundred delegations.
  std::map<std::string, Holders> tags;
  const auto add = [&](const RoleName& role, const Targets& body) {
    for (const TargetMap::Entry& entry : body.targets) {
      std::string name = entry.name();
      if (repository.admits(role, name) && holds(repository, role, entry))
        tags[std::move(name)].emplace_back(role, entry);
    }
  };
  add(RoleName::targets(), repository.targets().body);
  for (const Delegation& delegation : repository.delegations()) {
    if (delegation.state == Delegation::State::kUsable) add(delegation.role.name, delegation.metadata->body);
  }
  std::vector<TagView> views;
  for (const auto& [name, holders] : tags) {
    for (TagView& view : views_of(repository, name, holders)) views.push_back(std::move(view));
  }
  return views;
}

}  // namespace tuf
