// Points in time as metadata writes them: RFC 3339 (section 3.2). Nothing in tuf/ reads a clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tuf {

/// Whole seconds since 1970, UTC. Fractions are cut off when reading, so nothing seems to live longer.
using Time = std::chrono::sys_seconds;
using Days = std::chrono::days;

/// Reads `2029-11-20T21:12:27.5108588Z`, with or without fraction, `Z` or `±hh:mm`; nullopt otherwise.
std::optional<Time> parse_time(std::string_view text);

/// Writes `2029-11-20T21:12:27Z`: UTC without fraction, the form that every Go reader keeps as it is.
std::string format_time(Time time);
/// Its day alone, for people: `2029-11-20`.
std::string format_day(Time time);

}  // namespace tuf
