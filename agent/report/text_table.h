// TextTable: columns for people, padded with spaces and without trailing ones.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace agent {

class TextTable {
 public:
  /// A column is as wide as its widest cell plus `padding`, and at least `min_width`.
  struct Spacing {
    std::size_t padding = 2;
    std::size_t min_width = 0;
  };
  explicit TextTable(std::vector<std::string> header, Spacing spacing = {2, 0});
  /// As many cells as the header has. Control characters are made visible.
  void add(std::vector<std::string> row);
  /// Header first.
  std::vector<std::string> lines() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  Spacing spacing_;
};

}  // namespace agent
