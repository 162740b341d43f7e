// What a report says of a policy's guard.
#pragma once

#include <vector>

#include "agent/report/report.h"
#include "agent/work/policy_guard.h"
#include "tuf/base/warning.h"

namespace agent {

/// What the policy says of each of the repository's targets, in their order, and what was dropped.
void describe_guard(const PolicyGuard& guard, bool dry_run, RepositoryReport& repository,
                    std::vector<tuf::Warning>& warnings);
/// After a refusal: every foreign entry, however many the message names.
void describe_foreign(const PolicyGuard& guard, RepositoryReport& repository);

}  // namespace agent
