// What somebody meant who has misspelt a word.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace agent {

/// The one of `words` that is nearest to `typed`, by letters left out, added, changed or exchanged with their
/// neighbours; nullopt if none is near: more than one slip in four letters is another word. Case and dashes
/// at the start count for nothing.
std::optional<std::string> nearest_word(const std::string& typed, const std::vector<std::string>& words);

/// The hint of who has misspelt something: what is near, if anything is, and the help.
std::string did_you_mean(const std::optional<std::string>& word, const std::string& help);

}  // namespace agent
