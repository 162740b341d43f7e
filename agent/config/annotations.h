// Annotations: what users say of an image beside what the CI says, with --annotate.
#pragma once

#include <string>
#include <vector>

#include "tuf/view/provenance.h"

namespace agent {

/// `KEY=VALUE` as for --annotate. A key is made of lower-case letters, digits and single `.`, `_`, `-` or `/`
/// between them, at most 128 bytes; a value is plain text of at most 1024. Throws kUsage; also for a key that
/// is given twice, and for one that only the CI may fill (kCiMembers).
tuf::Provenance parse_annotations(const std::vector<std::string>& texts);

}  // namespace agent
