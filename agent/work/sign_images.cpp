#include "agent/work/sign_images.h"

#include <algorithm>

#include "agent/work/policy_guard.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/warning.h"
#include "tuf/view/bound.h"
#include "tuf/view/signed_state.h"
#include "tuf/view/stored_target.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

std::string digest_text(const tuf::Target& target) {
  const tuf::Bytes* sha256 = target.sha256();
  return sha256 ? "sha256:" + tuf::to_hex(*sha256) : "no SHA-256";
}

bool has_annotations(const tuf::Target& target, const tuf::Provenance& annotations) {
  const tuf::Provenance present = tuf::find_provenance(target).value_or(tuf::Provenance{});
  return std::includes(present.begin(), present.end(), annotations.begin(), annotations.end());
}

/// Makes the entries of one attempt.
class Entries {
 public:
  Entries(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
          const SignRequest& request, hsm::KeyRing& keys)
      : repository_(repository), roles_(roles), request_(request) {
    for (const RoleName& role : roles) {
      here_.push_back(tuf::bound_to(repository.gun(), role));
      is_own_.push_back(!role.is_identity() || have_signed(repository, role, keys));
    }
  }

  SignStatus set(const ImageToSign& image, tuf::RepositoryDraft& draft) {
    SignStatus status = SignStatus::kUnchanged;
    own_.reset();
    // Identities come first: what releases says of an image is what this identity says of it.
    for (const bool identities : {true, false}) {
      for (std::size_t i = 0; i < roles_.size(); ++i) {
        if (roles_[i].is_identity() == identities) set(i, image, draft, status);
      }
    }
    return status;
  }

 private:
  void set(std::size_t at, const ImageToSign& image, tuf::RepositoryDraft& draft, SignStatus& status) {
    const RoleName& role = roles_[at];
    const std::optional<tuf::Target> before = tuf::stored_target(repository_, role, image.name);
    const bool stays = may_stay(at, image, before);
    const tuf::Target entry = entry_for(at, image, stays ? &*before : nullptr);
    switch (draft.set_target(role, image.name, entry, stays ? tuf::Beside::kStays : tuf::Beside::kGoes)) {
      case tuf::TargetChange::kUnchanged:
        break;
      case tuf::TargetChange::kAdded:
        if (status == SignStatus::kUnchanged) status = SignStatus::kSigned;
        break;
      case tuf::TargetChange::kMoved:
        if (!request_.allow_move && !request_.guard) {  // the guard has spoken before
          throw Error(ErrorCode::kTagMoved, "tag " + image.name + " of " + repository_.gun().text() +
                                                " is signed as " +
                                                (before ? digest_text(*before) : "another image") + " in " +
                                                role.text() + ", not as " + digest_text(image.target));
        }
        status = SignStatus::kMoved;
        break;
    }
  }

  /// Of the same image, what others have said stays, unless it is an identity's own word or the policy does
  /// not know who said it; what was said of another image, or for another role, does not go over to this.
  bool may_stay(std::size_t at, const ImageToSign& image, const std::optional<tuf::Target>& before) const {
    if (!before || !tuf::is_same_image(*before, image.target)) return false;
    if (tuf::bound_of(*before, here_[at]) == tuf::Bound::kElsewhere) return false;
    if (request_.guard) return request_.guard->may_stay(repository_, roles_[at], image.name, *before);
    return is_own_[at];
  }

  tuf::Target entry_for(std::size_t at, const ImageToSign& image, const tuf::Target* before) {
    tuf::Target entry = image.target;
    if (before) entry.custom = before->custom;
    const bool says_it =
        before && before->length == entry.length && has_annotations(*before, request_.annotations);
    if (!says_it) {
      // A policy compares what releases says with what the identity says; without one, what others have said
      // stays beside it.
      const bool as_own = own_ && (request_.guard || !before);
      entry.custom = as_own ? *own_ : said_of(image, entry.custom);
    }
    if (!own_ && roles_[at].is_identity()) own_ = tuf::without_bound(entry.custom);
    // What stands there already is signed again, so as to be bound, only where a policy may ask for it.
    const bool binds =
        request_.bind && (!says_it || request_.guard || tuf::bound_of(entry, here_[at]) != tuf::Bound::kNot);
    if (binds) {
      if (auto bound = tuf::with_bound(entry.custom, here_[at])) entry.custom = std::move(bound);
    } else if (tuf::bound_of(entry, here_[at]) == tuf::Bound::kElsewhere) {
      entry.custom = tuf::without_bound(entry.custom);
    }
    return entry;
  }

  std::optional<tuf::Json> said_of(const ImageToSign& image, const std::optional<tuf::Json>& before) const {
    if (request_.provenance.empty()) return before;
    if (auto custom = tuf::with_provenance(before, request_.provenance)) return custom;
    if (request_.annotations.empty()) return before;
    throw Error(ErrorCode::kUsage, "the custom data of tag " + image.name +
                                       " is not an object, so no annotation can stand beside it");
  }

  const tuf::TrustedRepository& repository_;
  const std::vector<RoleName>& roles_;
  const SignRequest& request_;
  std::vector<std::string> here_;  // what entries of each role are bound to
  std::vector<bool> is_own_;  // whether each role's file, if an identity's, was signed by the keys at hand
  /// What the first identity says of the image that is being set.
  std::optional<std::optional<tuf::Json>> own_;
};

