#include "agent/workflow/policy_guard.h"

#include <algorithm>

#include "agent/workflow/stored_target.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

const RoleName kTargets = RoleName::of("targets");
const RoleName kReleases = RoleName::of("targets/releases");

constexpr std::size_t kMaxNamed = 10;  // entries in one message

bool contains(const std::vector<RoleName>& roles, const RoleName& role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
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
    if (!delegation || !SignedState::is_identity(role)) continue;
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
  // Whoever signed before their role expired has signed.
  const SignedState state(repository, SignedState::Expired::kTake);
  const Judge judge(policy_, state);
  const std::vector<UserId> users = signing_users(repository, roles);
  for (const ImageToSign& image : images) check_identity(image, judge, users, repository, roles);

  foreign_.clear();
  if (options_.resign_guard && contains(roles, kReleases)) look_for_foreign(state, judge, images);
  for (const ImageToSign& image : images) check_move(image, state, judge, users, roles);
  if (options_.quarantine && !foreign_.empty()) drop_foreign(draft);
}

void PolicyGuard::look_for_foreign(const SignedState& state, const Judge& judge,
                                   const std::vector<ImageToSign>& images) {
  const std::optional<tuf::Targets> checked = checked_releases(state.repository());
  KnownEntries known{checked ? &*checked : nullptr};
  for (const ImageToSign& image : images) {
    if (image.target.sha256()) known.about_to_be_signed[image.name] = *image.target.sha256();
  }
  foreign_ = foreign_entries(policy_, state, judge, known);
}

void PolicyGuard::drop_foreign(tuf::RepositoryDraft& draft) {
  for (const ForeignEntry& entry : foreign_) draft.remove_target(kReleases, entry.name);
}

void PolicyGuard::refuse_foreign(const tuf::TrustedRepository& repository) const {
  std::string list;
  for (std::size_t i = 0; i < std::min(foreign_.size(), kMaxNamed); ++i)
    list += (i ? "; " : "") + foreign_[i].text();
  if (foreign_.size() > kMaxNamed) list += "; and " + std::to_string(foreign_.size() - kMaxNamed) + " more";
  throw Error(ErrorCode::kForeignEntry,
              "signing targets/releases of " + repository.gun().text() +
                  " would adopt what nobody whose signature counts has signed: " + list);
}

ChangeRepository PolicyGuard::guarding(ChangeRepository change) {
  return [this, change = std::move(change)](const tuf::TrustedRepository& repository,
                                            tuf::RepositoryDraft& draft) {
    change(repository, draft);
    if (!draft.empty()) quarantined_.clear();  // an empty one reads back what was published
    const tuf::Targets* releases = draft.find_changed(kReleases);
    if (!options_.resign_guard || !releases) return;
    const SignedState state(repository, SignedState::Expired::kTake);
    look_for_foreign(state, Judge(policy_, state), {});
    std::erase_if(foreign_,
                  [&](const ForeignEntry& entry) { return !releases->targets.contains(entry.name); });
    if (foreign_.empty()) return;
    if (!options_.quarantine) refuse_foreign(repository);
    drop_foreign(draft);
    quarantined_ = foreign_;
  };
}

