#include "tuf/edit/repository_draft.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/edit/delegation_change.h"
#include "tuf/keys/certificate.h"

namespace tuf {
namespace {

/// Whether writing `wanted` would change anything that was asked for: hashes and custom data that others
/// added to the same image stay.
bool says_the_same(const Target& present, const Target& wanted) {
  const auto held = [&](const auto& hash) {
    const auto found = present.hashes.find(hash.first);
    return found != present.hashes.end() && found->second == hash.second;
  };
  return std::all_of(wanted.hashes.begin(), wanted.hashes.end(), held) && present.length == wanted.length &&
         (!wanted.custom || wanted.custom == present.custom);
}

bool is_targets(const RoleName& role) {
  return role.text() == "targets";
}

/// The server checks none of this (section 2.3), and one bad entry makes the file unreadable for everybody.
void check_target(const std::string& name, const Target& target) {
  if (!is_valid_target_name(name))
    throw Error(ErrorCode::kInvalidTag,
                "the target name \"" + printable(name, 200) + "\" is one that no client can read back");
  const auto sha512 = target.hashes.find("sha512");
  const std::size_t known = sha512 == target.hashes.end() ? 1 : 2;
  if (!target.sha256() || target.hashes.size() != known || (known == 2 && sha512->second.size() != 64)) {
    throw Error(ErrorCode::kInvalidDigest, "\"" + name + "\" has no digest that clients compare");
  }
  if (target.length < 1 || target.length > kMaxJsonInteger) {
    throw Error(ErrorCode::kSizeMismatch,
                "\"" + name + "\" cannot have " + std::to_string(target.length) + " bytes");
  }
  if (!target.custom) return;
  try {
    // As deep in the file as it will stand, so that our own reader takes it back.
    const std::string text =
        canonical_json({{"signed", {{"targets", {{name, {{"custom", *target.custom}}}}}}}});
    static_cast<void>(parse_json(text, "custom data"));
  } catch (const Error& error) {
    throw Error(ErrorCode::kUsage, "custom data of \"" + name + "\" cannot be written: " + error.what());
  }
}

std::int64_t next_version(const Gun& gun, const RoleName& role, std::int64_t stored) {
  if (stored + 1 >= kVersionLimit) {
    throw Error(
        ErrorCode::kRollback,
        role.text() + " stands at version " + std::to_string(stored) +
            ", the last that readers accept: nothing can follow it on this server, whoever signs",
        (role.is_delegation()
             ? "an administrator takes it out of use with: countersign delegation remove " + gun.text() +
                   " " + role.text() +
                   "; by that name it comes back only in a new repository, which is for its owner to make: "
             : "only a new repository mends this, which is for its owner to make: ") +
            "countersign repo delete " + gun.text() + " --remote, then countersign repo init " + gun.text());
  }
  return stored + 1;
}

}  // namespace

RepositoryDraft::RepositoryDraft(const TrustedRepository& base)
    : base_(&base), gun_(base.gun()), now_(base.now()) {}

RepositoryDraft RepositoryDraft::for_new_repository(const Gun& gun, Time now, const InitialKeys& keys) {
  if (const auto problem = root_certificate_problem(keys.root, gun.text(), now)) {
    throw Error(ErrorCode::kBadRootCertificate,
                "the root key cannot be used for " + gun.text() + ": " + *problem);
  }
  RepositoryDraft draft(gun, now);
  Root root;
  root.version = 1;
  root.expires = now + kRootLifetime;
  const auto add = [&](const char* role, const KeyObject& key) {
    const KeyId id = key_id(key);
    root.keys.emplace(id, key);
    root.roles[role] = {{id}, 1};
  };
  add("root", keys.root.object());
  add("targets", keys.targets.object());
  add("snapshot", keys.snapshot);
  add("timestamp", keys.timestamp);
  draft.root_ = std::move(root);
  Targets& targets = draft.targets_[RoleName::targets()];
  targets.version = 1;
  targets.expires = now + kTargetsLifetime;
  return draft;
}

const Targets* RepositoryDraft::current(const RoleName& role) const {
  if (const auto edited = targets_.find(role); edited != targets_.end()) return &edited->second;
  if (!base_) return nullptr;
  if (is_targets(role)) return &base_->targets().body;
  const Delegation* delegation = base_->find_delegation(role);
  return delegation && delegation->metadata ? &delegation->metadata->body : nullptr;
}

const Targets* RepositoryDraft::find_changed(const RoleName& role) const {
  const auto changed = targets_.find(role);
  return changed == targets_.end() ? nullptr : &changed->second;
}

const Targets& RepositoryDraft::parent_of(const RoleName& role) const {
  const RoleName above = role.parent();
  if (const Targets* parent = current(above)) return *parent;
  const bool is_there = base_ && above.is_delegation() && base_->find_delegation(above);
  throw Error(ErrorCode::kRoleNotFound, gun_.text() + " has no usable role " + above.text(),
              is_there ? "first whoever holds its key signs it: countersign witness " + gun_.text() + " " +
                             above.text()
                       : "")
      .with_value("ROLE", above.text());
}

void RepositoryDraft::require_usable(const RoleName& role) const {
  if (is_targets(role)) return;
  if (!role.is_delegation()) throw Error(ErrorCode::kInvalidRole, role.text() + " holds no targets");
  if (!parent_of(role).find_role(role)) {
    throw Error(ErrorCode::kRoleNotFound, gun_.text() + " has no role " + role.text())
        .with_value("ROLE", role.text());
  }
  if (!base_ || targets_.contains(role)) return;
  const Delegation* delegation = base_->find_delegation(role);
  // Its content is unknown: what is signed next would drop or launder it.
  if (delegation && delegation->problem && !delegation->metadata) throw Error(*delegation->problem);
  if (!delegation && base_->snapshot().body.meta.contains(role.text())) {
    throw Error(ErrorCode::kBadSignature,
                "the stored file of " + role.text() + " of " + gun_.text() +
                    " was not verified, since nothing usable delegates to it",
                "first whoever holds the key of the role above signs that: countersign witness " +
                    gun_.text() + " " + role.parent().text());
  }
}

std::vector<std::string> RepositoryDraft::paths_of(const RoleName& role) const {
  if (!role.is_delegation()) return {""};
  const DelegationRole* definition = parent_of(role).find_role(role);
  if (!definition) return {};
  return paths_below(paths_of(role.parent()), definition->paths);
}

bool RepositoryDraft::admits(const RoleName& role, std::string_view target_name) const {
  const std::vector<std::string> paths = paths_of(role);
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& path) { return target_name.starts_with(path); });
}

