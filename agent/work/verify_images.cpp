#include "agent/work/verify_images.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/work/read_repository.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/view/bound.h"
#include "tuf/view/health.h"
#include "tuf/view/stored_target.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

/// "sha256:… (1573 bytes)"
std::string content_of(const tuf::Target& target) {
  return "sha256:" + tuf::to_hex(*target.sha256()) + " (" + std::to_string(target.length) + " bytes)";
}

/// Views of what the image names: a tag, or every tag with the given digest.
std::vector<tuf::TagView> candidates(const tuf::TrustedRepository& repository, const ImageReference& image) {
  if (image.tag) return tuf::view_tag(repository, *image.tag);
  std::vector<tuf::TagView> views = tuf::view_tags(repository);
  std::erase_if(views, [&](const tuf::TagView& view) { return view.digest() != image.digest->text(); });
  return views;
}

/// Why a released tag names no image that anybody could check; nullopt if it does.
std::optional<std::string> unusable(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.target.sha256()) return "it is signed without a SHA-256, so nothing says which image it is";
  if (view.target.length < 0) return "it is signed with " + std::to_string(view.target.length) + " bytes";
  const tuf::RoleName& role = view.releasing_role();
  if (tuf::bound_of(view.target, tuf::bound_to(repository.gun(), role)) == tuf::Bound::kElsewhere)
    return "what stands in " + role.text() + " was signed for another role or repository";
  return std::nullopt;
}

/// That pullers get no such image: because of a role that cannot be read, or because it is not there.
[[noreturn]] void fail_not_released(const tuf::TrustedRepository& repository, const std::string& image) {
  const tuf::Delegation* releases = repository.find_delegation(tuf::RoleName::releases());
  if (releases && releases->problem) throw releases->problem->with_context(image + " is not signed");
  throw Error(ErrorCode::kNotSigned, image + " is not signed in targets/releases or targets");
}

/// That a demanded role does not hold what pullers get.
void require_role(const tuf::TrustedRepository& repository, const tuf::TagView& released,
                  const std::string& image, const tuf::RoleName& role) {
  if (released.is_in(role)) return;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (delegation && delegation->problem) throw delegation->problem->with_context(image + " is not signed");
  if (const Error none = repository.no_such_role(role);
      !delegation && none.code() != ErrorCode::kRoleNotFound)
    throw none.with_context(image + " is not signed");
  for (const tuf::TagView& view : tuf::view_tag(repository, released.name)) {
    if (!view.is_in(role)) continue;
    throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text() + " as " +
                                           released.digest() + ", which is what pullers get, but as " +
                                           view.digest());
  }
  throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text());
}

/// What pullers get for the image; each of `roles` must hold that. Throws kNotSigned, and why a role that
/// decides is not read.
tuf::TagView verified_view(const tuf::TrustedRepository& repository, const ImageToVerify& subject,
                           const std::vector<tuf::RoleName>& roles) {
  const ImageReference& image = subject.image;
  std::vector<tuf::TagView> views = candidates(repository, image);
  std::erase_if(views, [](const tuf::TagView& view) { return !view.released; });
  if (views.empty()) fail_not_released(repository, subject.text());
  const auto answers = [&](const tuf::TagView& view) {
    return !unusable(repository, view) &&
           std::all_of(roles.begin(), roles.end(), [&](const auto& role) { return view.is_in(role); });
  };
  const auto found = std::find_if(views.begin(), views.end(), answers);
  const tuf::TagView& view = found == views.end() ? views.front() : *found;
  if (const auto why = unusable(repository, view))
    throw Error(ErrorCode::kNotSigned, subject.text() + " is not signed: " + *why);
  if (image.digest && view.digest() != image.digest->text()) {
    throw Error(ErrorCode::kNotSigned,
                subject.text() + " is not signed: the tag is signed as " + view.digest());
  }
  for (const tuf::RoleName& role : roles) require_role(repository, view, subject.text(), role);
  return view;
}

/// That the file of `--file` is not what is signed; nullopt if it is, or if there is none. As notary does, by
/// its length and by every digest that the entry has.
std::optional<Error> contradiction(const ImageToVerify& subject, const tuf::Target& entry) {
  if (!subject.file) return std::nullopt;
  const tuf::Target& content = subject.file->content;
  const auto is_other = [&](const auto& hash) {
    const auto theirs = entry.hashes.find(hash.first);
    return theirs != entry.hashes.end() && theirs->second != hash.second;
  };
  const bool differs = entry.length != content.length || !tuf::is_same_image(entry, content) ||
                       std::any_of(content.hashes.begin(), content.hashes.end(), is_other);
  if (!differs) return std::nullopt;
  return Error(ErrorCode::kHashMismatch,
               tuf::printable(subject.file->path) + " is not what is signed as " + subject.text() +
                   ": it is " + content_of(content) + ", signed is " + content_of(entry),
               "get the file anew; what is signed, and by whom, is told by: countersign list " +
                   tuf::shell_word(subject.image.gun.text()));
}

}  // namespace

std::string ImageToVerify::text() const {
  return image.gun.text() + (image.tag ? ":" + *image.tag : "") +
         (image.digest ? "@" + image.digest->text() : "");
}

const Error* VerifiedImage::error() const {
  if (failure) return &*failure;
  if (contradiction) return &*contradiction;
  return objection && !by_policy ? &*objection : nullptr;
}

