// TextTable: columns for people, padded with spaces and without trailing ones.
#pragma once

#include <string>
#include <vector>

namespace agent {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);
  /// As many cells as the header has. Control characters are made visible.
  void add(std::vector<std::string> row);
  /// Header first.
  std::vector<std::string> lines() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace agent
