// Lists of words made into one text, and texts into lines.
#pragma once

#include <string>
#include <vector>

namespace tuf {

/// "targets/releases, targets/jenkins"
std::string join(const std::vector<std::string>& words, const std::string& separator = ", ");
/// The first of them, fit for a terminal: "1.0, 1.1 and 40 more".
std::string first_of(const std::vector<std::string>& words);
/// Those of a text, each without its end: what a report has as its lines.
std::vector<std::string> lines_of(const std::string& text);
/// Its ASCII letters made small, whatever the locale.
std::string in_lower_case(std::string text);

}  // namespace tuf
