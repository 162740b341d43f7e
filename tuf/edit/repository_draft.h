// RepositoryDraft: verified trust data plus changes, on the way to the next signed version.
//
// Every changed role becomes version + 1 of what was verified, with a new expiry; unchanged roles are not
// touched. A change that leaves everything as it is leaves the draft empty.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tuf/edit/publish_transaction.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// Life times of what we sign (section 3.2).
inline constexpr Days kRootLifetime{3650};
inline constexpr Days kTargetsLifetime{1095};
inline constexpr Days kSnapshotLifetime{1095};
inline constexpr Days kTimestampLifetime{14};

enum class TargetChange { kUnchanged, kAdded, kMoved };

/// Whether hashes and custom data that stand there for the same image beside what is written stay.
enum class Beside { kStays, kGoes };

class RepositoryDraft {
 public:
  /// Changes to what `base` holds. `base` must outlive the draft.
  explicit RepositoryDraft(const TrustedRepository& base);

  /// Keys of a new repository. Root keys must be certificates for the GUN; snapshot and timestamp are the
  /// trust server's.
  struct InitialKeys {
    PublicKey root;
    PublicKey targets;
    KeyObject snapshot;
    KeyObject timestamp;
  };
  /// Version 1 of root and targets for a repository that does not exist yet.
  static RepositoryDraft for_new_repository(const Gun& gun, Time now, const InitialKeys& keys);

  /// Puts the target into the role. kUnchanged if digest, length and (if given) custom data already stand
  /// there, with kGoes nothing else, and readers see them; a role that has expired is renewed.
  /// Throws kRoleNotFound for a role that does not exist, kPathNotCovered if its paths do not admit the name,
  /// kBadSignature if the stored file of the role does not verify (its content is unknown), and for what
  /// would be signed but of no use to readers (section 2.3): kInvalidTag for the name, kInvalidDigest without
  /// a SHA-256, kSizeMismatch without a length, kUsage for custom data that metadata cannot carry.
  TargetChange set_target(const RoleName& role, const std::string& name, const Target& target,
                          Beside beside = Beside::kStays);

  /// Takes the target out of the role; false if it was not there.
  bool remove_target(const RoleName& role, const std::string& name);

  /// Changes to who signs in the role, as in delegation_change.h; false if nothing changes. The parent must
  /// be usable: otherwise kRoleNotFound.
  bool add_delegation(const RoleName& role, const std::vector<PublicKey>& keys,
                      const std::vector<std::string>& paths, std::optional<int> threshold = std::nullopt,
                      const std::set<KeyId>& instead_of = {});
  bool remove_from_delegation(const RoleName& role, const std::set<KeyId>& keys,
                              const std::set<std::string>& paths);
  bool remove_delegation(const RoleName& role);

  /// Signs `targets` or a delegation anew as it is. Throws as set_target does.
  void renew(const RoleName& role);
  /// Gives a delegation whose stored file nobody can use another one, of version `stored_version` + 1.
  void replace(const RoleName& role, std::int64_t stored_version, Targets body);
  /// Signs the root anew as it is.
  void renew_root();
  /// Makes `key` the only key of a top role; false if it is that already. A root key must be a certificate
  /// for the GUN. With new keys, targets are signed anew in the same transaction.
  bool rotate(const RoleName& role, const KeyObject& key);

  /// Whether the draft's delegations admit the name in that role, as TrustedRepository::admits.
  bool admits(const RoleName& role, std::string_view target_name) const;
  /// As the draft defines a delegation; nullptr if it has no such delegation.
  const DelegationRole* definition_of(const RoleName& delegation) const;
  /// The keys that the draft gives a role; nullopt if it has no such delegation.
  std::optional<RoleAuthority> authority_of(const RoleName& role) const;
  /// Whether the stored file of a delegation, which readers use now, is not approved by the keys that the
  /// draft gives it: unless it is renewed, everything in it vanishes.
  bool loses_file(const RoleName& delegation) const;

  bool empty() const { return targets_.empty() && !root_; }
  /// `targets` or a delegation as it will be; nullptr if it stays as it is.
  const Targets* find_changed(const RoleName& role) const;
  /// The roles of which that is not nullptr, parents before children.
  std::vector<RoleName> changed_roles() const;

  /// Whether the entry stands in the role as set_target was called for it, to the last hash. Every other
  /// entry of a changed role was there before and is carried along.
  bool was_set(const RoleName& role, const std::string& name) const;
  /// Whether this draft was told to change the delegation.
  bool was_delegated(const RoleName& delegation) const { return delegated_.contains(delegation); }
  /// Replaces the custom data of an entry that a changed role carries along.
  void set_custom(const RoleName& role, const std::string& name, std::optional<Json> custom);

  /// A role that must be signed, and by whom.
  struct Pending {
    RoleName role;
    std::int64_t version;
    Time expires;
    std::vector<RoleAuthority> authorities;  // each of which must approve
  };
  std::vector<Pending> pending() const;

  /// Signs everything that changed, and the snapshot too if its key is at hand (otherwise the server makes
  /// it). Throws what `sign_metadata` throws; then nothing was made.
  PublishTransaction sign(const SignerFor& signer_for) const;
  /// The same files but for the snapshot, without signatures. Throws what `sign` throws for want of a key.
  std::vector<PublishTransaction::File> rehearse(const SignerFor& signer_for) const;

 private:
  std::string text_of(const RoleName& role) const;
  RepositoryDraft(Gun gun, Time now) : gun_(std::move(gun)), now_(now) {}

  Targets& edit(const RoleName& role);
  Root& edit_root();
  template <class Change>
  bool change_parent(const RoleName& role, const Change& change);
  const Targets* current(const RoleName& role) const;
  std::vector<std::string> paths_of(const RoleName& role) const;
  const Targets& parent_of(const RoleName& role) const;
  void require_usable(const RoleName& role) const;
  bool needs_renewal(const RoleName& role) const;
  std::int64_t stored_version(const RoleName& role) const;

  const TrustedRepository* base_ = nullptr;
  Gun gun_;
  Time now_;
  std::optional<Root> root_;
  std::map<RoleName, Targets> targets_;  // the roles that change, as they will be
  std::map<RoleName, std::set<std::string>> set_;
  std::set<RoleName> delegated_;
};

}  // namespace tuf
