#include "tuf/view/signed_state.h"

#include <algorithm>

#include "tuf/view/tag_view.h"

namespace tuf {
namespace {

constexpr std::size_t kFewRoles = 16;

std::vector<KeyId> signers_of(const Delegation& delegation, const std::vector<PublicKey>& keys) {
  std::vector<KeyId> signers;
  for (const PublicKey& key : keys) {
    if (delegation.is_signed_by(key)) signers.push_back(key.canonical_id());
  }
  return signers;
}

}  // namespace

SignedState::SignedState(const TrustedRepository& repository, Expired expired, const Names& without)
    : repository_(&repository), hides_releases_(hides_releases(repository)), without_(without) {
  roles_.push_back({RoleName::targets(), &repository.targets().body, {}, {""}});
  for (const Delegation& delegation : repository.delegations())
    add_stored(delegation, delegation.authority.keys(), delegation.paths, expired);
  list_names();
}

SignedState::SignedState(const TrustedRepository& repository, const RepositoryDraft& draft,
                         const std::function<bool(const KeyId&)>& at_hand)
    : repository_(&repository),
      hides_releases_(hides_releases(repository) && !draft.find_changed(RoleName::releases())) {
  const Targets* const targets = draft.find_changed(RoleName::targets());
  roles_.push_back({RoleName::targets(), targets ? targets : &repository.targets().body, {}, {""}});
  for (const Delegation& delegation : repository.delegations()) {
    const RoleName& role = delegation.role.name;
    const auto authority = draft.authority_of(role);
    if (!authority || draft.loses_file(role)) continue;  // taken out, or of no use to readers any more
    const std::vector<std::string>& paths =
        role.parent() == RoleName::targets() ? draft.definition_of(role)->paths : delegation.paths;
    const Targets* const body = draft.find_changed(role);
    if (!body) {
      add_stored(delegation, authority->keys(), paths, Expired::kSkip);
      continue;
    }
    Role changed{role, body, {}, paths};
    for (const PublicKey& key : authority->keys()) {
      if (at_hand(key.canonical_id())) changed.signers.push_back(key.canonical_id());
    }
    roles_.push_back(std::move(changed));
  }
  list_names();
}

void SignedState::add_stored(const Delegation& delegation, const std::vector<PublicKey>& keys,
                             const std::vector<std::string>& paths, Expired expired) {
  if (!delegation.metadata) return;
  if (expired == Expired::kSkip && delegation.state == Delegation::State::kExpired) return;
  roles_.push_back({delegation.role.name, &delegation.metadata->body, signers_of(delegation, keys), paths});
}

void SignedState::list_names() {
  if (roles_.size() <= kFewRoles) return;
  for (const Role& role : roles_) {
    for (const TargetMap::Entry& entry : role.body->targets) holders_[entry.name()].push_back(&role);
  }
}

std::optional<TargetMap::Entry> SignedState::find(const Role& role, const std::string& name) const {
  const auto admits = [&](const std::string& path) { return name.starts_with(path); };
  if (!without_.empty() && without_.contains({role.name, name})) return std::nullopt;
  if (std::none_of(role.paths.begin(), role.paths.end(), admits)) return std::nullopt;
  return role.body->targets.find_entry(name);
}

const SignedState::Role* SignedState::find_role(const RoleName& name) const {
  const auto found =
      std::find_if(roles_.begin(), roles_.end(), [&](const Role& role) { return role.name == name; });
  return found == roles_.end() ? nullptr : &*found;
}

std::vector<SignedState::Entry> SignedState::entries(const std::string& name) const {
  std::vector<Entry> entries;
  const auto look_at = [&](const Role& role) {
    if (const auto entry = find(role, name))
      entries.push_back({&role, entry->target(), bound_of(*entry, bound_to(repository_->gun(), role.name))});
  };
  if (roles_.size() <= kFewRoles) {
    for (const Role& role : roles_) look_at(role);
  } else if (const auto holders = holders_.find(name); holders != holders_.end()) {
    for (const Role* role : holders->second) look_at(*role);
  }
  return entries;
}

const SignedState::Entry* SignedState::released(const std::vector<Entry>& entries) const {
  if (hides_releases_) return nullptr;
  for (const RoleName& role : {RoleName::releases(), RoleName::targets()}) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.role->name == role; });
    if (found != entries.end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> SignedState::released_as(const std::string& digest) const {
  std::vector<std::string> names;
  if (hides_releases_) return names;
  const Role* const releases = find_role(RoleName::releases());
  for (const Role* role : {releases, find_role(RoleName::targets())}) {
    if (!role) continue;
    for (const TargetMap::Entry& entry : role->body->targets) {
      if (entry.digest() != digest) continue;
      const std::string name = entry.name();
      const bool hidden = role != releases && releases && find(*releases, name);
      if (!hidden && find(*role, name)) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tuf
