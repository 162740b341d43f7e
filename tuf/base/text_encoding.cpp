#include "tuf/base/text_encoding.h"

#include "tuf/base/error.h"

namespace tuf {

using namespace std::string_view_literals;

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

std::string_view wide_encoding(std::string_view text) {
  if (text.starts_with("\xff\xfe\0\0"sv) || text.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "UTF-16";
  // Without a mark: the first character, always one of ASCII in what is read here, shows where zeros stand.
  const auto is_ascii = [](char c) { return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t'; };
  if (text.size() < 2) return {};
  if (is_ascii(text[0]) && text[1] == '\0') return "UTF-16LE";
  if (text[0] == '\0' && is_ascii(text[1])) return "UTF-16BE";
  return {};
}

void refuse_wide(std::string_view text, const std::string& name,
                 const std::function<std::string(const std::string& encoding)>& mend) {
  const std::string encoding(wide_encoding(text));
  if (encoding.empty()) return;
  throw Error(ErrorCode::kFileUnreadable, name + " is " + encoding + " text, not UTF-8", mend(encoding));
}

}  // namespace tuf
