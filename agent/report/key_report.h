// A key at hand, as reports show it.
#pragma once

#include "agent/report/report.h"
#include "hsm/key_source.h"

namespace agent {

/// `canonical_id`, `label`, `gun`, `location`.
OrderedJson describe_key(const hsm::KeyInfo& key);

}  // namespace agent
