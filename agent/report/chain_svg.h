// The chain of trust as a picture: one SVG file that stands alone. No script, no font and nothing else from
// elsewhere; its own ground, light or dark as the reader's system is, so that it can be read on any page.
#pragma once

#include <string>

#include "agent/report/chain.h"

namespace agent {

/// Without a line break at its end.
std::string chain_svg(const Chain& chain);

}  // namespace agent
