#include "agent/work/policy_guard.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/work/foreign_refusal.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"
#include "tuf/view/stored_target.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

bool contains(const std::vector<RoleName>& roles, const RoleName& role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

bool names_any(const UserSet& named, const std::vector<UserId>& users) {
  return std::any_of(users.begin(), users.end(), [&](UserId user) { return named.contains(user); });
}

/// Whether the draft says anew who signs delegations.
bool changes_signers(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft) {
  const tuf::Targets* next = draft.find_changed(RoleName::targets());
  const tuf::Targets& now = repository.targets().body;
  return next && (next->roles != now.roles || next->keys != now.keys);
}

std::string shown(const tuf::TrustedRepository& repository, const ImageToSign& image) {
  return repository.gun().text() + ":" + image.name;
}

}  // namespace

PolicyGuard::PolicyGuard(const Policy& policy, hsm::KeyRing& keys, Options options)
    : policy_(policy), keys_(keys), options_(std::move(options)) {}

/// Users of the policy whose keys are at hand and are listed in an identity that is to be signed.
std::vector<UserId> PolicyGuard::signing_users(const tuf::TrustedRepository& repository,
                                               const std::vector<RoleName>& roles) const {
  std::vector<UserId> users;
  for (const RoleName& role : roles) {
    const tuf::Delegation* delegation = repository.find_delegation(role);
    if (!delegation || !role.is_identity()) continue;
    for (const tuf::PublicKey& key : delegation->authority.keys()) {
      if (!keys_.has(key.canonical_id())) continue;
      if (const auto user = policy_.user_of(key.canonical_id())) users.push_back(*user);
    }
  }
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  return users;
}

void PolicyGuard::before(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                         const std::vector<ImageToSign>& images, tuf::RepositoryDraft& draft) {
  stored_ = std::make_unique<StoredState>(policy_, repository);
  const std::vector<UserId> users = signing_users(repository, roles);
  for (const ImageToSign& image : images) check_identity(image, stored_->judge, users, repository, roles);

  foreign_.clear();
  overwritten_.clear();
  dropped_.clear();
  if (options_.resign_guard && contains(roles, RoleName::releases()))
    look_at_releases(repository, images, users, draft);
  for (const ImageToSign& image : images) check_move(image, stored_->state, stored_->judge, users, roles);
}

/// What an image of this run takes the place of is looked at before it is gone; and with quarantine a run
/// drops what is foreign also if it has nothing else to sign.
void PolicyGuard::look_at_releases(const tuf::TrustedRepository& repository,
                                   const std::vector<ImageToSign>& images, const std::vector<UserId>& users,
                                   tuf::RepositoryDraft& draft) {
  const tuf::Delegation* releases = repository.find_delegation(RoleName::releases());
  if (!releases || !releases->metadata) return;
  const std::set<tuf::KeyId> keys = keys_at_hand(releases->authority, keys_);
  if (is_checked_file(repository, RoleName::releases(), keys)) return;
  std::map<std::string_view, const tuf::Target*> wanted;
  for (const ImageToSign& image : images) wanted[image.name] = &image.target;
  tuf::Targets replaced;  // of releases: what is to be looked at
  const tuf::Targets& body = releases->metadata->body;
  for (const auto& [name, image] : wanted) {
    if (auto found = body.targets.find(name)) replaced.targets.set(std::string(name), *std::move(found));
  }
  const auto is_wanted = [&](const std::string& name, const tuf::Target& entry) {
    const auto found = wanted.find(name);
    return found != wanted.end() && tuf::is_same_image(*found->second, entry);
  };
  const FileToSign file{RoleName::releases(), options_.quarantine ? body : replaced, keys, is_wanted,
                        [](const RoleName&) { return false; }};
  std::vector<ForeignEntry> foreign = foreign_entries(policy_, stored_->state, stored_->judge, file);
  if (options_.quarantine) {
    drop(foreign, draft);
    dropped_ = std::move(foreign);
  } else {
    for (ForeignEntry& entry : foreign) {
      const bool moves_on = is_being_moved(entry.name, *wanted.at(entry.name), users);
      (moves_on ? dropped_ : overwritten_).push_back(std::move(entry));
    }
  }
}

