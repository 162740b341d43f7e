#include "tuf/base/printable.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "tuf/base/without_secrets.h"

namespace tuf {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t length;  // bytes
};

/// The first code point of `text`; nullopt if it does not begin with well-formed UTF-8.
std::optional<CodePoint> decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return CodePoint{first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return std::nullopt;
  std::uint32_t value = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return std::nullopt;
  return CodePoint{value, length};
}

bool is_forging(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||      // C0, DEL, C1
         c == 0x61c || c == 0x200e || c == 0x200f ||  // marks of direction
         (c >= 0x2028 && c <= 0x202e) ||              // line and paragraph separators, overrides
         (c >= 0x2066 && c <= 0x2069);
}

/// What is not seen makes one name of two that look alike.
bool is_invisible(std::uint32_t c) {
  return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x2064) || c == 0xfeff ||
         c == 0x3164 || (c >= 0xe0000 && c <= 0xe007f);
}

std::string hex(std::uint32_t value, int digits) {
  std::string out;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += "0123456789abcdef"[(value >> shift) & 0xf];
  return out;
}

std::string escaped(std::uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  return c <= 0xff ? "\\x" + hex(c, 2) : "\\u{" + hex(c, c <= 0xffff ? 4 : 5) + "}";
}

bool is_replaced(const std::optional<CodePoint>& c) {
  return !c || is_forging(c->value) || is_invisible(c->value);
}

}  // namespace

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::optional<CodePoint> next = decode(text);
    if (is_replaced(next)) return false;
    text.remove_prefix(next->length);
  }
  return true;
}

std::string printable(std::string_view raw, std::size_t max_bytes) {
  const std::string text = without_secrets(raw);
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::optional<CodePoint> next = decode(std::string_view(text).substr(i));
    const std::size_t length = next ? next->length : 1;
    if (i + length > max_bytes) return out + "…";
    if (!next) {
      out += "\\x" + hex(static_cast<std::uint8_t>(text[i]), 2);
    } else if (is_replaced(next)) {
      out += escaped(next->value);
    } else {
      out.append(text, i, length);
    }
    i += length;
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace tuf