const DelegationRole* RepositoryDraft::definition_of(const RoleName& delegation) const {
  const Targets* parent = current(delegation.parent());
  return parent ? parent->find_role(delegation) : nullptr;
}

std::optional<RoleAuthority> RepositoryDraft::authority_of(const RoleName& role) const {
  if (!role.is_delegation()) return RoleAuthority::of(root_ ? *root_ : base_->root().body, role);
  const DelegationRole* definition = definition_of(role);
  if (!definition) return std::nullopt;
  return RoleAuthority(current(role.parent())->keys, definition->key_ids, definition->threshold);
}

bool RepositoryDraft::loses_file(const RoleName& delegation) const {
  const Delegation* present =
      base_ && !targets_.contains(delegation) ? base_->find_delegation(delegation) : nullptr;
  if (!present || present->state != Delegation::State::kUsable) return false;
  const auto authority = authority_of(delegation);
  return authority && !present->is_approved_by(*authority);
}

bool RepositoryDraft::needs_renewal(const RoleName& role) const {
  const Delegation* delegation = base_ && role.is_delegation() ? base_->find_delegation(role) : nullptr;
  return delegation && delegation->state == Delegation::State::kExpired && !targets_.contains(role);
}

std::int64_t RepositoryDraft::stored_version(const RoleName& role) const {
  if (!base_) return 0;
  if (is_targets(role)) return base_->targets().body.version;
  const Delegation* delegation = base_->find_delegation(role);
  return delegation ? delegation->stored_version : 0;
}

Targets& RepositoryDraft::edit(const RoleName& role) {
  if (const auto edited = targets_.find(role); edited != targets_.end()) return edited->second;
  const Targets* present = current(role);
  Targets next = present ? *present : Targets{};
  next.version = next_version(gun_, role, stored_version(role));
  next.expires = now_ + kTargetsLifetime;
  return targets_[role] = std::move(next);
}

std::vector<RoleName> RepositoryDraft::changed_roles() const {
  std::vector<RoleName> roles;
  for (const auto& [role, body] : targets_) roles.push_back(role);
  return roles;
}

bool RepositoryDraft::was_set(const RoleName& role, const std::string& name) const {
  const auto names = set_.find(role);
  return names != set_.end() && names->second.contains(name);
}