/// Of several who must sign, the first to move a tag takes from its old entry what vouched for it.
bool PolicyGuard::is_being_moved(const std::string& tag, const tuf::Target& image,
                                 const std::vector<UserId>& users) const {
  const Rule& rule = *stored_->judge.rule_for(tag);
  const bool may_move = rule.movers ? names_any(*rule.movers, users) : options_.allow_move;
  const auto entries = stored_->state.entries(tag);
  return may_move && std::any_of(entries.begin(), entries.end(), [&](const tuf::SignedState::Entry& entry) {
           return entry.role->name.is_identity() && stored_->judge.counts_for(rule, entry) &&
                  tuf::is_same_image(entry.target, image);
         });
}

std::vector<ForeignEntry> PolicyGuard::find_foreign(const tuf::TrustedRepository& repository,
                                                    const tuf::RepositoryDraft& draft,
                                                    const StoredState& stored, bool binds_anew) const {
  std::vector<ForeignEntry> found;
  for (const tuf::RepositoryDraft::Pending& pending : draft.pending()) {
    const tuf::Targets* body = draft.find_changed(pending.role);
    if (!body) continue;
    std::set<tuf::KeyId> keys;
    for (const tuf::RoleAuthority& authority : pending.authorities)
      keys.merge(keys_at_hand(authority, keys_));
    if (is_checked_file(repository, pending.role, keys)) continue;
    const FileToSign file{
        pending.role,
        *body,
        keys,
        [&](const std::string& name, const tuf::Target&) { return draft.was_set(pending.role, name); },
        [&](const RoleName& delegation) { return draft.was_delegated(delegation); },
        binds_anew};
    for (ForeignEntry& entry : foreign_entries(policy_, stored.state, stored.judge, file))
      found.push_back(std::move(entry));
  }
  return found;
}

void PolicyGuard::check(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                        bool binds_anew) {
  quarantined_ = std::exchange(dropped_, {});
  if (!options_.resign_guard) return;
  // What is taken out of one role vouches for nothing in another any more.
  tuf::SignedState::Names gone;
  for (std::size_t known = 1; known != gone.size();) {
    known = gone.size();
    foreign_ = find_foreign(repository, draft, StoredState(policy_, repository, gone), binds_anew);
    for (const ForeignEntry& entry : foreign_) {
      if (entry.kind == ForeignEntry::Kind::kTarget) gone.emplace(entry.in, entry.name);
    }
  }
  if (draft.find_changed(RoleName::releases())) {
    for (ForeignEntry& entry : std::exchange(overwritten_, {})) foreign_.push_back(std::move(entry));
  }
  if (!foreign_.empty() && !options_.quarantine) throw foreign_refusal(policy_, repository, foreign_, keys_);
  drop(foreign_, draft);
  quarantined_.insert(quarantined_.end(), foreign_.begin(), foreign_.end());
  check_others(repository, draft);
}

std::set<UserId> PolicyGuard::others_in(const tuf::TrustedRepository& repository,
                                        const RoleName& role) const {
  std::set<UserId> others;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!role.is_identity() || !delegation || !delegation->metadata) return others;
  std::set<UserId> own;
  for (const tuf::PublicKey& key : delegation->authority.keys()) {
    const auto user = policy_.user_of(key.canonical_id());
    if (!user) continue;
    if (keys_.has(key.canonical_id())) {
      own.insert(*user);
    } else if (delegation->is_signed_by(key)) {
      others.insert(*user);
    }
  }
  for (const UserId user : own) others.erase(user);
  return others;
}

std::vector<std::string> PolicyGuard::silenced_tags(const tuf::TrustedRepository& repository,
                                                    const tuf::RepositoryDraft& draft) const {
  std::set<std::string> carried;
  if (changes_signers(repository, draft)) {  // everything may hang on whom the administrator takes out
    for (const tuf::TagView& view : tuf::view_tags(repository)) {
      if (view.released) carried.insert(view.name);
    }
  } else {  // in files that others have signed
    for (const RoleName& role : draft.changed_roles()) {
      if (others_in(repository, role).empty()) continue;
      for (const auto& entry : repository.find_delegation(role)->metadata->body.targets)
        carried.insert(entry.name());
    }
  }
  for (const RoleName& role : draft.changed_roles()) {
    const tuf::Targets& body = *draft.find_changed(role);
    std::erase_if(carried, [&](const std::string& name) {
      return draft.was_set(role, name) ||
             (!body.targets.contains(name) && tuf::stored_target(repository, role, name));
    });
  }
  return allowed_no_longer(repository, draft, carried);
}

