#include "tuf/view/signed_state.h"

#include <algorithm>

#include "tuf/base/hex.h"
#include "tuf/view/tag_view.h"

namespace tuf {
namespace {

std::vector<KeyId> signers_of(const Delegation& delegation, const std::vector<PublicKey>& keys) {
  std::vector<KeyId> signers;
  for (const PublicKey& key : keys) {
    if (delegation.is_signed_by(key)) signers.push_back(key.canonical_id());
  }
  return signers;
}

}  // namespace

std::string SignedState::Entry::digest() const {
  const Bytes* sha256 = target->sha256();
  return sha256 ? "sha256:" + to_hex(*sha256) : "";
}

SignedState::SignedState(const TrustedRepository& repository, Expired expired, const Names& without)
    : repository_(&repository), hides_releases_(hides_releases(repository)) {
  add({RoleName::targets(), &repository.targets().body, {}}, {""}, without);
  for (const Delegation& delegation : repository.delegations())
    add_stored(delegation, delegation.authority.keys(), delegation.paths, expired, without);
}

SignedState::SignedState(const TrustedRepository& repository, const RepositoryDraft& draft,
                         const std::function<bool(const KeyId&)>& at_hand)
    : repository_(&repository),
      hides_releases_(hides_releases(repository) && !draft.find_changed(RoleName::releases())) {
  const Targets* const targets = draft.find_changed(RoleName::targets());
  add({RoleName::targets(), targets ? targets : &repository.targets().body, {}}, {""});
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
    Role changed{role, body, {}};
    for (const PublicKey& key : authority->keys()) {
      if (at_hand(key.canonical_id())) changed.signers.push_back(key.canonical_id());
    }
    add(std::move(changed), paths);
  }
}

void SignedState::add_stored(const Delegation& delegation, const std::vector<PublicKey>& keys,
                             const std::vector<std::string>& paths, Expired expired, const Names& without) {
  if (!delegation.metadata) return;
  if (expired == Expired::kSkip && delegation.state == Delegation::State::kExpired) return;
  const RoleName& role = delegation.role.name;
  add({role, &delegation.metadata->body, signers_of(delegation, keys)}, paths, without);
}

void SignedState::add(Role role, const std::vector<std::string>& paths, const Names& without) {
  const Role& added = roles_.emplace_back(std::move(role));
  const std::string here = bound_to(repository_->gun(), added.name);
  for (const auto& [name, target] : added.body->targets) {
    const std::string_view text = name;
    const auto admits = [&](const std::string& path) { return text.starts_with(path); };
    if (!without.empty() && without.contains({added.name, name})) continue;
    if (std::any_of(paths.begin(), paths.end(), admits))
      entries_[text].push_back({&added, &target, bound_of(target, here)});
  }
}

const SignedState::Role* SignedState::find_role(const RoleName& name) const {
  const auto found =
      std::find_if(roles_.begin(), roles_.end(), [&](const Role& role) { return role.name == name; });
  return found == roles_.end() ? nullptr : &*found;
}

const std::vector<SignedState::Entry>& SignedState::entries(std::string_view name) const {
  static const std::vector<Entry> none;
  const auto found = entries_.find(name);
  return found == entries_.end() ? none : found->second;
}

const SignedState::Entry* SignedState::released(std::string_view name) const {
  if (hides_releases_) return nullptr;
  const std::vector<Entry>& all = entries(name);
  for (const RoleName& role : {RoleName::releases(), RoleName::targets()}) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Entry& entry) { return entry.role->name == role; });
    if (found != all.end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> SignedState::released_as(const std::string& digest) const {
  std::vector<std::string> names;
  for (const auto& [name, all] : entries_) {
    const Entry* entry = released(name);
    if (entry && entry->digest() == digest) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tuf
