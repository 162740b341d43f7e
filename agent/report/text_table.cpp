#include "agent/report/text_table.h"

#include <algorithm>

#include "tuf/base/printable.h"

namespace agent {
namespace {

/// Columns that a terminal uses for UTF-8 text, taking every character for one wide.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header, Spacing spacing)
    : rows_{std::move(header)}, spacing_(spacing) {}

void TextTable::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = tuf::printable(cell);
  rows_.push_back(std::move(row));
}

std::vector<std::string> TextTable::lines() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (std::size_t& column : widths) column = std::max(column + spacing_.padding, spacing_.min_width);
  std::vector<std::string> lines;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] - width(row[i]), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace agent
