// Loading a repository: fetch, verify piece by piece, remember what was seen.
//
// Everything whose name is known is asked for at once and the chain of hashes verified afterwards; what turns
// out to be another version than the chain names is fetched again by its hash. The trust directory is memory
// against rollback, and the root to start from; a file in it stands in for the store's only where the store's
// own snapshot of this moment names its hash.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/store/seen_repository.h"
#include "agent/store/trust_store.h"
#include "hsm/os/time_budget.h"
#include "tuf/base/warning.h"
#include "tuf/edit/publish_transaction.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// What the user says about first contact. A pin is also held against a known root, so that pinning takes
/// effect on a machine that has seen the repository before.
struct TrustPolicy {
  std::optional<tuf::TrustPin> pin;
  bool trust_on_first_use = false;
  /// Forget what was seen before, as after a new set-up of the repository. Never implied by anything.
  bool reset_cache = false;
};

/// What becomes of the memory of what was seen.
enum class Remember {
  kNothing,  // a rehearsal learns nothing and forgets nothing
  kRoot,     // who may be believed, if that was not known: the rest is remembered when the run has ended
  kAll,
};

struct LoadRequest {
  tuf::Gun gun;
  TrustPolicy policy;
  tuf::Time now;
  /// Delegations that are likely wanted: asked for together with the top roles.
  std::vector<tuf::RoleName> likely;
  /// What this run has loaded before, and what it has sent since; both must outlive the call. A file of
  /// either is not asked for again while the store's snapshot still names it; but what was sent is read back,
  /// unless it is long and nothing that pullers read.
  const tuf::TrustedRepository* before = nullptr;
  const std::vector<tuf::PublishTransaction::File>* sent = nullptr;
  /// What is put up with in order to mend it. With `expiry`, a store that can make no timestamp any more
  /// (section 2.6) is read without; with `other_form`, the newest file stands in for one that the snapshot
  /// names and that the store cannot serve (section 2.5). Neither of the two is remembered.
  tuf::Tolerance tolerate = {};
  /// Which delegations below the direct children of `targets` are read: all without a value, else these, what
  /// stands above them and what stands below them. Whoever changes who may sign need not follow what signers
  /// delegate.
  std::optional<std::vector<tuf::RoleName>> nested = std::nullopt;
  /// Of the whole command.
  std::shared_ptr<const hsm::TimeBudget> budget = hsm::TimeBudget::without_end();
  Remember remember = Remember::kAll;
};

/// A repository as a run has it open: where it is, what was seen of it, and how it is read.
struct OpenRepository {
  TrustStore& store;
  SeenRepository& seen;
  const LoadRequest& load;
};

/// The verified repository; `seen` is updated, if it is to be. Delegations that are more than is read are
/// left out, each with its problem, and warned of (LIMIT_EXCEEDED): they hurt nobody else. Throws
/// kNoTrustData if the store has none, kUnpinnedRoot, kRepositoryBroken (a file that verified metadata names
/// is missing), the errors of TrustedRepository, of the store and of the trust directory.
tuf::TrustedRepository load_repository(const OpenRepository& open, std::vector<tuf::Warning>& warnings);

}  // namespace agent
