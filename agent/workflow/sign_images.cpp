#include "agent/workflow/sign_images.h"

#include <algorithm>

#include "agent/workflow/policy_guard.h"
#include "agent/workflow/signing_keys.h"
#include "agent/workflow/stored_target.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

const RoleName kReleases = RoleName::of("targets/releases");

std::string digest_text(const tuf::Target& target) {
  const tuf::Bytes* sha256 = target.sha256();
  return sha256 ? "sha256:" + tuf::to_hex(*sha256) : "no SHA-256";
}

bool has_annotations(const tuf::Target& target, const Provenance& annotations) {
  const Provenance present = find_provenance(target).value_or(Provenance{});
  return std::includes(present.begin(), present.end(), annotations.begin(), annotations.end());
}

/// The entry as it shall stand. Of the same image, what others have said stays; what was said of another one
/// does not go over to this.
tuf::Target entry_for(const ImageToSign& image, const tuf::Target* before, const SignRequest& request) {
  tuf::Target entry = image.target;
  const bool same = before && is_same_image(*before, entry);
  if (same) entry.custom = before->custom;
  if (same && before->length == entry.length && has_annotations(*before, request.annotations)) return entry;
  if (request.provenance.empty()) return entry;
  if (auto custom = with_provenance(entry.custom, request.provenance)) {
    entry.custom = std::move(custom);
  } else if (!request.annotations.empty()) {
    throw Error(ErrorCode::kUsage, "the custom data of tag " + image.name +
                                       " is not an object, so no annotation can stand beside it");
  }
  return entry;
}

SignStatus apply(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                 const ImageToSign& image, const SignRequest& request, tuf::RepositoryDraft& draft) {
  SignStatus status = SignStatus::kUnchanged;
  for (const RoleName& role : roles) {
    const tuf::Target* before = stored_target(repository, role, image.name);
    switch (draft.set_target(role, image.name, entry_for(image, before, request))) {
      case tuf::TargetChange::kUnchanged:
        break;
      case tuf::TargetChange::kAdded:
        if (status == SignStatus::kUnchanged) status = SignStatus::kSigned;
        break;
      case tuf::TargetChange::kMoved:
        if (!request.allow_move && !request.guard) {  // the guard has spoken before
          throw Error(ErrorCode::kTagMoved, "tag " + image.name + " of " + repository.gun().text() +
                                                " is signed as " +
                                                (before ? digest_text(*before) : "another image") + " in " +
                                                role.text() + ", not as " + digest_text(image.target));
        }
        status = SignStatus::kMoved;
        break;
    }
  }
  return status;
}

/// `targets` speaks to pullers too, of tags that releases does not have.
bool is_released(const tuf::TrustedRepository& repository, const SignRequest& request,
                 const std::vector<RoleName>& roles) {
  const auto signs = [&](const RoleName& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  return signs(kReleases) ||
         (signs(RoleName::of("targets")) &&
          std::none_of(request.images.begin(), request.images.end(), [&](const auto& image) {
            return repository.find_target(kReleases, image.name) != nullptr;
          }));
}

void warn_about_roles(const tuf::TrustedRepository& repository, const SignRequest& request,
                      const std::vector<RoleName>& roles, std::vector<Warning>& warnings) {
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

SignedImages sign_images(TrustStore& store, SeenRepository& seen, const LoadRequest& load,
                         const SignRequest& request, hsm::KeyRing& keys, const PublishOptions& options,
                         std::vector<Warning>& warnings) {
  std::vector<RoleName> roles;
  std::vector<SignStatus> statuses;  // of the last attempt: what is read back shows only that it is there
  const ChangeRepository change = [&](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    roles = request.roles.empty() ? roles_to_sign(repository, keys)
                                  : check_roles_to_sign(repository, request.roles, keys);
    if (request.guard) request.guard->before(repository, roles, request.images, draft);
    std::vector<SignStatus> now;
    for (const ImageToSign& image : request.images) {
      now.push_back(apply(repository, roles, image, request, draft));
    }
    if (request.guard) request.guard->after(repository, roles, request.images, draft);
    if (statuses.empty() || !draft.empty()) statuses = std::move(now);
  };
  PublishedChanges changes =
      publish_changes(store, seen, load, change, signer_look_up(keys), options, warnings);
  const bool others_were_faster = changes.attempts > 0 && !changes.published;
  if (others_were_faster) statuses.assign(request.images.size(), SignStatus::kUnchanged);
  warn_about_roles(changes.repository, request, roles, warnings);
  return {std::move(changes), std::move(roles), std::move(statuses)};
}

}  // namespace agent