void RepositoryDraft::set_custom(const RoleName& role, const std::string& name, std::optional<Json> custom) {
  TargetMap& targets = targets_.at(role).targets;
  Target target = targets.find(name).value();
  target.custom = std::move(custom);
  targets.set(name, std::move(target));
}

TargetChange RepositoryDraft::set_target(const RoleName& role, const std::string& name, const Target& target,
                                         Beside beside) {
  check_target(name, target);
  require_usable(role);
  if (!admits(role, name)) {
    // One above it may be what limits it.
    RoleName limit = role;
    while (limit.parent().is_delegation() && !admits(limit.parent(), name)) limit = limit.parent();
    throw Error(ErrorCode::kPathNotCovered, "the paths of " + limit.text() + " do not admit \"" + name + "\"")
        .with_value("REPO", gun_.text())
        .with_value("ROLE", limit.text())
        .with_value("PATH", name);
  }
  TargetChange change = TargetChange::kAdded;
  if (const Targets* present = current(role)) {
    if (const std::optional<Target> found = present->targets.find(name)) {
      const bool equal = *found == target;
      if (equal) set_[role].insert(name);
      const bool stays = beside == Beside::kGoes ? equal : says_the_same(*found, target);
      if (stays && !needs_renewal(role)) return TargetChange::kUnchanged;
      const Bytes* before = found->sha256();
      const Bytes* after = target.sha256();
      // The same digest with other custom data or length is corrected, not moved.
      change = before && after && *before == *after ? TargetChange::kAdded : TargetChange::kMoved;
    }
  }
  edit(role).targets.set(name, target);
  set_[role].insert(name);
  return change;
}

bool RepositoryDraft::remove_target(const RoleName& role, const std::string& name) {
  require_usable(role);
  const Targets* present = current(role);
  if (!present || !present->targets.contains(name)) return false;
  edit(role).targets.erase(name);
  if (const auto names = set_.find(role); names != set_.end()) names->second.erase(name);
  return true;
}

template <class Change>
bool RepositoryDraft::change_parent(const RoleName& role, const Change& change) {
  if (!role.is_delegation()) throw Error(ErrorCode::kInvalidRole, role.text() + " is not a delegation");
  Targets next = parent_of(role);
  if (!change(next)) return false;
  Targets& edited = edit(role.parent());
  edited.keys = std::move(next.keys);
  edited.roles = std::move(next.roles);
  delegated_.insert(role);
  return true;
}

bool RepositoryDraft::add_delegation(const RoleName& role, const std::vector<PublicKey>& keys,
                                     const std::vector<std::string>& paths, std::optional<int> threshold,
                                     const std::set<KeyId>& instead_of) {
  return change_parent(role, [&](Targets& parent) {
    return add_to_delegation(parent, role, keys, paths, threshold, now_, instead_of);
  });
}

bool RepositoryDraft::remove_from_delegation(const RoleName& role, const std::set<KeyId>& keys,
                                             const std::set<std::string>& paths) {
  return change_parent(
      role, [&](Targets& parent) { return tuf::remove_from_delegation(parent, role, keys, paths); });
}

bool RepositoryDraft::remove_delegation(const RoleName& role) {
  return change_parent(role, [&](Targets& parent) { return tuf::remove_delegation(parent, role); });
}

void RepositoryDraft::renew(const RoleName& role) {
  require_usable(role);
  edit(role);
}

void RepositoryDraft::replace(const RoleName& role, std::int64_t stored_version, Targets body) {
  if (!role.is_delegation()) throw Error(ErrorCode::kInvalidRole, role.text() + " is not a delegation");
  if (!parent_of(role).find_role(role))
    throw Error(ErrorCode::kRoleNotFound, gun_.text() + " has no role " + role.text())
        .with_value("ROLE", role.text());
  for (const TargetMap::Entry& entry : body.targets) check_target(entry.name(), entry.target());
  body.version = next_version(gun_, role, stored_version);
  body.expires = now_ + kTargetsLifetime;
  targets_[role] = std::move(body);
}

Root& RepositoryDraft::edit_root() {
  if (root_) return *root_;
  root_ = base_->root().body;
  root_->version = next_version(gun_, RoleName::root(), root_->version);
  root_->expires = now_ + kRootLifetime;
  return *root_;
}

void RepositoryDraft::renew_root() {
  edit_root();
}

