#include "agent/policy/case.h"

#include <algorithm>
#include <numeric>

#include "agent/names/digest.h"
#include "agent/names/image_reference.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/view/provenance.h"

namespace agent {
namespace {

using tuf::RoleName;

constexpr std::size_t kMaxAsked = 4;  // people in one sentence
constexpr std::chrono::hours kMaxClockSkew{1};

std::string quoted(const std::string& text) {
  return "\"" + tuf::printable(text, 120) + "\"";
}

/// A value of the target's provenance; nullptr if it has none of that name.
const std::string* claim(const tuf::Target& target, const std::string& member) {
  const tuf::Json* provenance = tuf::provenance_object(target);
  if (!provenance) return nullptr;
  const auto value = provenance->find(member);
  return value == provenance->end() ? nullptr : value->get_ptr<const std::string*>();
}

/// Why a delegation's file is not read; nullptr if it is, or if there is none.
const tuf::Error* problem_of(const tuf::TrustedRepository& repository, const RoleName& role) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return delegation && delegation->problem ? &*delegation->problem : nullptr;
}

}  // namespace

Case::Case(const Policy& policy, const tuf::SignedState& state, const Judge& judge,
           const RepositoryRules::Match& match, const Question& question)
    : policy_(policy),
      state_(state),
      judge_(judge),
      rule_(*match.rule),
      question_(question),
      tag_(*question.tag),
      shown_(state.repository().gun().text() + ":" + tag_),
      entries_(state.entries(tag_)) {
  decision_.tag = tag_;
  decision_.rule = match.pattern->text();
}

void Case::add(const char* code, const std::string& message, const std::string& mend) {
  decision_.reasons.push_back({code, message, mend});
}

Decision Case::decide() {
  find_digest();
  collect_signatures();
  if (!is_accepted_from_targets()) {
    check_teams();
    check_signatures();
  }
  for (const RoleName& role : rule_.roles) check_role(role);
  for (const RoleName& role : question_.roles) {
    if (std::find(rule_.roles.begin(), rule_.roles.end(), role) == rule_.roles.end()) check_role(role);
  }
  for (const auto& [member, wanted] : rule_.provenance) check_provenance(member, wanted);
  if (rule_.max_age) check_age(*rule_.max_age);
  decision_.allowed = decision_.reasons.empty();
  if (decision_.allowed) decision_.deploy = state_.repository().gun().text() + "@" + decision_.digest;
  return std::move(decision_);
}

bool Case::approves(const RoleName& role, const tuf::Target& entry) {
  sha256_ = *entry.sha256();
  bool said = false;  // by somebody who counts: all that the entry says
  for (const tuf::SignedState::Entry& other : entries_) {
    if (!judge_.counts(other) || !tuf::agrees(entry, other.target)) continue;
    const bool is_administrators = rule_.accept_targets && other.role->name == RoleName::targets();
    bool counts = is_administrators;
    for (const UserId user : judge_.signers_of(*other.role)) {
      if (!rule_.counted.contains(user)) continue;
      counts = true;
      if (!has_signed(user)) users_.push_back(user);
    }
    said |= counts && tuf::says_no_more(entry, other.target);
  }
  if (!said || (!is_bound_to_releases(role, entry) && !claims_are_said(entry))) return false;
  const auto holds = [&](const RoleName& demanded) { return is_held_by(demanded); };
  if (!std::all_of(rule_.roles.begin(), rule_.roles.end(), holds)) return false;
  if (is_accepted_from_targets()) return true;
  const auto has_member = [&](std::size_t team) { return has_signed_for(policy_.teams[team]); };
  return std::all_of(rule_.teams.begin(), rule_.teams.end(), has_member) &&
         (!rule_.signatures || signers_among(rule_.signatures->of).size() >= rule_.signatures->needed);
}

/// Where it says nothing of provenance, and can be shown nowhere else.
bool Case::is_bound_to_releases(const RoleName& role, const tuf::Target& entry) const {
  return role == RoleName::releases() &&
         tuf::bound_of(entry, tuf::bound_to(state_.repository().gun(), role)) == tuf::Bound::kHere;
}

