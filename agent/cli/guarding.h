// Guarding: what commands that sign releases share with the policy: its options, the guard of one repository,
// and what both say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/cli/changing.h"
#include "agent/cli/grammar.h"
#include "agent/report/report.h"
#include "agent/store/guarded_releases.h"
#include "agent/work/policy_guard.h"
#include "agent/work/run.h"
#include "tuf/base/warning.h"

namespace agent {

struct PolicyOptions {
  std::optional<std::string> file;
  bool quarantine = false;
  bool no_resign_guard = false;
  bool hide_tags = false;  // --yes of commands that take tags away
};

/// --policy and --quarantine.
void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help);

/// That of the option, else of the settings; nullopt without one. Throws kUsage for options that do not go
/// together, and what read_policy throws.
std::optional<Policy> read_policy(const PolicyOptions& options, const Settings& settings);

/// Whether there is one, without reading it.
bool has_policy(const PolicyOptions& options, const Settings& settings);

/// The guard of one repository, with its memory in the trust directory.
class GuardedRepository {
 public:
  /// The policy must outlive it.
  GuardedRepository(const Policy& policy, const PolicyOptions& options, bool allow_move, const tuf::Gun& gun,
                    hsm::KeyRing& keys, Run& run, std::vector<tuf::Warning>& warnings);

  PolicyGuard& guard() { return guard_; }

  /// After signing, when the report has its targets: what the policy says of each, and what was dropped.
  void describe(RepositoryReport& repository, std::vector<tuf::Warning>& warnings) const;
  /// After a refusal: every foreign entry, however many the message names.
  void describe_refusal(RepositoryReport& repository) const;
  /// Remembers what was checked and signed. Failing that is a warning: the next run is only stricter.
  void remember(const PublishedChanges& changes, std::vector<tuf::Warning>& warnings) const;

 private:
  PolicyGuard::Options guard_options(const PolicyOptions& options, bool allow_move,
                                     std::vector<tuf::Warning>& warnings) const;

  GuardedReleases memory_;
  bool dry_run_;
  bool checks_releases_;
  PolicyGuard guard_;
};

/// As `change`, for commands that sign no image: what they sign passes the gate, with a policy the guard too.
/// `how` is told the guard; nullptr without a policy.
PublishedChanges guarded_change(const std::optional<Policy>& policy, const PolicyOptions& options,
                                hsm::KeyRing& keys, Run::Repository& repository,
                                const std::function<ChangeRepository(const PolicyGuard*)>& how,
                                const ChangeWords& words, Run& run, Report& report,
                                const SigningGate::Options& gate = {});
PublishedChanges guarded_change(const std::optional<Policy>& policy, const PolicyOptions& options,
                                hsm::KeyRing& keys, Run::Repository& repository, const ChangeRepository& how,
                                const ChangeWords& words, Run& run, Report& report,
                                const SigningGate::Options& gate = {});

}  // namespace agent
