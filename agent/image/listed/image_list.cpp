#include "agent/image/listed/image_list.h"

#include <algorithm>
#include <optional>
#include <set>

#include "agent/image/listed/json_images.h"
#include "agent/image/listed/yaml_images.h"
#include "agent/names/image_reference.h"

namespace agent {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Refuses what some readers take for the end of a line, or for nothing, and others for text: behind
/// `# comment`, say, it would hide an image. A NUL is a sign of UTF-16.
void require_plain_text(std::string_view text, const std::string& name) {
  using namespace std::string_view_literals;
  constexpr std::string_view kHiding[] = {"\xC2\x85"sv, "\xE2\x80\xA8"sv, "\xE2\x80\xA9"sv};
  std::size_t first = std::string_view::npos;
  for (const std::string_view each : kHiding) first = std::min(first, text.find(each));
  first = std::min(first, text.find(kByteOrderMark, 1));
  const auto control = std::find_if(text.begin(), text.end(), [](const char c) {
    return (c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  if (control != text.end()) first = std::min(first, static_cast<std::size_t>(control - text.begin()));
  for (std::size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (at + 1 == text.size() || text[at + 1] != '\n') first = std::min(first, at);
  }
  if (first == std::string_view::npos) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), '\n');
  fail_at(name, static_cast<int>(line), "holds a control character with which a line could be hidden",
          kUnclearLine);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// In front of `# comment`, which begins a line or stands behind a blank, as in YAML.
std::string_view without_comment(std::string_view line) {
  for (std::size_t mark = line.find('#'); mark != std::string_view::npos; mark = line.find('#', mark + 1)) {
    if (mark == 0 || line[mark - 1] == ' ' || line[mark - 1] == '\t') return line.substr(0, mark);
  }
  return line;
}

/// Calls `take` with every line and its number, without blank lines and comments.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(without_comment(text.substr(0, end)));
    if (!line.empty()) take(line, number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

/// One word a line, none of which is a YAML key or a mark between documents.
bool is_plain_list(std::string_view text) {
  bool is_plain = true;
  for_each_line(text, [&](std::string_view line, int) {
    constexpr std::string_view kYamlBegins = "-%{[\"'";
    is_plain = is_plain && line.find_first_of(" \t") == std::string_view::npos && line.back() != ':' &&
               kYamlBegins.find(line.front()) == std::string_view::npos;
  });
  return is_plain;
}

bool is_image(std::string_view text) {
  try {
    parse_image(text);
    return true;
  } catch (const tuf::Error&) {
    return false;
  }
}

ImageList images_in_plain_list(std::string_view text, const std::string& name) {
  ImageList list;
  for_each_line(text, [&](std::string_view line, int number) {
    if (list.images.size() == kMaxListedImages) fail_at(name, number, "names too many images", kTooMuch);
    if (line.find_first_of("${}") != std::string_view::npos) fail_unrendered(name, number, line, false);
    // Not quoted: a list that a build wrote may be a link to something else.
    if (!is_image(line)) fail_at(name, number, "is not the name of an image", kOtherKind);
    list.images.push_back({std::string(line), number});
  });
  return list;
}

/// kubectl reads what begins with a brace as JSON, or not at all, and takes more than blanks for nothing
/// before it.
ImageList images_in_text(std::string_view text, const std::string& name) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  if (text[first] == '{') {
    if (std::optional<ImageList> list = images_in_json(text, name)) return *std::move(list);
  }
  if (static_cast<unsigned char>(text[first]) >= 0x80) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), '\n');
    fail_at(name, static_cast<int>(line), "begins with a character that may be a space for some readers",
            kUnclearLine);
  }
  return is_plain_list(text) ? images_in_plain_list(text, name) : images_in_yaml(text, name);
}

}  // namespace

ImageList images_in(std::string_view text, const std::string& name) {
  require_plain_text(text, name);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  ImageList list = images_in_text(text, name);
  std::set<std::string> seen;
  std::erase_if(list.images, [&](const ListedImage& image) { return !seen.insert(image.text).second; });
  if (list.images.empty()) fail_at(name, 1, "names no image", kOtherKind);
  std::size_t length = 0;
  for (const ListedImage& image : list.images) {
    length += image.text.size();
    if (length > kMaxListedText)
      fail_at(name, image.line, "names more than is read: 1 MiB of names", kTooMuch);
  }
  return list;
}

}  // namespace agent
