// ReleaseSigner: signs what a release consists of, one transaction for each repository. A release that cannot
// be published whole is not begun.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/guarded_repository.h"
#include "agent/work/images_to_sign.h"
#include "agent/work/run.h"
#include "agent/work/sign_images.h"
#include "tuf/base/warning.h"

namespace agent {

/// What a request says of signing, whatever is signed.
struct SigningChoices {
  std::vector<tuf::RoleName> roles = {};  // exactly these (SignRequest::roles)
  bool bind = true;
  bool tells_provenance = true;      // of the CI
  tuf::Provenance annotations = {};  // and this, in so many words
  PolicyChoices policy = {};
  bool tells_platforms = false;  // in receipts and the audit log
};

/// What is done when a part of a release fails.
enum class AfterFailure { kStop, kGoOn };

/// Filled while it happens, so that a failure half-way still tells what the guard has seen.
struct SignedRepository {
  std::optional<GuardedRepository> guarded = std::nullopt;  // with a policy
  std::optional<SignedImages> result = std::nullopt;        // nullopt after a failure

  /// Roles that are worth a word besides the images: signed anew for their own sake, or with what others have
  /// put there.
  std::vector<SigningGate::SignedAnew> told_anew() const;
};

/// What has become of one repository of a release.
struct ReleasePart {
  const tuf::Gun& gun;
  const std::vector<SourcedImage>& images;
  std::string server = {};              // its name; empty: the repository was not opened
  PublishedRepository* told = nullptr;  // what the run has told of it (Run::told); nullptr: nothing
  SignedRepository signing = {};
  std::vector<tuf::Warning> warnings = {};
  std::optional<tuf::Error> failure = std::nullopt;
};

class ReleaseSigner {
 public:
  /// The policy, if there is one, and the run outlive the signer. Throws kUsage for choices that do not go
  /// together.
  ReleaseSigner(SigningChoices choices, const Policy* policy, Run& run, std::vector<tuf::Warning>& warnings);

  /// All repositories, several at a time while they wait for their servers; with --dry-run nothing is
  /// published. Several are rehearsed first: every key is opened and no token asked for a signature. Where
  /// one fails then, nothing at all is published, and what it has failed with is thrown. Where one fails
  /// later, no other is begun. After neither of them with kGoOn. `tell` is called for every repository that
  /// was begun, in their order, whatever has become of it.
  void sign(const ImagesToSign& wanted, AfterFailure after_failure,
            const std::function<void(ReleasePart&)>& tell);
  /// Everything but publishing.
  SignedImages rehearse(const tuf::Gun& gun, const std::vector<SourcedImage>& images,
                        std::vector<tuf::Warning>& warnings);
  /// That the registry has what was signed, under that tag.
  void check_registry(const ImagesToSign& wanted);

 private:
  void rehearse(const ImagesToSign& wanted, AfterFailure after_failure);
  void sign(ReleasePart& part);
  void sign(Run::Repository& repository, const std::vector<SourcedImage>& images,
            const PublishOptions& options, SignedRepository& result, std::vector<tuf::Warning>& warnings);
  void say_what_is_likely(LoadRequest& load) const;

  /// What was loaded to be rehearsed need not be loaded again: whatever others publish in between is a race
  /// that is lost, as at any other time.
  struct Rehearsed {
    tuf::TrustedRepository repository;
    std::vector<tuf::Warning> warnings;  // of loading it
  };
  Rehearsed rehearse_part(const tuf::Gun& gun, const std::vector<SourcedImage>& images);

  SigningChoices choices_;
  const Policy* policy_;
  Run& run_;
  SignRequest request_;
  std::map<tuf::Gun, Rehearsed> rehearsed_;
  std::map<tuf::Gun, tuf::Error> refused_;  // in the rehearsal
  std::size_t kept_ = 0;                    // bytes
};

}  // namespace agent
