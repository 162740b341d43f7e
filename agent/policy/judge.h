// Judge: applies a policy to the signed state of one repository. Pure: no files, no clock.
//
// What is judged is what pullers get: the entry of `targets/releases`, or else that of `targets`. What counts
// for it are entries of identities (`targets/NAME`) with the same name and the same digest, by keys that
// really signed them. `targets/releases` never counts: everybody signs it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/policy/decision.h"
#include "agent/policy/policy.h"
#include "agent/policy/repository_rules.h"
#include "tuf/view/signed_state.h"

namespace agent {

/// Which image: a tag, a digest (`sha256:…`), or both; `roles` must hold it beside those that the rule names.
struct Question {
  std::optional<std::string> tag;
  std::optional<std::string> digest;
  std::vector<tuf::RoleName> roles = {};
};

/// The image of a repository for which no rule of the policy applies: refused without looking at anything.
Decision refuse_without_rule(const tuf::Gun& gun, const Question& question);

/// Of `image`, "REPO:TAG", that somebody else who must sign it has moved on to `next`: it is being moved, and
/// how to move it as well.
std::string way_to_move(const std::string& image, const tuf::SignedState::Entry& next);

class Judge {
 public:
  /// Both must outlive the judge.
  Judge(const Policy& policy, const tuf::SignedState& state);

  /// A digest without a tag is allowed if every rule that is for a tag released with it allows one of these.
  Decision decide(const Question& question) const;

  /// The rule for a tag; nullptr if there is none.
  const Rule* rule_for(std::string_view tag) const;
  /// Whether an entry proves anything where it stands: never if it is bound elsewhere, and not bound at all
  /// only if the policy does not demand it.
  bool counts(const tuf::SignedState::Entry& entry) const;
  /// Whether somebody whom the rule counts has signed it, for that role, or before entries said for which.
  bool counts_for(const Rule& rule, const tuf::SignedState::Entry& entry) const;
  /// Whether everybody has signed the tag who must, with everything that `entry` says of it in the role: each
  /// of them the same manifest, and one of them, or the administrator where that is enough, all hashes and
  /// custom data too. Claims that the rule asks for must be the word of somebody whom it asks, unless the
  /// entry is bound to releases; whether they and the age are those that are wanted is for `decide`.
  bool is_approved(const tuf::RoleName& role, const std::string& tag, const tuf::Target& entry) const;
  /// Whether this user has signed all that `entry` says of the tag, in an identity.
  bool is_signed_by(UserId user, const std::string& tag, const tuf::Target& entry) const;
  /// Whose keys have signed the role's file.
  const std::vector<UserId>& signers_of(const tuf::SignedState::Role& role) const;
  /// A user and an identity that lists a key of theirs, whether they have signed it or not.
  struct Identity {
    UserId user;
    const tuf::Delegation* delegation;
  };
  const std::vector<Identity>& identities() const { return identities_; }

 private:
  const Policy& policy_;
  const tuf::SignedState& state_;
  RepositoryRules rules_;
  std::map<const tuf::SignedState::Role*, std::vector<UserId>> signers_;
  std::vector<Identity> identities_;
};

}  // namespace agent
