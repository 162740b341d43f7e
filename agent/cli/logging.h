// The log on stderr: for people who follow a run with -v. Results and errors never go through it.
#pragma once

#include <memory>

#include "agent/cli/command_line.h"

namespace spdlog {
class logger;
}

namespace agent {

/// Silent unless -v was given; -v shows steps, -vv every request (method, path, status, bytes; never a header
/// or a body).
std::shared_ptr<spdlog::logger> make_log(const OutputOptions& output);

}  // namespace agent
