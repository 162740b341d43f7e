#include "agent/store/server_rules.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/metadata/codec.h"
#include "tuf/trust/role_authority.h"

namespace agent {
namespace {

[[noreturn]] void reject(const ServerState& state, const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kServerRejected,
                   "the update of " + state.gun.text() + " is refused: " + reason);
}

[[noreturn]] void broken(const ServerState& state, const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kRepositoryBroken,
                   "stored trust data of " + state.gun.text() + ": " + reason);
}

template <class T>
std::optional<tuf::Metadata<T>> decode_stored(const ServerState& state, const tuf::RoleName& role) {
  std::optional<std::string> bytes = state.newest(role);
  if (!bytes) return std::nullopt;
  try {
    return tuf::decode<T>(*std::move(bytes), role.text());
  } catch (const tuf::Error& error) {
    broken(state, error.what());
  }
}

template <class T>
tuf::Metadata<T> decode_posted(const ServerState& state, const RoleFile& file) {
  try {
    tuf::Metadata<T> metadata = tuf::decode<T>(file.bytes, file.role.text());
    if (tuf::encode_file(metadata.signed_text, metadata.signatures) != metadata.bytes) {
      reject(state, file.role.text() + " is not in the one form that every client reads");
    }
    return metadata;
  } catch (const tuf::Error& error) {
    if (error.code() == tuf::ErrorCode::kServerRejected) throw;
    reject(state, error.what());
  }
}

/// The key of ours that alone makes a valid signature of this role; nullptr if there is none.
std::shared_ptr<tuf::Signer> find_key(const ServerState& state, const tuf::Root& root,
                                      const tuf::RoleName& role) {
  const tuf::RoleAuthority authority = tuf::RoleAuthority::of(root, role);
  if (authority.threshold() != 1) return nullptr;
  for (const std::shared_ptr<tuf::Signer>& signer : state.keys.all(role)) {
    for (const tuf::PublicKey& key : authority.keys()) {
      if (key.canonical_id() == signer->public_key().canonical_id()) return signer;
    }
  }
  return nullptr;
}

bool holds_key(const ServerState& state, const tuf::Root& root, const tuf::RoleName& role) {
  return find_key(state, root, role) != nullptr;
}

/// Signed with the key that `root` names, and with the one that `before` does, if that is ours: whoever still
/// has that root verifies it too, and is led to the new one.
std::string sign(const ServerState& state, const tuf::Root& root, const tuf::Root* before,
                 const tuf::RoleName& role, const std::string& signed_text) {
  std::vector<tuf::RoleAuthority> authorities;
  std::map<tuf::KeyId, std::shared_ptr<tuf::Signer>> signers;
  for (const tuf::Root* names : {&root, before}) {
    const auto signer = names ? find_key(state, *names, role) : nullptr;
    if (!signer) continue;
    authorities.push_back(tuf::RoleAuthority::of(*names, role));
    signers[signer->public_key().canonical_id()] = signer;
  }
  return tuf::sign_metadata(role.text() + " of " + state.gun.text(), signed_text, authorities,
                            [&](const tuf::KeyId& id) {
                              const auto found = signers.find(id);
                              return found == signers.end() ? nullptr : found->second;
                            });
}

std::string make_timestamp(const ServerState& state, const tuf::Root& root, const tuf::Root* before,
                           std::int64_t version, std::string_view snapshot) {
  return sign(state, root, before, tuf::RoleName::timestamp(),
              tuf::encode_signed(tuf::Timestamp{version, state.now + tuf::kTimestampLifetime,
                                                tuf::describe_file(snapshot)}));
}

std::int64_t timestamp_version(const ServerState& state) {
  const auto timestamp = decode_stored<tuf::Timestamp>(state, tuf::RoleName::timestamp());
  return timestamp ? timestamp->body.version : 0;
}

/// One POST: what came, and what it stands on.
class Publication {
 public:
  Publication(const ServerState& state, const std::vector<RoleFile>& posted)
      : state_(state), stored_root_(decode_stored<tuf::Root>(state, tuf::RoleName::root())) {
    for (const RoleFile& file : posted) {
      if (file.role == tuf::RoleName::timestamp()) continue;  // the server always makes its own
      if (!posted_.emplace(file.role, file.bytes).second) reject(state_, file.role.text() + " came twice");
      if (file.role == tuf::RoleName::root()) {
        new_root_ = decode_posted<tuf::Root>(state_, file);
      } else if (file.role == tuf::RoleName::snapshot()) {
        new_snapshot_ = decode_posted<tuf::Snapshot>(state_, file);
      } else {
        new_targets_.emplace(file.role, decode_posted<tuf::Targets>(state_, file));
      }
    }
    if (!new_root_ && !stored_root_) reject(state_, "there is no root, stored or posted");
    root_ = new_root_ ? &*new_root_ : &*stored_root_;
  }

