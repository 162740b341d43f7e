#include "tuf/base/filled_hint.h"

#include <algorithm>
#include <cctype>

#include "tuf/base/shell_word.h"

namespace tuf {

std::string filled_in(std::string_view hint, const Error& error) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::string filled;
  while (!hint.empty()) {
    const std::size_t length =
        static_cast<std::size_t>(std::find_if_not(hint.begin(), hint.end(), is_part) - hint.begin());
    const std::string_view word = hint.substr(0, std::max<std::size_t>(length, 1));
    const auto value = std::find_if(error.values().begin(), error.values().end(),
                                    [&](const auto& entry) { return entry.first == word; });
    const auto quoted = word == "FILE" ? shell_path : shell_word;
    filled += value == error.values().end() ? std::string(word) : quoted(value->second);
    hint.remove_prefix(word.size());
  }
  return filled;
}

}  // namespace tuf