bool RepositoryDraft::rotate(const RoleName& role, const KeyObject& key) {
  const Root& present = root_ ? *root_ : base_->root().body;
  const auto keys = present.roles.find(role.text());
  if (keys == present.roles.end())
    throw Error(ErrorCode::kInvalidRole, "the keys of " + role.text() + " do not stand in the root");
  const KeyId id = key_id(key);
  if (keys->second.key_ids == std::vector{id} && keys->second.threshold == 1) return false;
  const auto usable = PublicKey::from_object(key);
  if (!usable) throw Error(ErrorCode::kKeyUnsupported, "key " + id.short_form() + " can verify nothing");
  if (role.text() == "root") {
    if (const auto problem = root_certificate_problem(*usable, gun_.text(), now_)) {
      throw Error(ErrorCode::kBadRootCertificate,
                  "the root key cannot be used for " + gun_.text() + ": " + *problem);
    }
  }
  Root& root = edit_root();
  root.keys.emplace(id, key);
  root.roles[role.text()] = {{id}, 1};
  std::erase_if(root.keys, [&](const auto& listed) {
    return std::none_of(root.roles.begin(), root.roles.end(), [&](const auto& user) {
      const auto& ids = user.second.key_ids;
      return std::find(ids.begin(), ids.end(), listed.first) != ids.end();
    });
  });
  // A root that names new keys for targets is of no use without targets that they have signed.
  if (role.text() == "targets") edit(role);
  return true;
}

std::vector<RepositoryDraft::Pending> RepositoryDraft::pending() const {
  std::vector<Pending> pending;
  const Root& root = root_ ? *root_ : base_->root().body;
  const RoleName& root_role = RoleName::root();
  if (root_) {
    const RoleAuthority own = RoleAuthority::of_root(*root_, gun_, now_);
    pending.push_back({root_role, root_->version, root_->expires, {own}});
    // What its predecessor's keys have not signed too, nobody follows (section 7.2).
    if (base_)
      pending.back().authorities.push_back(RoleAuthority::of_root(base_->root().body, gun_, std::nullopt));
  }
  for (const auto& [role, body] : targets_) {  // the map's order puts parents before children
    const DelegationRole* definition = role.is_delegation() ? parent_of(role).find_role(role) : nullptr;
    const RoleAuthority authority =
        definition ? RoleAuthority(parent_of(role).keys, definition->key_ids, definition->threshold)
                   : RoleAuthority::of(root, role);
    pending.push_back({role, body.version, body.expires, {authority}});
  }
  return pending;
}

std::string RepositoryDraft::text_of(const RoleName& role) const {
  return role.text() == "root" ? encode_signed(*root_) : encode_signed(targets_.at(role));
}

std::vector<PublishTransaction::File> RepositoryDraft::rehearse(const SignerFor& signer_for) const {
  std::vector<PublishTransaction::File> files;
  for (const Pending& role : pending()) {
    static_cast<void>(signers_at_hand(role.role.text() + " of " + gun_.text(), role.authorities, signer_for));
    files.push_back({role.role, role.version, encode_file(text_of(role.role), {})});
  }
  return files;
}

PublishTransaction RepositoryDraft::sign(const SignerFor& signer_for) const {
  std::vector<PublishTransaction::File> files;
  for (const Pending& role : pending()) {
    files.push_back({role.role, role.version,
                     sign_metadata(role.role.text() + " of " + gun_.text(), text_of(role.role),
                                   role.authorities, signer_for)});
  }
  const RoleName& snapshot_role = RoleName::snapshot();
  const RoleAuthority snapshot_keys = RoleAuthority::of(root_ ? *root_ : base_->root().body, snapshot_role);
  const bool own_snapshot =
      std::any_of(snapshot_keys.keys().begin(), snapshot_keys.keys().end(),
                  [&](const PublicKey& key) { return signer_for(key.canonical_id()) != nullptr; });
  if (own_snapshot && !files.empty()) {
    Snapshot snapshot = base_ ? base_->snapshot().body : Snapshot{};
    snapshot.version = next_version(gun_, snapshot_role, snapshot.version);
    snapshot.expires = now_ + kSnapshotLifetime;
    for (const PublishTransaction::File& file : files)
      snapshot.meta[file.role.text()] = describe_file(file.bytes);
    files.push_back(
        {snapshot_role, snapshot.version,
         sign_metadata("snapshot of " + gun_.text(), encode_signed(snapshot), {snapshot_keys}, signer_for)});
  }
  return {gun_, std::move(files)};
}

}  // namespace tuf
