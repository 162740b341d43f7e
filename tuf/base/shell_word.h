// Hints are commands that users paste into a shell.
#pragma once

#include <string>
#include <string_view>

namespace tuf {

/// `text` as one word of a shell: as it is where that is safe, in single quotes, or in `$'…'` where a
/// terminal must not get it as it is (printable.h); so it means the same text still when it is printed.
std::string shell_word(std::string_view text);

/// The same of the name of a file: with `./` in front where a program would take it for an option.
std::string shell_path(std::string_view path);

}  // namespace tuf
