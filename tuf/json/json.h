// The strict and bounded front before nlohmann/json, through which everything goes that comes from outside;
// the canonical form that is signed and the wire form that is stored (section 3.1). nlohmann alone lets the
// last duplicate win, rounds numbers, crashes on depth, and makes a gigabyte of some megabytes.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tuf {

using Json = nlohmann::json;

/// Deepest nesting of arrays and objects that is read.
inline constexpr std::size_t kMaxJsonDepth = 32;
/// Most values that one text of trust data may hold.
inline constexpr std::size_t kMaxJsonValues = 360'000;
/// Most bytes that what is kept of one text may take, counted as it is built, with what its containers need:
/// enough for 40,000 tags that are bound to their role, in a file that has to be built. And most bytes with
/// twice the text, which is kept beside its canonical form.
inline constexpr std::size_t kMaxJsonMemory = 40 << 20;
inline constexpr std::size_t kMaxJsonMemoryWithText = 72 << 20;
/// Most of it that one value takes, beside its text and that of its name.
inline constexpr std::size_t kMaxJsonValueMemory = 178;
inline constexpr std::size_t kMaxForeignJsonMemory = 28 << 20;
/// Largest magnitude of a number: beyond it the official clients, which go through doubles, change digits.
inline constexpr std::int64_t kMaxJsonInteger = std::int64_t{1} << 53;

/// Reads one JSON text. Refuses, with kMalformedMetadata and `what` named in the message: bytes after the
/// value, a byte order mark, invalid UTF-8, duplicate members, nesting deeper than kMaxJsonDepth, more than
/// kMaxJsonValues values or kMaxJsonMemory bytes of them, fractions and numbers beyond kMaxJsonInteger.
/// Integral floats (`7.7e1`) become integers, as Go reads them. `memory`: what it took, as counted.
Json parse_json(std::string_view text, std::string_view what, std::size_t* memory = nullptr);

/// Of other people's documents, which hold more than is wanted of them: whether the member of that name is
/// kept, in an object inside `depth` others.
using KeepsMember = std::function<bool(std::size_t depth, std::string_view name)>;

/// The same for other people's documents, which may hold any number, as many values as fit
/// kMaxForeignJsonMemory, and may nest deeper where nothing is kept. What `keeps` (default: everything)
/// leaves out is read all the same.
Json parse_foreign_json(std::string_view text, std::string_view what, KeepsMember keeps = {});

/// Whether parse_json takes the text.
bool fits_json_bounds(std::string_view text);

/// Canonical JSON: what is signed and what key IDs are hashed over. Strings are not checked; the value
/// comes from `parse_json` or from our own code. Throws kInternal for a value that holds a float.
/// `about`: how long it will be, if that can be told.
std::string canonical_json(const Json& value, std::size_t about = 0);

/// Appends the canonical form of one string, quotes included.
void append_canonical_string(std::string& out, std::string_view text);

/// The wire form of a canonical text: Go's five HTML escapes added. With a control character in a string
/// there is no valid wire form; `has_wire_form` tells.
std::string wire_form(std::string canonical);
bool has_wire_form(std::string_view text);
/// The canonical form of a text in wire form: Go's escapes undone.
std::string canonical_form(std::string_view wire);
/// What a string says of which this stands between the quotes, in wire or canonical form.
std::string unescaped(std::string_view inside);

}  // namespace tuf
