// LocatedJson: strict JSON whose values know the line on which they stand, for files that people write and
// that errors must be able to point into.
//
// As strict as tuf/json: one value and nothing behind it, valid UTF-8, no duplicate members, bounded depth
// and number of values, integers only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

struct LocatedJson {
  enum class Kind { kNull, kBoolean, kInteger, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  int line = 1;                    // where it begins
  std::string key;                 // its member name; for an element, that of the array
  bool boolean = false;            // kBoolean
  std::int64_t integer = 0;        // kInteger
  std::string string;              // kString
  std::vector<LocatedJson> items;  // kArray and kObject, in the order of the file

  static constexpr std::size_t kMaxDepth = 16;
  static constexpr std::size_t kMaxValues = 250'000;

  /// Throws kPolicyMalformed: "`what` line N: …".
  static LocatedJson parse(std::string_view text, std::string_view what);

  /// The member of an object; nullptr if there is none.
  const LocatedJson* find(std::string_view name) const;
};

}  // namespace agent
