// Hints are commands that users paste into a shell.
#pragma once

#include <string>
#include <string_view>

namespace tuf {

/// `text` as one word of a POSIX shell: as it is where that is safe, else in single quotes.
std::string shell_word(std::string_view text);

/// The same of the name of a file: with `./` in front where a program would take it for an option.
std::string shell_path(std::string_view path);

}  // namespace tuf