std::vector<std::string> PolicyGuard::taken_tags(const tuf::TrustedRepository& repository,
                                                 const tuf::RepositoryDraft& draft) const {
  std::set<std::string> taken;
  for (const RoleName& role : draft.changed_roles()) {
    const tuf::Delegation* delegation = repository.find_delegation(role);
    if (delegation && !delegation->metadata) continue;
    const tuf::Targets& now = delegation ? delegation->metadata->body : repository.targets().body;
    const tuf::Targets& then = *draft.find_changed(role);
    for (const auto& entry : now.targets) {
      if (std::string name = entry.name(); !then.targets.contains(name)) taken.insert(std::move(name));
    }
  }
  for (const ForeignEntry& entry : quarantined_) taken.erase(entry.name);  // --quarantine has asked for it
  return allowed_no_longer(repository, draft, taken);
}

std::vector<std::string> PolicyGuard::allowed_no_longer(const tuf::TrustedRepository& repository,
                                                        const tuf::RepositoryDraft& draft,
                                                        const std::set<std::string>& names) const {
  if (names.empty()) return {};
  const tuf::SignedState now(repository);
  const tuf::SignedState then(repository, draft, [&](const tuf::KeyId& id) { return keys_.has(id); });
  const Judge judge_now(policy_, now);
  const Judge judge_then(policy_, then);
  std::vector<std::string> no_longer;
  for (const std::string& name : names) {
    if (judge_now.decide({name, std::nullopt}).allowed && !judge_then.decide({name, std::nullopt}).allowed)
      no_longer.push_back(name);
  }
  return no_longer;
}

bool PolicyGuard::silences_others(const tuf::TrustedRepository& repository, const RoleName& role) const {
  if (!options_.resign_guard || others_in(repository, role).empty()) return false;
  tuf::RepositoryDraft anew(repository);
  anew.renew(role);
  return !silenced_tags(repository, anew).empty();
}

void PolicyGuard::check_others(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft) {
  const std::vector<std::string> silenced = silenced_tags(repository, draft);
  const bool is_administration = changes_signers(repository, draft);
  hidden_ = is_administration ? silenced : taken_tags(repository, draft);
  if (!hidden_.empty() && !options_.hide_tags) {
    throw Error(ErrorCode::kUsage,
                "pullers of " + repository.gun().text() + " who go by the policy would no longer see " +
                    tuf::first_of(hidden_),
                "repeat it with --yes if that is what you want");
  }
  if (is_administration || silenced.empty()) return;
  std::set<UserId> others;
  std::string roles;
  std::string way;
  for (const RoleName& role : draft.changed_roles()) {
    const std::set<UserId> its = others_in(repository, role);
    if (its.empty()) continue;
    roles += (roles.empty() ? "" : " and ") + role.text();
    others.insert(its.begin(), its.end());
    for (const tuf::KeyId& key : keys_at_hand(repository.find_delegation(role)->authority, keys_)) {
      if (!policy_.user_of(key)) way = way_to_name(key, role);
    }
  }
  const std::string names = policy_.names({others.begin(), others.end()});
  throw Error(ErrorCode::kPolicy,
              "signing " + roles + " of " + repository.gun().text() + " would replace the signature of " +
                  names + ", without which the policy no longer allows: " + tuf::first_of(silenced),
              !way.empty() ? way
                           : "leave that role to " + names +
                                 ": name others with --role, or an identity of your own: countersign "
                                 "delegation list " +
                                 repository.gun().text());
}

void PolicyGuard::drop(const std::vector<ForeignEntry>& foreign, tuf::RepositoryDraft& draft) const {
  for (const ForeignEntry& entry : foreign) {
    if (entry.kind == ForeignEntry::Kind::kDelegation) {
      draft.remove_delegation(RoleName::of(entry.name));
    } else {
      draft.remove_target(entry.in, entry.name);
    }
  }
}

bool PolicyGuard::may_stay(const tuf::TrustedRepository& repository, const RoleName& role,
                           const std::string& tag, const tuf::Target& entry) const {
  if (!options_.resign_guard) return true;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!delegation) return true;  // `targets`, the administrator's
  const std::set<tuf::KeyId> keys = keys_at_hand(delegation->authority, keys_);
  if (is_checked_file(repository, role, keys)) return true;
  tuf::Targets body;
  body.targets.set(tag, entry);
  const FileToSign file{role, body, keys, [](const std::string&, const tuf::Target&) { return false; },
                        [](const RoleName&) { return false; }};
  return foreign_entries(policy_, stored_->state, stored_->judge, file).empty();
}

