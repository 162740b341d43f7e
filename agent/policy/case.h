// Case: one tag before its judge. Every check adds its reason; none stops the others.
#pragma once

#include <string>
#include <vector>

#include "agent/policy/judge.h"

namespace agent {

class Case {
 public:
  /// All must outlive the case; `question` has a tag.
  Case(const Policy& policy, const tuf::SignedState& state, const Judge& judge,
       const RepositoryRules::Match& match, const Question& question);

  Decision decide();
  /// Judge::is_approved.
  bool approves(const tuf::RoleName& role, const tuf::Target& entry);

 private:
  using Entries = std::vector<const tuf::SignedState::Entry*>;

  void add(const char* code, const std::string& message, const std::string& mend);
  bool is_about(const tuf::SignedState::Entry& entry) const;
  bool has_signed(UserId user) const;
  bool has_signed_for(const Team& team) const;
  std::vector<UserId> signers_among(const UserSet& users) const;
  bool is_held_by(const tuf::RoleName& role) const;
  void find_digest();
  void collect_signatures();
  void not_counted(const tuf::SignedState::Entry& entry, UserId user);
  bool is_accepted_from_targets() const;
  void check_teams();
  void check_signatures();
  void check_role(const tuf::RoleName& role);
  Entries witnesses() const;
  bool is_bound_to_releases(const tuf::RoleName& role, const tuf::Target& entry) const;
  bool claims_are_said(const tuf::Target& entry) const;
  void check_provenance(const std::string& member, const std::vector<Glob>& wanted);
  void check_age(tuf::Days most);

  /// The key that has signed this digest in an identity, and which, that is no user's; empty if there is
  /// none.
  std::string key_of_stranger() const;
  /// Who of these has not signed and could, and in which role.
  std::string who_could(const UserSet& users) const;
  /// Who of these have signed another digest, and which.
  std::string other_digests(const UserSet& users) const;
  bool is_signed_by_anybody() const;
  const tuf::SignedState::Entry* moved_on_to(const UserSet& users) const;
  /// By which the tag is signed: with the digest that somebody who counts has signed, or what the signer has
  /// built.
  std::string command_to_sign() const;
  /// " as sha256:…", if it is known.
  std::string as_digest() const;

  const Policy& policy_;
  const tuf::SignedState& state_;
  const Judge& judge_;
  const Rule& rule_;
  const Question& question_;
  const std::string& tag_;
  std::string shown_;
  const std::vector<tuf::SignedState::Entry> entries_;  // of the tag
  Decision decision_;
  const tuf::SignedState::Entry* released_ = nullptr;
  std::optional<tuf::Bytes> sha256_;  // which image is judged
  std::vector<UserId> users_;         // who have signed this tag with this digest, and count
  std::string not_counted_;           // "; …" for each signature that counts but for what it is bound to
};

}  // namespace agent
