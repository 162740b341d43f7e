// The chain of trust as a flow chart in Mermaid's language, which GitHub, GitLab and many wikis draw.
#pragma once

#include <string>

#include "agent/report/chain.h"

namespace agent {

/// Without a line break at its end.
std::string chain_mermaid(const Chain& chain);

}  // namespace agent
