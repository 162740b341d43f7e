#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace tuf {
namespace {

void append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      return;
    case Json::value_t::string:
      append_canonical_string(out, value.get_ref<const std::string&>());
      return;
    case Json::value_t::array: {
      out += '[';
      const char* separator = "";
      for (const Json& element : value) {
        out += separator;
        append(out, element);
        separator = ",";
      }
      out += ']';
      return;
    }
    case Json::value_t::object: {
      out += '{';
      const char* separator = "";
      // nlohmann keeps members in a std::map, which orders them by their bytes as unsigned numbers.
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        out += separator;
        append_canonical_string(out, name);
        out += ':';
        append(out, member);
        separator = ",";
      }
      out += '}';
      return;
    }
    case Json::value_t::number_float:
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  throw Error(ErrorCode::kInternal, "a value without canonical form");
}

/// Go's escapes undone, and those of JSON itself unless they are kept. Each `\u` of the wire form is one of
/// the five.
std::string without_escapes(std::string_view text, bool keeps_json) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t next = 0;;) {
    const std::size_t escape = std::min(text.find('\\', next), text.size());
    out += text.substr(next, escape - next);
    if (text.size() - escape < 2) return out;
    const std::string_view kind = text.substr(escape, 6);
    if (kind[1] != 'u') {
      if (keeps_json) out += '\\';
      out += kind[1];
      next = escape + 2;
      continue;
    }
    out += kind == R"(\u003c)"   ? "<"
           : kind == R"(\u003e)" ? ">"
           : kind == R"(\u0026)" ? "&"
           : kind == R"(\u2028)" ? "\xe2\x80\xa8"
                                 : "\xe2\x80\xa9";
    next = escape + kind.size();
  }
}

}  // namespace

void append_canonical_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"' && text[i] != '\\') continue;
    out += text.substr(start, i - start);
    out += '\\';
    start = i;
  }
  out += text.substr(start);
  out += '"';
}

std::string canonical_json(const Json& value, std::size_t about) {
  std::string out;
  out.reserve(about);
  append(out, value);
  return out;
}

std::string wire_form(std::string canonical) {
  const auto has = [&](std::string_view part) { return canonical.find(part) != std::string::npos; };
  if (!has("<") && !has(">") && !has("&") && !has("\xe2\x80")) return canonical;  // as nearly always
  std::string out;
  out.reserve(canonical.size() + canonical.size() / 16);
  for (std::size_t i = 0; i < canonical.size(); ++i) {
    const char c = canonical[i];
    const std::string_view three = std::string_view(canonical).substr(i, 3);
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else if (three == "\xe2\x80\xa8") {
      out += "\\u2028";
      i += 2;
    } else if (three == "\xe2\x80\xa9") {
      out += "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

std::string canonical_form(std::string_view wire) {
  return without_escapes(wire, true);
}

std::string unescaped(std::string_view inside) {
  return without_escapes(inside, false);
}

bool has_wire_form(std::string_view text) {
  // Block by block, which compilers make one comparison of many bytes of.
  constexpr std::size_t kBlock = 64;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    bool found = false;
    for (std::size_t i = 0; i < kBlock; ++i) found |= is_control(text[i]);
    if (found) return false;
  }
  return std::none_of(text.begin(), text.end(), is_control);
}

}  // namespace tuf
