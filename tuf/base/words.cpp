#include "tuf/base/words.h"

#include <algorithm>

#include "tuf/base/printable.h"

namespace tuf {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : separator) + word;
  return out;
}

std::string first_of(const std::vector<std::string>& words) {
  constexpr std::size_t kMaxNamed = 10;
  constexpr std::size_t kMaxBytes = 128;  // of each
  std::vector<std::string> first;
  for (std::size_t i = 0; i < words.size() && i < kMaxNamed; ++i)
    first.push_back(printable(words[i], kMaxBytes));
  return join(first) +
         (words.size() > kMaxNamed ? " and " + std::to_string(words.size() - kMaxNamed) + " more" : "");
}

std::string in_lower_case(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = in_lower_case(c);
  return small;
}

bool equals_ignoring_case(std::string_view text, std::string_view word) {
  return text.size() == word.size() && starts_ignoring_case(text, word);
}

bool starts_ignoring_case(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return in_lower_case(a) == in_lower_case(b);
         });
}

}  // namespace tuf
