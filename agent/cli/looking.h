// Looking: the beginning that all commands share which only read a repository.
#pragma once

#include "agent/report/report.h"
#include "agent/work/run.h"

namespace agent {

/// Appends an entry for the repository to the report, loads and verifies it, and says in the entry what root
/// is trusted. With --offline the answer comes from the trust directory, and a warning says so.
tuf::TrustedRepository look_at(const tuf::Gun& gun, Run& run, Report& report);

}  // namespace agent
