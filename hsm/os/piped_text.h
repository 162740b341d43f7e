// Text that may come through a pipe as well as from a file: what `helm template` renders is piped on.
#pragma once

#include <cstddef>
#include <string>

#include "hsm/os/time_budget.h"

namespace hsm {

/// How messages name standard input.
inline constexpr const char* kStandardInput = "standard input";

/// `-` and `/dev/stdin`.
bool is_standard_input(const std::string& name);
/// Whether a message's name of an input is that of a pipe, which nobody can name a second time.
bool is_piped_name(const std::string& name);

/// The text that `name` leads to: a file (as InputFile reads it, with links that stay in its folder),
/// standard input, what the caller has opened (`/dev/fd/63`, for which `<(…)` of a shell stands), or a FIFO.
/// It is waited for as long as the budget allows, to the end of what comes. A terminal or another device is
/// refused: nobody is asked for anything. `what` names it in messages ("the list of images"). Throws
/// kFileUnreadable, also if it is longer than `max_length`, and kTimeout.
std::string read_piped_text(const std::string& name, const std::string& what, std::size_t max_length,
                            const TimeBudget& budget);

}  // namespace hsm