/// Of the roles that were not named: an identity that others have signed is left to them if this would take
/// from them what the policy allows, as long as there is another to sign in.
void leave_to_others(const tuf::TrustedRepository& repository, const PolicyGuard& guard,
                     std::vector<RoleName>& roles) {
  const auto is_theirs = [&](const RoleName& role) { return guard.silences_others(repository, role); };
  const bool has_own = std::any_of(roles.begin(), roles.end(), [&](const RoleName& role) {
    return role.is_identity() && !is_theirs(role);
  });
  if (has_own) std::erase_if(roles, is_theirs);
}

/// Whether the role's file holds entries, other than those that are asked for, that were signed for another
/// role or repository: the gate lets nobody sign them.
bool holds_words_for_elsewhere(const tuf::TrustedRepository& repository, const RoleName& role,
                               const tuf::RepositoryDraft& draft) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!delegation || !delegation->metadata) return false;
  const std::string here = tuf::bound_to(repository.gun(), role);
  const auto& targets = delegation->metadata->body.targets;
  return std::any_of(targets.begin(), targets.end(), [&](const auto& entry) {
    return tuf::bound_of(entry, here) == tuf::Bound::kElsewhere && !draft.was_set(role, entry.name());
  });
}

/// Signs anew what says already what is wanted, but with other keys than those at hand: who rotates their
/// key, or takes over from somebody who leaves, signs once with the new one. Returns the roles.
std::vector<RoleName> renew_unsigned(const tuf::TrustedRepository& repository,
                                     const std::vector<RoleName>& roles, const PolicyGuard* guard,
                                     hsm::KeyRing& keys, tuf::RepositoryDraft& draft) {
  std::vector<RoleName> renewed;
  for (const RoleName& role : roles) {
    if (draft.find_changed(role) || have_signed(repository, role, keys)) continue;
    // What others have put beside it stands in nobody's way who has nothing new to sign.
    if (holds_words_for_elsewhere(repository, role, draft) ||
        (guard && !guard->may_renew(repository, role, draft)))
      continue;
    draft.renew(role);
    renewed.push_back(role);
  }
  return renewed;
}

/// `targets` speaks to pullers too, of tags that releases does not have.
bool is_released(const tuf::TrustedRepository& repository, const SignRequest& request,
                 const std::vector<RoleName>& roles) {
  const auto signs = [&](const RoleName& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  return signs(RoleName::releases()) ||
         (signs(RoleName::targets()) &&
          std::none_of(request.images.begin(), request.images.end(), [&](const auto& image) {
            return repository.find_entry(RoleName::releases(), image.name).has_value();
          }));
}

void warn_about_roles(const tuf::TrustedRepository& repository, const SignRequest& request,
                      const std::vector<RoleName>& roles, std::vector<tuf::Warning>& warnings) {
  if (request.roles.empty() && roles.size() == 1) {
    warnings.push_back({"NO_IDENTITY_ROLE", "signed into targets/releases only: no other delegation of " +
                                                repository.gun().text() +
                                                " lists the key, so nothing says who signed"});
  }
  if (!is_released(repository, request, roles)) {
    warnings.push_back({"NOT_RELEASED", "targets/releases is not among the roles: pullers of " +
                                            repository.gun().text() + " do not see the tag"});
  }
}

}  // namespace

SignedImages sign_images(const OpenRepository& open, const SignRequest& request, hsm::KeyRing& keys,
                         const PublishOptions& options, std::vector<tuf::Warning>& warnings) {
  std::vector<RoleName> roles;
  std::vector<SignStatus> statuses;  // of the last attempt: what is read back shows only that it is there
  std::vector<RoleName> renewed;     // as well
  const ChangeRepository change = [&](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    roles = request.roles.empty() ? roles_to_sign(repository, keys)
                                  : check_roles_to_sign(repository, request.roles, keys);
    if (request.guard && request.roles.empty()) leave_to_others(repository, *request.guard, roles);
    if (request.guard) request.guard->before(repository, roles, request.images, draft);
    std::vector<SignStatus> now;
    Entries entries(repository, roles, request, keys);
    for (const ImageToSign& image : request.images) now.push_back(entries.set(image, draft));
    std::vector<RoleName> signed_anew = renew_unsigned(repository, roles, request.guard, keys, draft);
    if (request.guard) request.guard->after(repository, roles, request.images, draft);
    if (!statuses.empty() && draft.empty()) return;
    statuses = std::move(now);
    renewed = std::move(signed_anew);
  };
  SigningGate gate(keys, {{request.roles.begin(), request.roles.end()}, request.guard});
  PublishedChanges changes =
      publish_changes(open, {change, gate.as_function(), signer_look_up(keys), options}, warnings);
  const bool others_were_faster = changes.attempts > 0 && !changes.published;
  if (others_were_faster) {
    statuses.assign(request.images.size(), SignStatus::kUnchanged);
    renewed.clear();
  } else if (!renewed.empty()) {
    // "unchanged" says that nothing is published.
    std::replace(statuses.begin(), statuses.end(), SignStatus::kUnchanged, SignStatus::kSigned);
  }
  warn_about_roles(changes.repository, request, roles, warnings);
  return {std::move(changes), std::move(roles), std::move(statuses), gate.signed_anew(), std::move(renewed)};
}

}  // namespace agent
