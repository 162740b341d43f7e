// Changing: one change of one repository, made, passed through the gate and published, with all that it does
// beside what was asked for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/change_signers.h"
#include "agent/work/guarded_repository.h"
#include "agent/work/revived_roles.h"
#include "agent/work/run.h"
#include "agent/work/signing_gate.h"
#include "tuf/base/warning.h"

namespace agent {

struct ChangeRequest {
  /// Is told the guard; nullptr without a policy.
  std::function<ChangeRepository(const PolicyGuard*)> how;
  hsm::KeyRing& keys;              // that sign
  const Policy* policy = nullptr;  // outlives the request
  PolicyChoices choices = {};
  SigningGate::Options gate = {};
};

/// Filled while it happens, so that a failure half-way still tells what the guard has seen.
struct RepositoryChange {
  std::optional<GuardedRepository> guarded = std::nullopt;  // with a policy
  std::optional<PublishedChanges> result = std::nullopt;
  /// To who may sign.
  std::vector<SignerChange> signers = {};
  /// Tags that pullers get no longer, or otherwise; in a rehearsal, all of them.
  std::vector<std::string> hidden = {};
  /// Roles whose files count again.
  std::vector<RevivedRole> revived = {};
  std::vector<SigningGate::SignedAnew> signed_anew = {};
};

/// Tells the run what has come of it (Run::told). Throws what `how`, the gate and publish_changes throw.
void change_repository(Run::Repository& repository, const ChangeRequest& request, Run& run,
                       std::vector<tuf::Warning>& warnings, RepositoryChange& change);

}  // namespace agent
