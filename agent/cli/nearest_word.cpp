#include "agent/cli/nearest_word.h"

#include <algorithm>

#include "tuf/base/words.h"

namespace agent {
namespace {

std::string bare(const std::string& word) {
  return tuf::in_lower_case(word.substr(std::min(word.find_first_not_of('-'), word.size())));
}

/// Optimal string alignment: how many slips make one of the other.
std::size_t slips(const std::string& one, const std::string& other) {
  std::vector<std::vector<std::size_t>> of(one.size() + 1, std::vector<std::size_t>(other.size() + 1));
  for (std::size_t i = 0; i <= one.size(); ++i) of[i][0] = i;
  for (std::size_t j = 0; j <= other.size(); ++j) of[0][j] = j;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t changed = of[i - 1][j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
      of[i][j] = std::min({of[i - 1][j] + 1, of[i][j - 1] + 1, changed});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        of[i][j] = std::min(of[i][j], of[i - 2][j - 2] + 1);
    }
  }
  return of[one.size()][other.size()];
}

constexpr std::size_t kMaxTyped = 40;  // longer than any word of the grammar

}  // namespace

std::optional<std::string> nearest_word(const std::string& typed, const std::vector<std::string>& words) {
  const std::string wanted = bare(typed);
  if (wanted.size() > kMaxTyped) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t fewest = std::max<std::size_t>(wanted.size() / 4, 1) + 1;
  for (const std::string& word : words) {
    const std::string candidate = bare(word);
    const std::size_t count = slips(wanted, candidate);
    if (count >= fewest || count >= candidate.size()) continue;
    fewest = count;
    nearest = word;
  }
  return nearest;
}

std::string did_you_mean(const std::optional<std::string>& word, const std::string& help) {
  return (word ? "did you mean " + *word + "? " : "") + "see: " + help;
}

}  // namespace agent
