// Lists of words made into one text, and texts into lines.
#pragma once

#include <string>
#include <vector>

namespace tuf {

/// "targets/releases, targets/jenkins"
std::string join(const std::vector<std::string>& words, const std::string& separator = ", ");
/// Those of a text, each without its end: what a report has as its lines.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace tuf
