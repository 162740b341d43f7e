#include "tuf/json/wire_scanner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace tuf {
namespace {

/// Bytes of strings that stand for themselves, whatever is next to them.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte)
    plain[byte] = std::string_view("\"\\<>&").find(static_cast<char>(byte)) == std::string_view::npos;
  return plain;
}();

}  // namespace

bool WireScanner::take(char c) {
  if (next() != c || at_end()) return false;
  ++position_;
  return true;
}

bool WireScanner::take_literal(std::string_view literal) {
  if (!text_.substr(position_).starts_with(literal)) return false;
  position_ += literal.size();
  return true;
}

bool WireScanner::enter() {
  return count_value() && ++depth_ <= kMaxJsonDepth;
}

/// What is written with escapes is ordered by what it says.
bool WireScanner::are_in_order(std::string_view one, std::string_view next) {
  const auto has_escapes = [](std::string_view text) { return text.find('\\') != std::string_view::npos; };
  if (!has_escapes(one) && !has_escapes(next)) return one < next;
  return unescaped(one) < unescaped(next);
}

bool WireScanner::take_value() {
  std::string_view inside;
  switch (next()) {
    case '{':
      return take_object([this](std::string_view) { return take_value(); });
    case '[':
      return take_array();
    case '"':
      return take_string(inside);
    case 't':
      return count_value() && take_literal("true");
    case 'f':
      return count_value() && take_literal("false");
    case 'n':
      return count_value() && take_literal("null");
    default:
      return take_integer();
  }
}

bool WireScanner::take_array() {
  if (!take('[') || !enter()) return false;
  for (bool first = true; !take(']'); first = false) {
    if (!(first || take(',')) || !take_value()) return false;
  }
  --depth_;
  return true;
}

/// A fraction or an exponent behind it stands where something else must.
bool WireScanner::take_integer() {
  const char* const start = text_.data() + position_;
  const char* const digits = start + (next() == '-' ? 1 : 0);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(start, text_.data() + text_.size(), value);
  if (error != std::errc() || value < -kMaxJsonInteger || value > kMaxJsonInteger) return false;
  if (*digits == '0' && end - start != 1) return false;  // -0, 01
  position_ += static_cast<std::size_t>(end - start);
  return count_value();
}

bool WireScanner::take_string(std::string_view& inside) {
  return count_value() && take_text(inside);
}

bool WireScanner::take_text(std::string_view& inside) {
  if (!take('"')) return false;
  const std::size_t start = position_;
  for (;;) {
    while (!at_end() && kPlain[static_cast<unsigned char>(text_[position_])]) ++position_;
    if (next() == '"') break;
    if (next() == '\\' ? !take_escape() : !take_beyond_ascii()) return false;
  }
  inside = since(start);
  ++position_;
  return true;
}

bool WireScanner::take_escape() {
  constexpr std::array<std::string_view, 7> kEscapes = {R"(\")",     R"(\\)",     R"(\u003c)", R"(\u003e)",
                                                        R"(\u0026)", R"(\u2028)", R"(\u2029)"};
  return std::any_of(kEscapes.begin(), kEscapes.end(),
                     [this](std::string_view escape) { return take_literal(escape); });
}

/// One character of two to four bytes: none in more bytes than it needs, no surrogate, nothing beyond
/// U+10FFFF, and neither U+2028 nor U+2029.
bool WireScanner::take_beyond_ascii() {
  const auto byte = [this](std::size_t at) {
    return position_ + at < text_.size() ? static_cast<unsigned char>(text_[position_ + at]) : 0U;
  };
  const unsigned lead = byte(0);
  const std::size_t more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
  if (more == 0) return false;
  std::uint32_t point = lead & (0x3fU >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return false;
    point = point << 6 | (byte(i) & 0x3fU);
  }
  if (more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) return false;
  if (more == 3 && (point < 0x10000 || point > 0x10ffff)) return false;
  if (point == 0x2028 || point == 0x2029) return false;
  position_ += more + 1;
  return true;
}

}  // namespace tuf