void PolicyGuard::check_identity(const ImageToSign& image, const Judge& judge,
                                 const std::vector<UserId>& users, const tuf::TrustedRepository& repository,
                                 const std::vector<RoleName>& roles) const {
  const Rule* rule = judge.rule_for(image.name);
  if (!rule) {
    throw Error(ErrorCode::kPolicy, "no rule of the policy is for " + shown(repository, image),
                "whoever owns the policy adds a rule whose images match it");
  }
  if (rule->accept_targets && contains(roles, kTargets)) return;
  const auto counts = [&](UserId user) { return rule->counted.contains(user); };
  if (std::any_of(users.begin(), users.end(), counts)) return;
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

void PolicyGuard::check_move(const ImageToSign& image, const SignedState& state, const Judge& judge,
                             const std::vector<UserId>& users, const std::vector<RoleName>& roles) const {
  const tuf::TrustedRepository& repository = state.repository();
  const Rule& rule = *judge.rule_for(image.name);
  const RoleName* holder = nullptr;
  const tuf::Target* held = nullptr;
  const auto look_at = [&](const RoleName& role, const tuf::Target* target) {
    if (held || !target || is_same_image(*target, image.target)) return;
    if (role == kReleases && is_foreign(image.name)) return;
    holder = &role;
    held = target;
  };
  for (const RoleName& role : roles) look_at(role, stored_target(repository, role, image.name));
  for (const SignedState::Entry& entry : state.entries(image.name)) {
    const std::vector<UserId>& signers = judge.signers_of(*entry.role);
    const bool counts =
        entry.role->name == kTargets || entry.role->name == kReleases ||
        std::any_of(signers.begin(), signers.end(), [&](UserId user) { return rule.counted.contains(user); });
    if (counts) look_at(entry.role->name, entry.target);
  }
  if (!held) return;
  const std::string moved = "tag " + image.name + " of " + repository.gun().text() + " is signed as " +
                            SignedState::Entry{nullptr, held}.digest() + " in " + holder->text() +
                            ", not as " + SignedState::Entry{nullptr, &image.target}.digest();
  if (rule.is_immutable(image.name))
    throw Error(ErrorCode::kTagImmutable, moved + ", and the policy makes it immutable");
  if (!rule.movers) {
    if (!options_.allow_move) throw Error(ErrorCode::kTagMoved, moved);
    return;
  }
  const auto may_move = [&](UserId user) { return rule.movers->contains(user); };
  if (std::any_of(users.begin(), users.end(), may_move)) return;
  const std::string movers = policy_.names(rule.movers->members());
  throw Error(ErrorCode::kTagMoved, moved + "; the policy lets only " + movers + " move it",
              "choose a new tag, or have it signed by " + movers);
}

bool PolicyGuard::is_foreign(const std::string& name) const {
  return std::any_of(foreign_.begin(), foreign_.end(),
                     [&](const ForeignEntry& entry) { return entry.name == name; });
}

/// Anybody who may write into the trust directory could have put a file there, but not signed it.
std::optional<tuf::Targets> PolicyGuard::checked_releases(const tuf::TrustedRepository& repository) const {
  const tuf::Delegation* releases = repository.find_delegation(kReleases);
  if (!options_.last_releases || !releases) return std::nullopt;
  try {
    tuf::Metadata<tuf::Targets> file = tuf::decode<tuf::Targets>(*options_.last_releases, "last releases");
    for (const tuf::PublicKey& key : releases->authority.keys()) {
      if (keys_.has(key.canonical_id()) && tuf::is_signed_by(key, file.signed_text, file.signatures))
        return std::move(file.body);
    }
  } catch (const Error&) {
    // What cannot be read vouches for nothing.
  }
  return std::nullopt;
}

void PolicyGuard::after(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                        const std::vector<ImageToSign>& images, const tuf::RepositoryDraft& draft) {
  if (!foreign_.empty() && !options_.quarantine && draft.find_changed(kReleases)) refuse_foreign(repository);
  // What is read back is what was let through; what others did to it since is not this run's doing.
  if (draft.empty() && let_through_) return;
  if (options_.quarantine) quarantined_ = foreign_;
  const SignedState state(repository, draft, [&](const tuf::KeyId& id) { return keys_.has(id); });
  const Judge judge(policy_, state);
  decisions_.clear();
  std::string reasons;
  for (const ImageToSign& image : images) {
    const std::string digest = SignedState::Entry{nullptr, &image.target}.digest();
    decisions_.push_back(judge.decide({image.name, digest}));
    for (const Decision::Reason& reason : decisions_.back().reasons)
      reasons += (reasons.empty() ? "" : "; ") + reason.message;
  }
  // Whoever signs only for themselves releases nothing: others may still add what is missing.
  const bool releases = contains(roles, kReleases) || contains(roles, kTargets);
  if (releases && !reasons.empty()) {
    throw Error(ErrorCode::kPolicy, "the result would not satisfy the policy: " + reasons,
                "sign for yourself first, with --role targets/NAME, and let the last signer release it");
  }
  let_through_ = true;
}

}  // namespace agent
