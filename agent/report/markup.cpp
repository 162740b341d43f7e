#include "agent/report/markup.h"

#include "tuf/base/printable.h"

namespace agent {
namespace {

// U+FFFE and U+FFFF, which XML forbids and every terminal takes.
constexpr std::string_view kNoCharacter = "\xef\xbf";

}  // namespace

std::string markup_of_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_none = text.substr(i, 2) == kNoCharacter && i + 2 < text.size() &&
                         (text[i + 2] == '\xbe' || text[i + 2] == '\xbf');
    if (is_none) {
      out += text[i + 2] == '\xbe' ? "\\u{fffe}" : "\\u{ffff}";
      i += 2;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string markup(std::string_view text) {
  return markup_of_lines(tuf::printable(text));
}

}  // namespace agent