ImageVerifier::ImageVerifier(std::vector<tuf::RoleName> roles, const Policy* policy, Run& run,
                             std::vector<tuf::Warning>& warnings)
    : roles_(std::move(roles)), policy_(policy), run_(run), warnings_(warnings) {}

void ImageVerifier::look_ahead(const std::vector<ImageToVerify>& subjects) {
  std::vector<tuf::Gun> guns;  // in the order in which they are named
  std::set<tuf::Gun> known;
  for (const ImageToVerify& subject : subjects) {
    const tuf::Gun& gun = subject.image.gun;
    if (is_asked_for(subject.image) && known.insert(gun).second) guns.push_back(gun);
  }
  run_.for_each_in_lanes(guns.size(), [&](std::size_t at) {
    fetch(guns[at]);
    return true;
  });
}

const VerifiedImage& ImageVerifier::verify(ImageToVerify subject) {
  const ImageToVerify& kept = subjects_.emplace_back(std::move(subject));
  VerifiedImage verified{&kept, nullptr, policy_ != nullptr, {}};
  if (policy_) {
    judge(verified);
  } else {
    look_up(verified);
  }
  return images_.emplace_back(std::move(verified));
}

/// Docker's rule, and the roles that the user demands.
void ImageVerifier::look_up(VerifiedImage& verified) {
  const ImageToVerify& subject = *verified.subject;
  const LookedRepository& looked = look(subject.image.gun);
  verified.repository = &looked;
  verified.decision.image = subject.text();
  const auto named = [&](const Error& error) {
    return error.with_value("REPO", subject.image.gun.text()).with_value("IMAGE", subject.text());
  };
  try {
    if (looked.failure) throw Error(*looked.failure);
    verified.view = verified_view(*looked.trusted, subject, roles_);
    verified.roles = verified.view->roles;
    if (const auto error = contradiction(subject, verified.view->target)) {
      verified.contradiction = named(*error);
      return;
    }
    verified.decision.allowed = true;
    if (!subject.file) verified.decision.deploy = looked.gun.text() + "@" + verified.view->digest();
  } catch (const Error& error) {
    (error.code() == ErrorCode::kNotSigned ? verified.objection : verified.failure) = named(error);
  }
}

void ImageVerifier::judge(VerifiedImage& verified) {
  const ImageToVerify& subject = *verified.subject;
  const ImageReference& image = subject.image;
  const Question question{image.tag, image.digest ? std::optional(image.digest->text()) : std::nullopt,
                          roles_};
  const bool has_rule = is_asked_for(image);
  const LookedRepository& looked = has_rule ? look(image.gun) : mention(image.gun);
  verified.repository = &looked;
  if (!has_rule) {
    verified.decision = refuse_without_rule(image.gun, question);
    return;
  }
  if (looked.failure) {
    verified.decision.image = subject.text();
    const bool has_none = looked.failure->code() == ErrorCode::kNoTrustData;
    (has_none ? verified.objection : verified.failure) = looked.failure;
    return;
  }
  verified.decision = looked.judge->decide(question);
  const Decision& decision = verified.decision;
  for (const tuf::SignedState::Entry& entry : looked.state->entries(decision.tag)) {
    if (entry.digest() == decision.digest) verified.roles.push_back(entry.role->name);
  }
  if (!subject.file) return;
  verified.decision.deploy.clear();  // nothing that runs
  const auto entries = looked.state->entries(*image.tag);
  const tuf::SignedState::Entry* released = looked.state->released(entries);
  if (!released || !released->target.sha256()) return;  // refused already
  verified.contradiction = contradiction(subject, released->target);
  if (verified.contradiction) verified.decision.allowed = false;
}

bool ImageVerifier::is_asked_for(const ImageReference& image) {
  if (!policy_) return true;
  const RepositoryRules& rules = rules_.try_emplace(image.gun, *policy_, image.gun).first->second;
  return image.tag ? rules.find(*image.tag) != nullptr : !rules.empty();
}

/// A repository that nobody is asked for.
LookedRepository& ImageVerifier::mention(const tuf::Gun& gun) {
  return mentioned_.try_emplace(gun, gun, "").first->second;
}

LookedRepository& ImageVerifier::look(const tuf::Gun& gun) {
  const auto known = looked_.find(gun);
  LookedRepository& looked = known == looked_.end() ? fetch(gun) : known->second;
  for (tuf::Warning& warning : std::exchange(looked.warnings, {})) warnings_.push_back(std::move(warning));
  return looked;
}

LookedRepository& ImageVerifier::fetch(const tuf::Gun& gun) {
  Run::Repository repository = run_.open(gun, Access::kRead);
  LookedRepository& looked = looked_.try_emplace(gun, gun, repository.store->name()).first->second;
  looked.is_offline = run_.offline();
  try {
    looked.trusted = read_repository(repository, run_, looked.warnings);
  } catch (const Error& error) {
    looked.failure = error.with_value("REPO", gun.text());
    return looked;
  }
  for (tuf::Warning& warning : tuf::health_warnings(*looked.trusted))
    looked.warnings.push_back(std::move(warning));
  if (policy_) looked.judge.emplace(*policy_, looked.state.emplace(*looked.trusted));
  return looked;
}

}  // namespace agent
