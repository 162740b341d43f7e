// Policy: who must have signed an image before it may run, as UCP's "run only signed images" states it, and
// what else an owner of images can demand. Data only: policy_file.h reads it, judge.h applies it.
//
// A key belongs to one user, through its canonical ID: the bare public key and every certificate of it are
// the same key.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/policy/glob.h"
#include "agent/policy/image_pattern.h"
#include "agent/policy/user_set.h"
#include "tuf/base/time.h"
#include "tuf/keys/key_id.h"
#include "tuf/names/role_name.h"

namespace agent {

struct Team {
  std::string name;
  UserSet members;
};

struct Rule {
  int line = 0;  // in the policy file
  std::vector<ImagePattern> images;
  std::vector<std::size_t> teams;  // positions in Policy::teams; a member of each must have signed
  /// At least `needed` distinct users of `of` must have signed. Always there if no team is named: then it is
  /// one of all users.
  struct Signatures {
    std::size_t needed = 1;
    UserSet of;
  };
  std::optional<Signatures> signatures;
  UserSet counted;                   // whose signatures count for anything
  std::vector<tuf::RoleName> roles;  // each must hold the tag with the same digest
  bool accept_targets = false;       // an entry of `targets`, the administrator's, is enough
  std::vector<Glob> immutable_tags;  // never move
  std::optional<UserSet> movers;     // who moves other tags; nullopt: nothing said
  std::map<std::string, std::vector<Glob>> provenance;  // member: one of these values
  std::optional<tuf::Days> max_age;                     // since the provenance member `created`
  UserSet provenance_by;                                // whose word counts for both

  bool is_immutable(const std::string& tag) const;
};

/// What is demanded of entries: that they say for which repository and role they were signed (bound.h).
enum class BoundDemand { kPreferred, kRequired };

struct Policy {
  BoundDemand bound = BoundDemand::kPreferred;
  std::vector<std::string> users;     // names, by UserId
  std::map<tuf::KeyId, UserId> keys;  // by canonical ID
  std::vector<Team> teams;
  std::vector<Rule> rules;

  /// Of all users; canonical.
  std::set<tuf::KeyId> key_ids() const;
  /// nullopt for a stranger's key.
  std::optional<UserId> user_of(const tuf::KeyId& canonical_id) const;
  /// "alice, bob", or "alice, bob and 998 others".
  std::string names(const std::vector<UserId>& some) const;
};

/// What is to be done where a key that signs a role, or is to, belongs to nobody: for a hint.
std::string way_to_name(const tuf::KeyId& key, const tuf::RoleName& role);

}  // namespace agent