  /// True if somebody else was faster: a posted version is not above the stored one.
  bool is_outdated() const {
    if (new_root_ && stored_root_ && new_root_->body.version <= stored_root_->body.version) return true;
    if (new_snapshot_) {
      const auto stored = decode_stored<tuf::Snapshot>(state_, tuf::RoleName::snapshot());
      if (stored && new_snapshot_->body.version <= stored->body.version) return true;
    }
    return std::any_of(new_targets_.begin(), new_targets_.end(), [&](const auto& posted) {
      const auto stored = decode_stored<tuf::Targets>(state_, posted.first);
      return stored && posted.second.body.version <= stored->body.version;
    });
  }

  void check() const {
    if (new_root_) check_root();
    if (!holds_key(state_, root_->body, tuf::RoleName::timestamp())) {
      reject(state_, "the timestamp key that root names is not the store's");
    }
    check_targets();
    if (new_snapshot_) check_snapshot();
  }

  RoleFiles files() const {
    RoleFiles files = posted_;
    if (!new_snapshot_) files[tuf::RoleName::snapshot()] = make_snapshot();
    files[tuf::RoleName::timestamp()] =
        make_timestamp(state_, root_->body, root_before(), timestamp_version(state_) + 1,
                       files.at(tuf::RoleName::snapshot()));
    return files;
  }

 private:
  void check_fresh(const tuf::RoleName& role, tuf::Time expires) const {
    if (expires <= state_.now) reject(state_, role.text() + " expired at " + tuf::format_time(expires));
  }

  void check_approved(const tuf::RoleName& role, const tuf::RoleAuthority& authority,
                      std::string_view signed_text, const std::vector<tuf::Signature>& signatures) const {
    if (!authority.approves(signed_text, signatures)) {
      reject(state_, "valid signatures did not meet the threshold for " + role.text());
    }
  }

  void check_root() const {
    const tuf::Root& root = new_root_->body;
    const std::int64_t next = stored_root_ ? stored_root_->body.version + 1 : 1;
    // A first root may also be version 2: what clients have that keep version 1 to themselves.
    if (root.version != next && !(root.version == 2 && !stored_root_)) {
      reject(state_,
             "root must have version " + std::to_string(next) + ", not " + std::to_string(root.version));
    }
    for (const tuf::RoleName& role : {tuf::RoleName::root(), tuf::RoleName::targets(),
                                      tuf::RoleName::snapshot(), tuf::RoleName::timestamp()}) {
      const tuf::RoleAuthority authority = tuf::RoleAuthority::of(root, role);
      if (authority.keys().size() < static_cast<std::size_t>(authority.threshold())) {
        reject(state_, role.text() + " has fewer usable keys than its threshold");
      }
    }
    std::vector<std::string> problems;
    const tuf::RoleAuthority own = tuf::RoleAuthority::of_root(root, state_.gun, state_.now, &problems);
    if (own.keys().empty()) reject(state_, problems.empty() ? "root has no usable key" : problems.front());
    check_approved(tuf::RoleName::root(), own, new_root_->signed_text, new_root_->signatures);
    if (stored_root_ && !tuf::RoleAuthority::of(stored_root_->body, tuf::RoleName::root())
                             .approves(new_root_->signed_text, new_root_->signatures)) {
      reject(state_, "the new root is not signed by the keys of the present one");
    }
    check_fresh(tuf::RoleName::root(), root.expires);
  }

  /// The targets file of a role as it will be: posted or stored.
  std::optional<tuf::Metadata<tuf::Targets>> targets_of(const tuf::RoleName& role) const {
    if (const auto found = new_targets_.find(role); found != new_targets_.end()) return found->second;
    return decode_stored<tuf::Targets>(state_, role);
  }

  tuf::RoleAuthority authority_of(const tuf::RoleName& role) const {
    if (role == tuf::RoleName::targets()) return tuf::RoleAuthority::of(root_->body, role);
    const auto parent = targets_of(role.parent());
    const tuf::DelegationRole* definition = parent ? parent->body.find_role(role) : nullptr;
    if (!definition) reject(state_, "the delegation " + role.text() + " does not exist");
    return {parent->body.keys, definition->key_ids, definition->threshold};
  }

  void check_targets() const {
    if (new_root_ && !new_targets_.contains(tuf::RoleName::targets())) {
      const auto stored = decode_stored<tuf::Targets>(state_, tuf::RoleName::targets());
      if (!stored) reject(state_, "there are no targets, stored or posted");
      check_approved(tuf::RoleName::targets(), authority_of(tuf::RoleName::targets()), stored->signed_text,
                     stored->signatures);
    }
    for (const auto& [role, metadata] : new_targets_) {  // the map's order puts parents before children
      check_approved(role, authority_of(role), metadata.signed_text, metadata.signatures);
      check_fresh(role, metadata.body.expires);
      for (const tuf::DelegationRole& child : metadata.body.roles) {
        if (child.name.parent() != role)
          reject(state_, child.name.text() + " is no delegation of " + role.text());
      }
    }
  }

