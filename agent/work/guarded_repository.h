// GuardedRepository: the policy's guard of one repository, with what it remembers in the trust directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/store/guarded_releases.h"
#include "agent/work/policy_guard.h"
#include "agent/work/run.h"
#include "tuf/base/warning.h"

namespace agent {

/// What a request says of how its policy is kept.
struct PolicyChoices {
  bool allow_move = false;       // of tags of which the policy does not say who moves them
  bool quarantine = false;       // foreign entries are dropped instead of refused
  bool no_resign_guard = false;  // or not even looked for
  bool hide_tags = false;        // tags may go that the policy allows
};

/// Which policy is kept, and how.
struct PolicyToKeep {
  const Policy& policy;
  const PolicyChoices& choices;
};

class GuardedRepository {
 public:
  /// The policy itself must outlive it.
  GuardedRepository(const PolicyToKeep& kept, const tuf::Gun& gun, hsm::KeyRing& keys, const Run& run,
                    std::vector<tuf::Warning>& warnings);

  PolicyGuard& guard() { return guard_; }
  const PolicyGuard& guard() const { return guard_; }

  /// Remembers what was checked and signed. Failing that is a warning: the next run is only stricter.
  void remember(const PublishedChanges& changes, std::vector<tuf::Warning>& warnings) const;

 private:
  PolicyGuard::Options guard_options(const PolicyChoices& choices, bool dry_run,
                                     std::vector<tuf::Warning>& warnings) const;

  GuardedReleases memory_;
  GuardedReleases::Keys keys_;  // of the policy
  bool checks_releases_;
  PolicyGuard guard_;
};

}  // namespace agent
