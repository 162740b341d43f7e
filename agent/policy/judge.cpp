#include "agent/policy/judge.h"

#include <algorithm>

#include "agent/policy/case.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

std::string shown(const tuf::Gun& gun, const Question& question) {
  return gun.text() + (question.tag ? ":" + *question.tag : "") +
         (question.digest ? "@" + *question.digest : "");
}

}  // namespace

Decision refuse_without_rule(const tuf::Gun& gun, const Question& question) {
  Decision decision;
  decision.image = shown(gun, question);
  decision.tag = question.tag.value_or("");
  decision.digest = question.digest.value_or("");
  decision.reasons.push_back({"NO_RULE", "no rule of the policy is for " + decision.image,
                              "whoever owns the policy adds a rule whose images match it"});
  return decision;
}

std::string way_to_move(const std::string& image, const tuf::SignedState::Entry& next) {
  return "is being moved; whoever must sign it too moves it as well: countersign sign " +
         tuf::shell_word(image + "@" + next.digest()) + " --size " + std::to_string(next.target.length) +
         " --allow-move";
}

Judge::Judge(const Policy& policy, const tuf::SignedState& state)
    : policy_(policy), state_(state), rules_(policy, state.repository().gun()) {
  for (const tuf::SignedState::Role& role : state.roles()) {
    if (!role.name.is_identity()) continue;
    std::vector<UserId>& users = signers_[&role];
    for (const tuf::KeyId& key : role.signers) {
      const auto user = policy.user_of(key);
      if (user && std::find(users.begin(), users.end(), *user) == users.end()) users.push_back(*user);
    }
  }
  for (const tuf::Delegation& delegation : state.repository().delegations()) {
    if (!delegation.role.name.is_identity()) continue;
    for (const tuf::PublicKey& key : delegation.authority.keys()) {
      const auto user = policy.user_of(key.canonical_id());
      const auto is_known = [&](const Identity& known) {
        return known.delegation == &delegation && known.user == *user;
      };
      if (user && std::find_if(identities_.rbegin(), identities_.rend(), is_known) == identities_.rend())
        identities_.push_back({*user, &delegation});
    }
  }
}

const Rule* Judge::rule_for(std::string_view tag) const {
  const RepositoryRules::Match* match = rules_.find(tag);
  return match ? match->rule : nullptr;
}

bool Judge::counts_for(const Rule& rule, const tuf::SignedState::Entry& entry) const {
  const std::vector<UserId>& signers = signers_of(*entry.role);
  return entry.bound != tuf::Bound::kElsewhere &&
         std::any_of(signers.begin(), signers.end(),
                     [&](UserId user) { return rule.counted.contains(user); });
}

const std::vector<UserId>& Judge::signers_of(const tuf::SignedState::Role& role) const {
  static const std::vector<UserId> nobody;
  const auto found = signers_.find(&role);
  return found == signers_.end() ? nobody : found->second;
}

bool Judge::counts(const tuf::SignedState::Entry& entry) const {
  switch (entry.bound) {
    case tuf::Bound::kHere:
      return true;
    case tuf::Bound::kNot:
      return policy_.bound != BoundDemand::kRequired;
    case tuf::Bound::kElsewhere:
      return false;
  }
  return false;
}

bool Judge::is_approved(const tuf::RoleName& role, const std::string& tag, const tuf::Target& entry) const {
  const RepositoryRules::Match* match = rules_.find(tag);
  if (!match || !entry.sha256()) return false;
  const Question question{tag, std::nullopt};
  return Case(policy_, state_, *this, *match, question).approves(role, entry);
}

bool Judge::is_signed_by(UserId user, const std::string& tag, const tuf::Target& entry) const {
  const auto entries = state_.entries(tag);
  return std::any_of(entries.begin(), entries.end(), [&](const tuf::SignedState::Entry& other) {
    const std::vector<UserId>& users = signers_of(*other.role);
    return counts(other) && std::find(users.begin(), users.end(), user) != users.end() &&
           tuf::says_no_more(entry, other.target);
  });
}

Decision Judge::decide(const Question& question) const {
  const tuf::Gun& gun = state_.repository().gun();
  Decision decision;
  if (question.tag) {
    const RepositoryRules::Match* match = rules_.find(*question.tag);
    if (!match) return refuse_without_rule(gun, question);
    decision = Case(policy_, state_, *this, *match, question).decide();
  } else {
    if (rules_.empty()) return refuse_without_rule(gun, question);
    decision.digest = question.digest.value_or("");
    // Every rule that speaks of a tag with this digest must allow it under one of them: otherwise leaving the
    // tag out would choose the weakest. A tag that no rule is for says nothing.
    std::map<const Rule*, Decision> by_rule;
    for (const std::string& tag : state_.released_as(decision.digest)) {
      const Rule* rule = rule_for(tag);
      if (!rule || by_rule[rule].allowed) continue;
      Decision of_tag = decide({tag, question.digest, question.roles});
      if (of_tag.allowed) {
        by_rule[rule] = std::move(of_tag);
      } else {
        for (Decision::Reason& reason : of_tag.reasons) by_rule[rule].reasons.push_back(std::move(reason));
      }
    }
    std::vector<Decision::Reason> reasons;
    for (auto& [rule, of_rule] : by_rule) {
      if (of_rule.allowed && (decision.tag.empty() || of_rule.tag < decision.tag)) decision = of_rule;
      for (Decision::Reason& reason : of_rule.reasons) reasons.push_back(std::move(reason));
    }
    if (!reasons.empty()) {
      decision.allowed = false;
      decision.deploy.clear();
      decision.reasons = std::move(reasons);
    }
    if (!decision.allowed && decision.reasons.empty()) {
      decision.reasons.push_back({"NOT_RELEASED", "no tag is signed with this digest",
                                  "see what is signed with: countersign list " + gun.text()});
    }
  }
  decision.image = shown(gun, question);
  return decision;
}

}  // namespace agent