  void check_snapshot() const {
    check_approved(tuf::RoleName::snapshot(), tuf::RoleAuthority::of(root_->body, tuf::RoleName::snapshot()),
                   new_snapshot_->signed_text, new_snapshot_->signatures);
    check_fresh(tuf::RoleName::snapshot(), new_snapshot_->body.expires);
    for (const tuf::RoleName& role : {tuf::RoleName::root(), tuf::RoleName::targets()}) {
      if (!posted_.contains(role)) check_listed(role, state_.newest(role));
    }
    for (const auto& [role, bytes] : posted_) {
      if (role != tuf::RoleName::snapshot()) check_listed(role, bytes);
    }
  }

  void check_listed(const tuf::RoleName& role, const std::optional<std::string>& bytes) const {
    const auto listed = new_snapshot_->body.meta.find(role.text());
    if (!bytes || listed == new_snapshot_->body.meta.end() ||
        listed->second.hashes.at("sha256") != tuf::describe_file(*bytes).hashes.at("sha256")) {
      reject(state_, "the snapshot does not name the " + role.text() + " that is stored with it");
    }
  }

  /// The previous snapshot with the posted roles replaced: entries of removed delegations stay (section 2.5).
  std::string make_snapshot() const {
    if (!holds_key(state_, root_->body, tuf::RoleName::snapshot())) {
      reject(state_, "no snapshot was posted, and the store does not hold the snapshot key that root names");
    }
    tuf::Snapshot snapshot;
    if (const auto stored = decode_stored<tuf::Snapshot>(state_, tuf::RoleName::snapshot())) {
      snapshot = stored->body;
    } else if (stored_root_) {
      broken(state_, "there is a root but no snapshot");
    }
    for (const auto& [role, bytes] : posted_) snapshot.meta[role.text()] = tuf::describe_file(bytes);
    ++snapshot.version;
    snapshot.expires = state_.now + tuf::kSnapshotLifetime;
    return sign(state_, root_->body, root_before(), tuf::RoleName::snapshot(), tuf::encode_signed(snapshot));
  }

  /// What readers have whom this POST overtakes.
  const tuf::Root* root_before() const { return stored_root_ ? &stored_root_->body : nullptr; }

  const ServerState& state_;
  std::optional<tuf::Metadata<tuf::Root>> stored_root_;
  std::optional<tuf::Metadata<tuf::Root>> new_root_;
  const tuf::Metadata<tuf::Root>* root_ = nullptr;  // the new one, else the stored one
  std::optional<tuf::Metadata<tuf::Snapshot>> new_snapshot_;
  std::map<tuf::RoleName, tuf::Metadata<tuf::Targets>> new_targets_;
  RoleFiles posted_;
};

}  // namespace

std::optional<RoleFiles> accept_publish(const ServerState& state, const std::vector<RoleFile>& posted) {
  const Publication publication(state, posted);
  if (publication.is_outdated()) return std::nullopt;
  publication.check();
  return publication.files();
}

RoleFiles refresh_due(const ServerState& state) {
  const auto root = decode_stored<tuf::Root>(state, tuf::RoleName::root());
  const auto timestamp = decode_stored<tuf::Timestamp>(state, tuf::RoleName::timestamp());
  const auto snapshot = decode_stored<tuf::Snapshot>(state, tuf::RoleName::snapshot());
  if (!root || !timestamp || !snapshot || !holds_key(state, root->body, tuf::RoleName::timestamp()))
    return {};
  RoleFiles files;
  std::string current(snapshot->bytes);
  if (snapshot->body.expires <= state.now + tuf::kSnapshotLifetime / 2 &&
      holds_key(state, root->body, tuf::RoleName::snapshot())) {
    tuf::Snapshot next = snapshot->body;
    ++next.version;
    next.expires = state.now + tuf::kSnapshotLifetime;
    current = sign(state, root->body, nullptr, tuf::RoleName::snapshot(), tuf::encode_signed(next));
    files[tuf::RoleName::snapshot()] = current;
  }
  if (files.empty() && timestamp->body.expires > state.now + tuf::kTimestampLifetime / 2) return {};
  files[tuf::RoleName::timestamp()] =
      make_timestamp(state, root->body, nullptr, timestamp->body.version + 1, current);
  return files;
}

std::shared_ptr<tuf::Signer> current_server_key(const ServerState& state, const tuf::RoleName& role) {
  if (const auto root = decode_stored<tuf::Root>(state, tuf::RoleName::root())) {
    if (auto named = find_key(state, root->body, role)) return named;
  }
  const auto keys = state.keys.all(role);
  return keys.empty() ? state.keys.make(role) : keys.back();
}

}  // namespace agent
