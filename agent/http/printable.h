// What others wrote, made fit for a message or a log line: no control character, no forged second line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace agent {

/// ASCII as it is, everything else and the backslash as `\xNN`; cut at `limit` bytes with "..." behind it.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace agent
