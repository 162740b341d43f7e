// Reading: the beginning that all share who change nothing.
#pragma once

#include <vector>

#include "agent/work/run.h"
#include "tuf/base/warning.h"

namespace agent {

/// Loads and verifies it. With --offline it is what was last seen here, and a warning says so.
tuf::TrustedRepository read_repository(Run::Repository& repository, const Run& run,
                                       std::vector<tuf::Warning>& warnings);

}  // namespace agent
