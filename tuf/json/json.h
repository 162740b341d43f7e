// The strict front before nlohmann/json, the canonical form that is signed and the wire form that is
// stored (section 3.1). nlohmann alone lets the last duplicate win, rounds numbers and crashes on depth.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tuf {

using Json = nlohmann::json;

/// Deepest nesting of arrays and objects that is read.
inline constexpr std::size_t kMaxJsonDepth = 32;
/// Most values that one text may hold: what a hostile text of any length can make a reader allocate.
inline constexpr std::size_t kMaxJsonValues = 250'000;
/// Largest magnitude of a number: beyond it the official clients, which go through doubles, change digits.
inline constexpr std::int64_t kMaxJsonInteger = std::int64_t{1} << 53;

/// Reads one JSON text. Refuses, with kMalformedMetadata and `what` named in the message: bytes after the
/// value, a byte order mark, invalid UTF-8, duplicate members, nesting deeper than kMaxJsonDepth, more than
/// kMaxJsonValues values, fractions and numbers beyond kMaxJsonInteger. Integral floats (`7.7e1`) become
/// integers, as Go reads them.
Json parse_json(std::string_view text, std::string_view what);

/// Canonical JSON: what is signed and what key IDs are hashed over. Strings are not checked; the value
/// comes from `parse_json` or from our own code. Throws kInternal for a value that holds a float.
std::string canonical_json(const Json& value);

/// Appends the canonical form of one string, quotes included.
void append_canonical_string(std::string& out, std::string_view text);

/// The wire form of a canonical text: Go's five HTML escapes added. With a control character in a string
/// there is no valid wire form; `has_wire_form` tells.
std::string wire_form(std::string_view canonical);
bool has_wire_form(std::string_view text);

}  // namespace tuf
