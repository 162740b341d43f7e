// ReleaseSigner: signs what a release consists of, one transaction for each repository. A release that cannot
// be published whole is not begun.
#pragma once

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

/// Filled while it happens, so that a failure half-way still tells what the guard has seen.
struct SignedRepository {
  std::optional<GuardedRepository> guarded = std::nullopt;  // with a policy
  std::optional<SignedImages> result = std::nullopt;

  /// Roles that are worth a word besides the images: signed anew for their own sake, or with what others have
  /// put there.
  std::vector<SigningGate::SignedAnew> told_anew() const;
};

class ReleaseSigner {
 public:
  /// The policy, if there is one, the run and the warnings outlive the signer. Throws kUsage for choices that
  /// do not go together.
  ReleaseSigner(SigningChoices choices, const Policy* policy, Run& run, std::vector<tuf::Warning>& warnings);

  /// Throws what publishing any of it would throw, as far as that shows before anything is signed: every key
  /// is opened, no token is asked for a signature.
  void rehearse(const ImagesToSign& wanted);
  /// Everything but publishing.
  SignedImages rehearse(const tuf::Gun& gun, const std::vector<SourcedImage>& images,
                        std::vector<tuf::Warning>& warnings);
  /// In an open repository; with --dry-run nothing is published. Tells the run what has come of it
  /// (Run::told), but for a rehearsal. Throws what sign_images throws.
  void sign(Run::Repository& repository, const std::vector<SourcedImage>& images, SignedRepository& result);
  /// That the registry has what was signed, under that tag.
  void check_registry(const ImagesToSign& wanted);

 private:
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
  std::vector<tuf::Warning>& warnings_;
  SignRequest request_;
  std::map<tuf::Gun, Rehearsed> rehearsed_;
  std::size_t kept_ = 0;  // bytes
};

}  // namespace agent
