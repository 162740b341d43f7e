// repo init: the keys of a new repository are found or made, and it is created. One that is there already is
// left as it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/work/change_signers.h"
#include "agent/work/run.h"
#include "agent/work/stand_in_key.h"
#include "tuf/base/warning.h"

namespace agent {

struct InitRequest {
  /// As it was named, for what is to be typed again.
  std::string repository;
  /// As for --key; none: the trust directory's, or a new one.
  std::optional<std::string> root_key = std::nullopt;
  /// As for --key; none: a new one.
  std::optional<std::string> targets_key = std::nullopt;
};

/// What a rehearsal shows. A server that is asked for its keys makes them, so these are made up.
struct InitPlan {
  std::vector<SignerChange> signers = {};
  std::vector<StandIn> stand_ins = {};
  std::vector<tuf::PublishTransaction::File> files = {};
};

struct InitResult {
  /// As the server has it; none in a rehearsal of creating it.
  std::optional<tuf::TrustedRepository> repository = std::nullopt;
  bool created = false;
  std::optional<InitPlan> plan = std::nullopt;
};

/// With a store opened to create. A repository that is there is trusted if it was seen, is pinned, or a root
/// key at hand has signed it; else kUnpinnedRoot. Throws kRollback if it was seen here and the store has
/// nothing of it, kKeyAmbiguous if it is not clear which root key is meant, and what create_repository
/// throws: then new keys are not kept, unless the outcome is unknown.
InitResult init_repository(Run::Repository& repository, const InitRequest& request, Run& run,
                           std::vector<tuf::Warning>& warnings);

}  // namespace agent
