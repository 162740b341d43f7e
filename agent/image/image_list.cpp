#include "agent/image/image_list.h"

#include <algorithm>
#include <set>

#include "agent/image/yaml_images.h"

namespace agent {
namespace {

/// Refuses what the YAML readers of kubectl and docker take for the end of a line, or for nothing, and
/// yaml-cpp for text: behind `# comment`, say, it would hide an image. A NUL is a sign of UTF-16.
void require_plain_text(std::string_view text, const std::string& name) {
  using namespace std::string_view_literals;
  constexpr std::string_view kHiding[] = {"\0"sv, "\xC2\x85"sv, "\xE2\x80\xA8"sv, "\xE2\x80\xA9"sv};
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF"sv;
  std::size_t first = std::string_view::npos;
  for (const std::string_view each : kHiding) first = std::min(first, text.find(each));
  first = std::min(first, text.find(kByteOrderMark, 1));
  for (std::size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (at + 1 == text.size() || text[at + 1] != '\n') first = std::min(first, at);
  }
  if (first == std::string_view::npos) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), '\n');
  fail_at(name, static_cast<int>(line), "holds a control character with which a line could be hidden");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

struct Line {
  std::string_view text;
  int number;
};

/// Without blank lines and comments.
std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty() && line.front() != '#') lines.push_back({line, number});
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// One word a line, none of which is a YAML key or a mark between documents.
bool is_plain_list(const std::vector<Line>& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const Line& line) {
    constexpr std::string_view kYamlBegins = "-%{[\"'";
    return line.text.find_first_of(" \t") == std::string_view::npos && line.text.back() != ':' &&
           kYamlBegins.find(line.text.front()) == std::string_view::npos;
  });
}

}  // namespace

std::vector<ListedImage> images_in(std::string_view text, const std::string& name) {
  require_plain_text(text, name);
  std::vector<ListedImage> all;
  if (const std::vector<Line> lines = lines_of(text); is_plain_list(lines)) {
    if (lines.size() > kMaxListedImages)
      fail_at(name, lines[kMaxListedImages].number, "names too many images");
    for (const Line& line : lines) all.push_back({std::string(line.text), line.number});
  } else {
    all = images_in_yaml(text, name);
  }
  std::vector<ListedImage> once;
  std::set<std::string> seen;
  for (ListedImage& image : all) {
    if (seen.insert(image.text).second) once.push_back(std::move(image));
  }
  if (once.empty()) fail_at(name, 1, "names no image");
  return once;
}

}  // namespace agent
