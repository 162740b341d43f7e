// People: who stands before the gate, with which keys, and what a policy says of them. What a rule means is
// stated here once more, and not taken from agent/policy: it is what the gate and the judge are held to.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/policy/policy.h"
#include "tests/attack/gate/dice.h"
#include "tests/support/test_signer.h"
#include "tuf/json/json.h"
#include "tuf/keys/signature.h"

namespace gate {

using Key = std::shared_ptr<test::TestSigner>;
using Names = std::set<std::string>;

/// With the gate alone nothing is bound, and every honest run has the policy. With bound entries some have
/// none, or do not look.
enum class Mode { kGateAlone, kBound };

/// The key under whose ID it stands: all are bare, and of these both IDs are the same.
tuf::KeyId signer_of(const tuf::Signature& signature);

struct Person {
  std::string name;
  bool is_user = true;  // of the policy
  bool is_hostile = false;
  std::vector<Key> keys = {};  // of the identity: the present one and its successor
  Key for_releases = nullptr;  // the key with which they sign releases: one of `keys`, or nobody's
  bool has(const tuf::KeyId& id) const;
};

/// A rule for the tags that begin with `prefix`.
struct Rule {
  std::string prefix;
  std::vector<std::string> teams = {};
  std::size_t needed = 0;            // people of `of`
  std::vector<std::string> of = {};  // teams; empty: of `teams`, or everybody
  bool accept_targets = false;
  std::vector<std::string> roles = {};
  bool is_immutable = false;
  bool says_who_moves = false;
};

class People {
 public:
  /// Keys are made once and serve every sequence.
  People(Dice& dice, Mode mode, bool all_honest);

  const agent::Policy& policy() const { return policy_; }
  std::string describe() const;

  const Person& operator[](const std::string& name) const;
  const std::vector<Person>& all() const { return all_; }
  std::vector<const Person*> honest() const;  // but for the administrator
  std::vector<const Person*> hostile() const;
  const Person* owner_of(const tuf::KeyId& id) const;
  /// The user of the policy to whom the key belongs; nullptr for a key of nobody.
  const Person* user_of(const tuf::KeyId& id) const;

  /// Whose word counts for a tag.
  Names counted(const std::string& tag) const;
  /// Whether these people are those whom the rule for the tag demands.
  bool suffice(const std::string& tag, const Names& people) const;
  /// Whose word in `targets` is the administrator's.
  const std::string& administrator() const { return administrator_; }
  bool accepts_administrator(const std::string& tag) const { return rule_for(tag).accept_targets; }

 private:
  const Rule& rule_for(const std::string& tag) const;
  Names members(const std::vector<std::string>& teams) const;

  std::vector<Person> all_;
  std::string administrator_ = "admin";
  std::vector<Rule> rules_;  // the last is for every tag
  agent::Policy policy_;
};

}  // namespace gate
