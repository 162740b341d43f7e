#include "agent/report/text_table.h"

#include <algorithm>

#include "tuf/base/printable.h"

namespace agent {
TextTable::TextTable(std::vector<std::string> header, Spacing spacing)
    : rows_{std::move(header)}, spacing_(spacing) {}

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = tuf::printable(cell);
  rows_.push_back(std::move(row));
}

std::vector<std::string> TextTable::lines() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], tuf::columns_of(row[i]));
  }
  for (std::size_t& column : widths) column = std::max(column + spacing_.padding, spacing_.min_width);
  std::vector<std::string> lines;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - tuf::columns_of(row[i]), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace agent
