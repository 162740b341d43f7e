// What `--version` and `countersign version` say.
#pragma once

#include <string>

namespace agent {

/// "countersign 0.1.0"
std::string version_text();

}  // namespace agent
