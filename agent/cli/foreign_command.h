// Commands of other programs that people bring along in their fingers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agent {

struct ForeignCommand {
  std::string_view theirs;   // "trust sign"
  std::string_view program;  // "docker"
  std::string_view ours;     // "sign"
};

/// By the first words of a command line; `second` may be empty, and may not belong to the command.
std::optional<ForeignCommand> command_for(const std::string& first, const std::string& second);

}  // namespace agent