/// Whoever signs the file makes its claims their own wherever it is shown: what the rule asks for must be the
/// word of somebody whom it asks.
bool Case::claims_are_said(const tuf::Target& entry) const {
  const Entries said = witnesses();
  const auto is_said = [&](const std::string& member) {
    const std::string* value = claim(entry, member);
    return !value || std::any_of(said.begin(), said.end(), [&](const tuf::SignedState::Entry* other) {
      const std::string* own = claim(other->target, member);
      return own && *own == *value;
    });
  };
  return std::all_of(rule_.provenance.begin(), rule_.provenance.end(),
                     [&](const auto& demanded) { return is_said(demanded.first); }) &&
         (!rule_.max_age || is_said("created"));
}

void Case::find_digest() {
  released_ = state_.released(entries_);
  if (released_) {
    if (const tuf::Bytes* sha256 = released_->target.sha256()) sha256_ = *sha256;
    decision_.digest = released_->digest();
    decision_.length = released_->target.length;
    if (!sha256_) {
      add("NO_DIGEST", shown_ + " is signed without a SHA-256, so nothing says which image it is",
          "whoever releases it signs it anew: " + command_to_sign());
    } else if (question_.digest && *question_.digest != decision_.digest) {
      add("OTHER_DIGEST", shown_ + " is signed as " + decision_.digest + ", not as " + *question_.digest,
          is_signed_by_anybody() ? "deploy what is signed, or sign the other image under a tag of its own"
                                 : "find out who has released what nobody who counts has signed: countersign "
                                   "inspect " +
                                       tuf::shell_word(shown_));
    }
    return;
  }
  // What is still missing can be told all the same where there is no doubt which image is meant.
  if (question_.digest) {
    sha256_ = Digest::parse(*question_.digest).bytes();
    for (const tuf::SignedState::Entry& entry : entries_) {
      if (is_about(entry)) decision_.length = entry.target.length;
    }
  } else {
    for (const tuf::SignedState::Entry& entry : entries_) {
      const tuf::Bytes* sha256 = entry.target.sha256();
      if (!entry.role->name.is_identity() || judge_.signers_of(*entry.role).empty() || !sha256) continue;
      if (sha256_ && *sha256_ != *sha256) {
        sha256_.reset();
        break;
      }
      sha256_ = *sha256;
      decision_.length = entry.target.length;
    }
  }
  if (sha256_) decision_.digest = "sha256:" + tuf::to_hex(*sha256_);
  const std::string& gun = state_.repository().gun().text();
  const tuf::Error* problem = problem_of(state_.repository(), RoleName::releases());
  add("NOT_RELEASED",
      shown_ + " is not signed in targets/releases or targets" +
          (problem ? std::string(": ") + problem->what() : ""),
      problem ? "whoever holds a key of targets/releases signs it anew: countersign witness " + gun +
                    " targets/releases"
              : "whoever releases it signs it: " + command_to_sign());
}

bool Case::is_about(const tuf::SignedState::Entry& entry) const {
  const tuf::Bytes* sha256 = entry.target.sha256();
  return sha256_ && sha256 && *sha256 == *sha256_;
}

std::string Case::as_digest() const {
  return decision_.digest.empty() ? "" : " as " + decision_.digest;
}

void Case::collect_signatures() {
  for (const tuf::SignedState::Entry& entry : entries_) {
    if (!entry.role->name.is_identity() || !is_about(entry)) continue;
    for (const UserId user : judge_.signers_of(*entry.role)) {
      if (!rule_.counted.contains(user)) continue;
      if (!judge_.counts(entry)) {
        not_counted(entry, user);
        continue;
      }
      decision_.signatures.push_back(
          {policy_.users[user], entry.role->name.text(), entry.bound == tuf::Bound::kHere});
      if (!has_signed(user)) users_.push_back(user);
    }
  }
}

/// Why a signature is worth nothing that would count otherwise. Only told where something is missing.
void Case::not_counted(const tuf::SignedState::Entry& entry, UserId user) {
  not_counted_ += "; the entry in " + entry.role->name.text() + " signed by " + policy_.users[user] +
                  (entry.bound == tuf::Bound::kElsewhere ? " was signed for another role or repository"
                                                         : " does not say for which role it was signed");
}

bool Case::has_signed(UserId user) const {
  return std::find(users_.begin(), users_.end(), user) != users_.end();
}

bool Case::has_signed_for(const Team& team) const {
  return std::any_of(users_.begin(), users_.end(), [&](UserId user) { return team.members.contains(user); });
}

