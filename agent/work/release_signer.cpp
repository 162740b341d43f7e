#include "agent/work/release_signer.h"

#include <algorithm>
#include <deque>
#include <set>

#include "agent/work/published_facts.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

/// Of the repositories that were loaded to be rehearsed, bytes of all together: what is more is loaded again.
constexpr std::size_t kMaxKept = 8 << 20;

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

/// Bytes of its files: what it takes is a few times that.
std::size_t length_of(const tuf::TrustedRepository& repository) {
  std::size_t bytes = repository.targets().bytes.size();
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) bytes += delegation.metadata->bytes.size();
  }
  return bytes;
}

tuf::Error named(const tuf::Error& error, const tuf::Gun& gun, const std::vector<SourcedImage>& images) {
  return error.with_value("REPO", gun.text())
      .with_value("IMAGE", gun.text() + ":" + images.front().target.name);
}

/// In a word.
std::string outcome_of(const ReleasePart& part, const Run& run) {
  if (part.failure) return "failed";
  if (run.dry_run()) return "rehearsed";
  return part.signing.result->changes.published ? "published" : "unchanged";
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
    : choices_(std::move(choices)), policy_(policy), run_(run) {
  request_.roles = choices_.roles;
  request_.allow_move = choices_.policy.allow_move;
  request_.bind = choices_.bind;
  request_.annotations = choices_.annotations;
  request_.provenance = provenance_of(choices_, run, warnings);
}

void ReleaseSigner::sign(const ImagesToSign& wanted, AfterFailure after_failure,
                         const std::function<void(ReleasePart&)>& tell) {
  if (wanted.size() > 1 && !run_.dry_run()) rehearse(wanted, after_failure);
  std::deque<ReleasePart> parts;  // those that are not told of yet
  std::size_t done = 0;
  std::set<const ReleasePart*> ended;
  const auto tell_in_order = [&] {
    while (!parts.empty() && ended.erase(&parts.front()) > 0) {
      tell(parts.front());
      parts.pop_front();
    }
  };
  auto next = wanted.begin();
  run_.for_each_in_lanes(wanted.size(), [&](std::size_t) {
    const auto& [gun, images] = *next++;  // they are begun in their order
    ReleasePart& part = parts.emplace_back(ReleasePart{gun, images});
    if (const auto refused = refused_.find(gun); refused != refused_.end()) {
      part.failure = refused->second;
    } else {
      sign(part);
    }
    const bool goes_on = !part.failure || after_failure == AfterFailure::kGoOn;
    if (wanted.size() > 1) run_.note_progress({outcome_of(part, run_), gun.text(), ++done, wanted.size()});
    ended.insert(&part);
    tell_in_order();
    return goes_on;
  });
  // Whatever the order was in which they came through.
  std::stable_sort(run_.told().begin(), run_.told().end(),
                   [](const auto& one, const auto& other) { return one.gun < other.gun; });
}

void ReleaseSigner::rehearse(const ImagesToSign& wanted, AfterFailure after_failure) {
  auto next = wanted.begin();
  std::size_t done = 0;
  run_.for_each_in_lanes(wanted.size(), [&](std::size_t) {
    const auto& [gun, images] = *next++;
    bool is_ready = true;
    try {
      Rehearsed part = rehearse_part(gun, images);
      kept_ += length_of(part.repository);
      if (kept_ <= kMaxKept) rehearsed_.emplace(gun, std::move(part));
    } catch (const tuf::Error& error) {
      refused_.emplace(gun, named(error, gun, images));
      is_ready = false;
    }
    run_.note_progress({is_ready ? "checked" : "refused", gun.text(), ++done, wanted.size()});
    return refused_.empty() || after_failure == AfterFailure::kGoOn;
  });
  if (refused_.empty() || after_failure == AfterFailure::kGoOn) return;
  const auto& [gun, error] = *refused_.begin();
  throw error.with_context("nothing of the release was published, since " + gun.text() + " cannot be");
}

ReleaseSigner::Rehearsed ReleaseSigner::rehearse_part(const tuf::Gun& gun,
                                                      const std::vector<SourcedImage>& images) {
  Run::Repository repository = run_.open(gun, Access::kPublish);
  say_what_is_likely(repository.load);
  // The rest is remembered when it is published.
  if (repository.load.remember == Remember::kAll) repository.load.remember = Remember::kRoot;
  std::vector<tuf::Warning> warnings;
  tuf::TrustedRepository loaded = load_repository(repository, warnings);
  SignedRepository result;
  std::vector<tuf::Warning> said_when_published;
  PublishOptions options = run_.publish_options();
  options.until = Until::kReady;
  options.loaded = &loaded;
  sign(repository, images, options, result, said_when_published);
  return {std::move(loaded), std::move(warnings)};
}

SignedImages ReleaseSigner::rehearse(const tuf::Gun& gun, const std::vector<SourcedImage>& images,
                                     std::vector<tuf::Warning>& warnings) {
  Run::Repository repository = run_.open(gun, Access::kPublish);
  SignedRepository result;
  PublishOptions options = run_.publish_options();
  options.until = Until::kSigned;
  sign(repository, images, options, result, warnings);
  return std::move(*result.result);
}

void ReleaseSigner::sign(ReleasePart& part) {
  SignedRepository& result = part.signing;
  try {
    Run::Repository repository = run_.open(part.gun, Access::kPublish);
    part.server = repository.store->name();
    PublishOptions options = run_.publish_options();
    const auto rehearsed = rehearsed_.extract(part.gun);
    if (rehearsed) {
      options.loaded = &rehearsed.mapped().repository;
      part.warnings = rehearsed.mapped().warnings;
    }
    part.told = &run_.tell_of(repository);
    sign(repository, part.images, options, result, part.warnings);
    if (result.guarded) result.guarded->remember(result.result->changes, part.warnings);
    // A rehearsal has no files to tell of.
    if (!run_.dry_run()) tell_signed(result, part.images, choices_.tells_platforms, *part.told);
  } catch (const tuf::Error& error) {
    if (part.told && result.guarded) tell_foreign(result.guarded->guard(), *part.told);
    part.failure = named(error, part.gun, part.images);
  }
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
  say_what_is_likely(repository.load);
  result.result = sign_images(repository, request, run_.keys(), options, warnings);
}

void ReleaseSigner::say_what_is_likely(LoadRequest& load) const {
  load.likely.clear();
  if (request_.roles.empty()) load.likely.push_back(tuf::RoleName::releases());
  for (const tuf::RoleName& role : request_.roles) {
    if (role.is_delegation()) load.likely.push_back(role);
  }
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