bool PolicyGuard::may_renew(const tuf::TrustedRepository& repository, const RoleName& role,
                            const tuf::RepositoryDraft& draft) const {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!options_.resign_guard || !delegation || !delegation->metadata) return true;
  const FileToSign file{
      role, delegation->metadata->body, keys_at_hand(delegation->authority, keys_),
      [&](const std::string& name, const tuf::Target&) { return draft.was_set(role, name); },
      [](const RoleName&) { return false; }};
  return foreign_entries(policy_, stored_->state, stored_->judge, file).empty() &&
         !silences_others(repository, role);
}

void PolicyGuard::check_identity(const ImageToSign& image, const Judge& judge,
                                 const std::vector<UserId>& users, const tuf::TrustedRepository& repository,
                                 const std::vector<RoleName>& roles) const {
  const Rule* rule = judge.rule_for(image.name);
  if (!rule) {
    throw Error(ErrorCode::kPolicy, "no rule of the policy is for " + shown(repository, image),
                "whoever owns the policy adds a rule whose images match it");
  }
  if (rule->accept_targets && contains(roles, RoleName::targets())) return;
  // What the rule wants these roles to hold may be held by somebody whose signature does not count.
  if (!roles.empty() && std::all_of(roles.begin(), roles.end(), [&](const RoleName& role) {
        return contains(rule->roles, role) && role.is_identity();
      }))
    return;
  if (names_any(rule->counted, users)) return;
  const std::string who = users.empty() ? "no key at hand that signs a targets/NAME of " +
                                              repository.gun().text() + " belongs to a user of the policy"
                                        : "a signature by " + policy_.names(users) + " does not count";
  throw Error(
      ErrorCode::kPolicy,
      who + ", so it may not sign " + shown(repository, image) + ": the rule on line " +
          std::to_string(rule->line) + " counts " + policy_.names(rule->counted.members()),
      "sign with the key of one of these users, in a delegation of their own: countersign delegation list " +
          repository.gun().text());
}

void PolicyGuard::check_move(const ImageToSign& image, const tuf::SignedState& state, const Judge& judge,
                             const std::vector<UserId>& users, const std::vector<RoleName>& roles) const {
  const tuf::TrustedRepository& repository = state.repository();
  const Rule& rule = *judge.rule_for(image.name);
  const RoleName* holder = nullptr;
  std::optional<tuf::Target> held;
  const auto look_at = [&](const RoleName& role, const std::optional<tuf::Target>& target) {
    if (held || !target || tuf::is_same_image(*target, image.target)) return;
    if (role == RoleName::releases() && !may_stay(repository, role, image.name, *target))
      return;  // foreign: no move
    holder = &role;
    held = target;
  };
  // In an identity only what somebody said who counts: whoever else stands in it settles no tag.
  for (const RoleName& role : roles) {
    if (!role.is_identity()) look_at(role, tuf::stored_target(repository, role, image.name));
  }
  for (const tuf::SignedState::Entry& entry : state.entries(image.name)) {
    const bool counts = entry.role->name == RoleName::targets() || entry.role->name == RoleName::releases() ||
                        judge.counts_for(rule, entry);
    if (counts) look_at(entry.role->name, entry.target);
  }
  if (!held) return;
  const std::string moved = "tag " + image.name + " of " + repository.gun().text() + " is signed as " +
                            held->digest() + " in " + holder->text() + ", not as " + image.target.digest();
  if (rule.is_immutable(image.name))
    throw Error(ErrorCode::kTagImmutable, moved + ", and the policy makes it immutable");
  if (!rule.movers) {
    if (!options_.allow_move) throw Error(ErrorCode::kTagMoved, moved);
    return;
  }
  if (names_any(*rule.movers, users)) return;
  const std::string movers = policy_.names(rule.movers->members());
  throw Error(ErrorCode::kTagMoved, moved + "; the policy lets only " + movers + " move it",
              "choose a new tag, or have it signed by " + movers);
}

