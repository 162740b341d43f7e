// Lists of words made into one text, and texts into lines; and words without regard to case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tuf {

/// "targets/releases, targets/jenkins"
std::string join(const std::vector<std::string>& words, const std::string& separator = ", ");
/// The first of them, fit for a terminal: "1.0, 1.1 and 40 more".
std::string first_of(const std::vector<std::string>& words);
/// Those of a text, each without its end: what a report has as its lines.
std::vector<std::string> lines_of(const std::string& text);

/// A letter of ASCII made small, whatever the locale; every other byte as it is.
constexpr char in_lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string in_lower_case(std::string_view text);
/// Whether it is that word, or begins with it, in any case of ASCII's letters.
bool equals_ignoring_case(std::string_view text, std::string_view word);
bool starts_ignoring_case(std::string_view text, std::string_view word);

}  // namespace tuf
