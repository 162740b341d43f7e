// Names for files that hints tell the user to write. A checkout may have left a symbolic link under any name
// that can be guessed, and what a shell writes follows it.
#pragma once

#include <string>
#include <string_view>

namespace hsm {

/// `path` + `ending`, or `path` + `.2` + `ending`, …: the first name under which nothing stands, not even a
/// link to nothing.
std::string free_name(const std::string& path, std::string_view ending);

/// `path`, or `path` + `.2`, …: the first such that no name begins with it and a dot, for whatever writes
/// files `….1`, `….2`, ….
std::string free_prefix(const std::string& path);

/// The command that makes UTF-8 of a file, under its own name and for its owner alone.
std::string to_utf8_in_place(std::string_view encoding, const std::string& path);

}  // namespace hsm