/// Anybody who may write into the trust directory could have put a file there, but not signed it.
bool PolicyGuard::is_checked_file(const tuf::TrustedRepository& repository, const RoleName& role,
                                  const std::set<tuf::KeyId>& keys) const {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  // Whoever quarantines wants to be rid of what nobody vouches for now.
  return role == RoleName::releases() && options_.last_releases && !options_.quarantine && delegation &&
         delegation->metadata && delegation->metadata->bytes == *options_.last_releases &&
         have_signed(repository, role, keys);
}

void PolicyGuard::before_revoking(const tuf::TrustedRepository& repository,
                                  const std::vector<std::string>& tags) const {
  const StoredState stored(policy_, repository);
  std::vector<RoleName> roles;
  for (const tuf::Delegation& delegation : repository.delegations()) roles.push_back(delegation.role.name);
  const std::vector<UserId> users = signing_users(repository, roles);
  for (const std::string& tag : tags) {
    const Rule* rule = stored.judge.rule_for(tag);
    if (!rule) continue;
    const bool may_move = !rule->movers || names_any(*rule->movers, users);
    if (!rule->is_immutable(tag) && may_move) continue;
    for (const tuf::SignedState::Entry& entry : stored.state.entries(tag)) {
      if (!stored.judge.counts_for(*rule, entry)) continue;
      if (!rule->is_immutable(tag)) {
        const std::string movers = policy_.names(rule->movers->members());
        throw Error(ErrorCode::kTagMoved,
                    "tag " + tag + " of " + repository.gun().text() + " is signed as " + entry.digest() +
                        " in " + entry.role->name.text() + ", and the policy lets only " + movers +
                        " move it: once revoked it could be signed as another image",
                    "have it revoked by " + movers);
      }
      throw Error(ErrorCode::kTagImmutable,
                  "tag " + tag + " of " + repository.gun().text() + " is signed as " + entry.digest() +
                      " in " + entry.role->name.text() +
                      ", and the policy makes it immutable: once revoked it could be signed as another image",
                  "whoever owns the policy takes the tag out of immutable_tags first");
    }
  }
}

/// First everybody for themselves; whoever has done so waits for the others.
std::string PolicyGuard::way_to_release(const tuf::TrustedRepository& repository,
                                        const std::vector<RoleName>& roles,
                                        const std::vector<ImageToSign>& images) const {
  const auto own =
      std::find_if(roles.begin(), roles.end(), [](const RoleName& role) { return role.is_identity(); });
  const bool has_signed =
      own != roles.end() && std::all_of(images.begin(), images.end(), [&](const ImageToSign& image) {
        const auto entry = tuf::stored_target(repository, *own, image.name);
        return entry && tuf::is_same_image(*entry, image.target);
      });
  if (has_signed) {
    for (const Decision& decision : decisions_) {
      for (const Decision::Reason& reason : decision.reasons) {
        if (!reason.mend.empty()) return reason.mend;
      }
    }
  }
  return "sign for yourself first, with --role " + (own == roles.end() ? "targets/NAME" : own->text()) +
         ", and let the last signer release it";
}

void PolicyGuard::after(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                        const std::vector<ImageToSign>& images, const tuf::RepositoryDraft& draft) {
  // What is read back is what was let through; what others did to it since is not this run's doing.
  if (draft.empty() && let_through_) return;
  const tuf::SignedState state(repository, draft, [&](const tuf::KeyId& id) { return keys_.has(id); });
  const Judge judge(policy_, state);
  decisions_.clear();
  std::string reasons;
  for (const ImageToSign& image : images) {
    const std::string digest = image.target.digest();
    decisions_.push_back(judge.decide({image.name, digest}));
    for (const Decision::Reason& reason : decisions_.back().reasons)
      reasons += (reasons.empty() ? "" : "; ") + reason.message;
  }
  // Whoever signs only for themselves releases nothing: others may still add what is missing.
  const bool releases = contains(roles, RoleName::releases()) || contains(roles, RoleName::targets());
  if (releases && !reasons.empty()) {
    throw Error(ErrorCode::kPolicy, "the result would not satisfy the policy: " + reasons,
                way_to_release(repository, roles, images));
  }
  std::set<std::string> names;
  for (const ImageToSign& image : images) names.insert(image.name);
  half_moved_ = allowed_no_longer(repository, draft, names);
  let_through_ = true;
}

}  // namespace agent
