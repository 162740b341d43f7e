// Changing who signs: keys, paths and whole delegations are taken out without a released tag disappearing
// unnoticed.
//
// A role whose keys go needs a file that the remaining keys have signed, or readers skip it and everything in
// it vanishes (section 8.5). Where such a key is at hand the role is signed anew in the same transaction;
// where none is, the change is refused, or takes consent. Everything here is a ChangeRepository: made anew
// for every attempt of publish_changes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/policy/policy.h"
#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

/// What to take out of one delegation: all of it, or some keys (TUF or canonical IDs) and paths.
struct DelegationToChange {
  tuf::RoleName role;
  bool remove = false;
  std::set<tuf::KeyId> keys;
  std::set<std::string> paths;
};

/// What the user agreed to, and by what others go.
struct Consent {
  /// Tags may vanish for pullers, or show another digest.
  bool hide_tags = false;
  /// A rehearsal shows what a run with consent does; it ends as the run where anything else is missing.
  bool rehearsed = false;
  /// What the run goes by, if it does; it outlives the change.
  const Policy* policy = nullptr;
};

/// Signs every role anew whose stored file the draft's keys do not approve. Throws kKeyNotFound, naming what
/// would vanish, for one that the keys at hand cannot sign; with consent that one stays as it is, and is of
/// no use to readers until one of its keys signs it.
void keep_roles_signed(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                       hsm::KeyRing& keys, Consent consent);

/// Throws kUsage, naming them, if pullers would no longer get some tags, or get them otherwise, without
/// consent. The consent that holds for what comes next.
Consent require_consent(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                        Consent consent);

/// What becomes of one role's keys, paths and threshold when a draft is published; IDs are canonical.
struct SignerChange {
  enum class Role { kStays, kComes, kGoes };
  tuf::RoleName name;
  Role role = Role::kStays;
  std::vector<tuf::KeyId> added = {};
  std::vector<tuf::KeyId> removed = {};
  std::vector<std::string> paths_added = {};
  std::vector<std::string> paths_removed = {};
  int threshold_before = 0;  // 0: the role is not there
  int threshold = 0;
};
/// Of every role that changes.
std::vector<SignerChange> changes_of_signers(const tuf::TrustedRepository& repository,
                                             const tuf::RepositoryDraft& draft);

/// Tags that pullers would no longer get, or get otherwise, if the draft were published as it is: also
/// because a role's file would not be signed by its keys any more.
std::vector<std::string> tags_that_vanish(const tuf::TrustedRepository& repository,
                                          const tuf::RepositoryDraft& draft);

/// Throws kRoleNotFound if the role is not there at the first attempt; kUsage, naming the tags that pullers
/// would no longer see or see otherwise, without consent; kKeyNotFound if a role that keeps its tags cannot
/// be signed anew.
ChangeRepository change_delegation(DelegationToChange what, hsm::KeyRing& keys, Consent consent);

/// Takes `targets/<name>` out, and its keys out of `targets/releases` unless another signer has them too;
/// with them go the delegations to these keys below roles that the keys at hand sign. Throws as above;
/// kInvalidRole if `targets/releases` would be left without a key, where consent takes the role out.
ChangeRepository remove_signer(const std::string& name, hsm::KeyRing& keys, Consent consent);

/// The keys of `targets/<name>` that stay in `targets/releases` when it is taken out, each with another
/// signer's role that lists it; canonical IDs.
std::map<tuf::KeyId, tuf::RoleName> keys_of_others_too(const tuf::TrustedRepository& repository,
                                                       const std::string& name);

/// Adds and removes keys of `targets/<name>` and `targets/releases` in one step; what another signer has too
/// stays in the releases. What is added stays, too: a key's other form makes room for it. Throws kKeyNotFound
/// for a key to remove that `targets/<name>` does not list.
ChangeRepository rotate_signer(const std::string& name, std::vector<tuf::PublicKey> add,
                               std::set<tuf::KeyId> remove, hsm::KeyRing& keys, Consent consent = {});

/// Takes the keys out of every delegation below `targets`, and of those below roles that the keys at hand
/// sign; one that no key would be left for is refused.
ChangeRepository purge_keys(std::set<tuf::KeyId> remove, hsm::KeyRing& keys, Consent consent = {});

}  // namespace agent