std::vector<UserId> Case::signers_among(const UserSet& users) const {
  std::vector<UserId> signers;
  std::copy_if(users_.begin(), users_.end(), std::back_inserter(signers),
               [&](UserId user) { return users.contains(user); });
  return signers;
}

bool Case::is_accepted_from_targets() const {
  return rule_.accept_targets && std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
           return entry.role->name == RoleName::targets() && is_about(entry) && judge_.counts(entry);
         });
}

void Case::check_teams() {
  if (released_ && released_->role->name == RoleName::targets() && users_.empty()) {
    add("ONLY_TARGETS",
        shown_ + " is signed by the repository's administrator only, which this rule does not accept",
        "a signer signs it, or whoever owns the policy sets accept_targets");
  }
  for (const std::size_t position : rule_.teams) {
    const Team& team = policy_.teams[position];
    if (has_signed_for(team)) continue;
    add("TEAM_MISSING",
        "no member of " + team.name + " has signed " + shown_ + as_digest() + not_counted_ +
            other_digests(team.members),
        who_could(team.members));
  }
}

void Case::check_signatures() {
  if (!rule_.signatures) return;
  const UserSet& of = rule_.signatures->of;
  const std::vector<UserId> have = signers_among(of);
  if (have.size() >= rule_.signatures->needed) return;
  add("SIGNATURES_MISSING",
      shown_ + as_digest() + " has " + std::to_string(have.size()) + " of " +
          std::to_string(rule_.signatures->needed) + " signatures that this rule demands" +
          (have.empty() ? "" : " (" + policy_.names(have) + ")") + not_counted_ + other_digests(of),
      who_could(of));
}

bool Case::is_held_by(const RoleName& role) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return entry.role->name == role && is_about(entry) && judge_.counts(entry);
  });
}

void Case::check_role(const RoleName& role) {
  if (is_held_by(role)) return;
  const tuf::Error* problem = problem_of(state_.repository(), role);
  const std::string& gun = state_.repository().gun().text();
  add("ROLE_MISSING",
      role.text() + " does not hold " + shown_ + as_digest() +
          (problem ? std::string(": ") + problem->what() : ""),
      state_.repository().find_delegation(role)
          ? "whoever holds its key signs it: " + command_to_sign() + " --role " + role.text()
          : "an administrator makes it first: countersign delegation add " + gun + " " + role.text() +
                " --key KEY.pub");
}

/// Entries whose provenance counts.
Case::Entries Case::witnesses() const {
  Entries witnesses;
  for (const tuf::SignedState::Entry& entry : entries_) {
    if (!is_about(entry) || !judge_.counts(entry)) continue;
    const std::vector<UserId>& users = judge_.signers_of(*entry.role);
    const bool counts = entry.role->name == RoleName::targets()
                            ? rule_.accept_targets
                            : std::any_of(users.begin(), users.end(),
                                          [&](UserId user) { return rule_.provenance_by.contains(user); });
    if (counts) witnesses.push_back(&entry);
  }
  return witnesses;
}

/// One must say it, and none may say otherwise.
void Case::check_provenance(const std::string& member, const std::vector<Glob>& wanted) {
  const std::string demanded = std::accumulate(wanted.begin(), wanted.end(), std::string(),
                                               [](const std::string& list, const Glob& glob) {
                                                 return list + (list.empty() ? "" : " or ") + glob.text();
                                               });
  const std::string mend =
      policy_.names(rule_.provenance_by.members()) + ": sign what was built with " + member + " " + demanded;
  bool said = false;
  for (const tuf::SignedState::Entry* entry : witnesses()) {
    const std::string* value = claim(entry->target, member);
    if (!value) continue;
    said = true;
    if (std::any_of(wanted.begin(), wanted.end(), [&](const Glob& glob) { return glob.matches(*value); }))
      continue;
    add("PROVENANCE_REFUSED",
        entry->role->name.text() + " says that " + shown_ + " has " + member + " " + quoted(*value) +
            ", not " + demanded,
        mend);
  }
  if (!said)
    add("PROVENANCE_MISSING", "no signature that counts says what " + member + " " + shown_ + " comes from",
        mend);
}

