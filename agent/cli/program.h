// run: the whole program, with its streams as parameters.
#pragma once

#include <ostream>

namespace agent {

/// Results go to `out`, everything else to `err`. Returns the exit code of the public contract. Never throws.
int run_program(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace agent
