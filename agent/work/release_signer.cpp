#include "agent/work/release_signer.h"

#include <algorithm>

#include "agent/work/published_facts.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

/// What is said of where the images come from: by the CI, and in so many words.
tuf::Provenance provenance_of(const SigningChoices& choices, const Run& run,
                              std::vector<tuf::Warning>& warnings) {
  tuf::Provenance provenance = choices.annotations;
  if (!choices.tells_provenance) {
    if (provenance.empty()) return provenance;
    throw tuf::Error(tuf::ErrorCode::kUsage, "--no-provenance and --annotate exclude each other",
                     "give only one of them");
  }
  provenance.insert(run.ci().members.begin(), run.ci().members.end());
  if (!provenance.empty()) provenance.emplace("created", tuf::format_time(run.now()));
  for (const std::string& refused : run.ci().refused) warnings.push_back({"CI_VALUE_IGNORED", refused});
  return provenance;
}

}  // namespace

std::vector<SigningGate::SignedAnew> SignedRepository::told_anew() const {
  std::vector<SigningGate::SignedAnew> told = result->signed_anew;
  std::erase_if(told, [&](const SigningGate::SignedAnew& role) {
    return !role.adopted &&
           std::find(result->renewed.begin(), result->renewed.end(), role.role) == result->renewed.end();
  });
  return told;
}

ReleaseSigner::ReleaseSigner(SigningChoices choices, const Policy* policy, Run& run,
                             std::vector<tuf::Warning>& warnings)
    : choices_(std::move(choices)), policy_(policy), run_(run), warnings_(warnings) {
  request_.roles = choices_.roles;
  request_.allow_move = choices_.policy.allow_move;
  request_.bind = choices_.bind;
  request_.annotations = choices_.annotations;
  request_.provenance = provenance_of(choices_, run, warnings);
}

void ReleaseSigner::rehearse(const ImagesToSign& wanted) {
  for (const auto& [gun, images] : wanted) {
    std::vector<tuf::Warning> said_when_published;
    try {
      static_cast<void>(rehearse(gun, images, Until::kReady, said_when_published));
    } catch (const tuf::Error& error) {
      throw error.with_context("nothing of the release was published, since one part cannot be");
    }
  }
}

SignedImages ReleaseSigner::rehearse(const tuf::Gun& gun, const std::vector<SourcedImage>& images,
                                     Until until, std::vector<tuf::Warning>& warnings) {
  Run::Repository repository = run_.open(gun, Access::kPublish);
  SignedRepository result;
  PublishOptions options = run_.publish_options();
  options.until = until;
  sign(repository, images, options, result, warnings);
  return std::move(*result.result);
}

void ReleaseSigner::sign(Run::Repository& repository, const std::vector<SourcedImage>& images,
                         SignedRepository& result) {
  PublishedRepository& told = run_.tell_of(repository);
  try {
    sign(repository, images, run_.publish_options(), result, warnings_);
  } catch (const tuf::Error& error) {
    if (result.guarded) tell_foreign(result.guarded->guard(), told);
    const std::string& gun = repository.load.gun.text();
    throw error.with_value("REPO", gun).with_value("IMAGE", gun + ":" + images.front().target.name);
  }
  if (result.guarded) result.guarded->remember(result.result->changes, warnings_);
  // A rehearsal has no files to tell of.
  if (!run_.dry_run()) tell_signed(result, images, choices_.tells_platforms, told);
}

void ReleaseSigner::sign(Run::Repository& repository, const std::vector<SourcedImage>& images,
                         const PublishOptions& options, SignedRepository& result,
                         std::vector<tuf::Warning>& warnings) {
  SignRequest request = request_;
  if (policy_) {
    result.guarded.emplace(PolicyToKeep{*policy_, choices_.policy}, repository.load.gun, run_.keys(), run_,
                           warnings);
    request.guard = &result.guarded->guard();
  }
  for (const SourcedImage& image : images) request.images.push_back(image.target);
  if (request.roles.empty()) {
    repository.load.likely.push_back(tuf::RoleName::releases());
  } else {
    for (const tuf::RoleName& role : request.roles) {
      if (role.is_delegation()) repository.load.likely.push_back(role);
    }
  }
  result.result = sign_images(repository, request, run_.keys(), options, warnings);
}

void ReleaseSigner::check_registry(const ImagesToSign& wanted) {
  for (const auto& [gun, images] : wanted) {
    Registry registry = run_.open_registry(gun);
    for (const SourcedImage& image : images) {
      if (image.image) agent::check_registry(registry, *image.image, "after it was signed");
    }
  }
}

}  // namespace agent