void Case::check_age(tuf::Days most) {
  const tuf::Time now = state_.repository().now();
  const std::string mend = policy_.names(rule_.provenance_by.members()) +
                           ": sign it with --annotate created=$(date -u +%Y-%m-%dT%H:%M:%SZ)";
  bool said = false;
  for (const tuf::SignedState::Entry* entry : witnesses()) {
    const std::string* value = claim(entry->target, "created");
    if (!value) continue;
    said = true;
    const std::string who =
        entry->role->name.text() + " says that " + shown_ + " was created at " + quoted(*value);
    const auto created = tuf::parse_time(*value);
    if (!created) {
      add("DATE_REFUSED", who + ", which is no date", mend);
    } else if (*created > now + kMaxClockSkew) {
      add("DATE_REFUSED", who + ", which is still to come", mend);
    } else if (*created + most < now) {
      add("TOO_OLD", who + ", more than " + std::to_string(most.count()) + " days ago", mend);
    }
  }
  if (!said) add("DATE_MISSING", "no signature that counts says when " + shown_ + " was created", mend);
}

/// What has no image's tag is a file, and only who has that can
/// sign.
std::string Case::command_to_sign() const {
  const std::string sign = "countersign sign ";
  if (!is_valid_tag(tag_)) return sign + tuf::shell_word(shown_) + " --file PATH";
  if (!is_signed_by_anybody()) return sign + tuf::shell_word(shown_);  // what they have built
  return sign + tuf::shell_word(shown_ + "@" + decision_.digest) + " --size " +
         std::to_string(decision_.length);
}

/// Whether somebody who counts has signed what is judged. Nobody is told to sign what a stranger has
/// released.
bool Case::is_signed_by_anybody() const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const tuf::SignedState::Entry& entry) {
    return entry.role->name.is_identity() && is_about(entry) && judge_.counts_for(rule_, entry);
  });
}

std::string Case::other_digests(const UserSet& users) const {
  std::string out;
  for (const tuf::SignedState::Entry& entry : entries_) {
    if (!entry.role->name.is_identity() || is_about(entry)) continue;
    for (const UserId user : judge_.signers_of(*entry.role)) {
      if (users.contains(user)) out += "; " + policy_.users[user] + " has signed it as " + entry.digest();
    }
  }
  return out;
}

std::string Case::key_of_stranger() const {
  for (const tuf::SignedState::Entry& entry : entries_) {
    if (!is_about(entry) || !entry.role->name.is_identity()) continue;
    for (const tuf::KeyId& id : entry.role->signers) {
      if (!policy_.user_of(id)) return id.hex() + " of " + entry.role->name.text();
    }
  }
  return "";
}

/// What those who are missing have signed in its place: they have moved on. nullptr if they have not.
const tuf::SignedState::Entry* Case::moved_on_to(const UserSet& users) const {
  for (const tuf::SignedState::Entry& entry : entries_) {
    if (!entry.role->name.is_identity() || is_about(entry) || !entry.target.sha256() || !judge_.counts(entry))
      continue;
    for (const UserId user : judge_.signers_of(*entry.role)) {
      if (users.contains(user) && !has_signed(user)) return &entry;
    }
  }
  return nullptr;
}

std::string Case::who_could(const UserSet& users) const {
  if (const tuf::SignedState::Entry* next = is_valid_tag(tag_) ? moved_on_to(users) : nullptr) {
    return "it " + way_to_move(shown_, *next);
  }
  std::string able;
  std::size_t count = 0;
  for (const auto& [user, delegation] : judge_.identities()) {
    const auto admits = [&](const std::string& path) { return tag_.starts_with(path); };
    if (!users.contains(user) || has_signed(user) ||
        std::none_of(delegation->paths.begin(), delegation->paths.end(), admits)) {
      continue;
    }
    if (++count > kMaxAsked) {
      able += " or others";
      break;
    }
    able += (count > 1 ? " or " : "") + policy_.users[user] + " (" + delegation->role.name.text() +
            (delegation->problem ? ", " + std::string(tuf::to_string(delegation->state)) : "") + ")";
  }
  if (count > 0) {
    return able + " signs it: " + command_to_sign();
  }
  std::vector<UserId> others = users.members();
  std::erase_if(others, [&](UserId user) { return has_signed(user); });
  const std::string& gun = state_.repository().gun().text();
  const std::string admitted = "an administrator of " + gun +
                               " admits one first: countersign signer add NAME " + gun + " --key NAME.pub";
  const std::string stranger = key_of_stranger();
  if (stranger.empty()) return policy_.names(others) + ": " + admitted;
  return policy_.names(others) + ": if key " + stranger +
         " is theirs, whoever owns the policy lists it; else " + admitted;
}

}  // namespace agent
