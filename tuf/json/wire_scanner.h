// WireScanner: reads JSON that stands in the one form in which metadata is stored (section 3.1), without
// building anything: canonical JSON with Go's five escapes. No white space; members in the ascending order of
// their bytes, so none twice; integers as `std::to_string` writes them; no escapes but `\"`, `\\` and those
// five, and where one of the five is possible, it stands there. What it takes parse_json takes too, with the
// same bounds of depth and numbers, but for how many values there are; what it does not take may still be
// good JSON in another form, for parse_json to judge.
#pragma once

#include <cstddef>
#include <string_view>

#include "tuf/json/json.h"

namespace tuf {

/// Most values of one text: nothing is built of them.
inline constexpr std::size_t kMaxScannedValues = 2'000'000;

/// Each `take_…` steps over what it names and returns true; or returns false because something else stands
/// there, and then the scanner is of no further use. The text must outlive it.
class WireScanner {
 public:
  explicit WireScanner(std::string_view text) : text_(text) {}

  std::size_t position() const { return position_; }
  bool at_end() const { return position_ == text_.size(); }
  /// What comes next; NUL at the end.
  char next() const { return at_end() ? '\0' : text_[position_]; }
  std::string_view since(std::size_t start) const { return text_.substr(start, position_ - start); }
  /// How many values were taken, containers included.
  std::size_t values() const { return values_; }

  /// Any value, with all that is in it.
  bool take_value();
  bool take_integer();
  /// `inside`: what stands between its quotes, escapes and all.
  bool take_string(std::string_view& inside);
  /// `take_member` is called with each name, as it stands between its quotes, and takes the value.
  template <class TakeMember>
  bool take_object(TakeMember take_member) {
    return take_members(true, take_member);
  }
  /// The same, but for the order: of which names stand there, and how often, the caller makes sure.
  template <class TakeMember>
  bool take_envelope(TakeMember take_member) {
    return take_members(false, take_member);
  }

 private:
  bool take(char c);
  bool take_literal(std::string_view literal);
  bool take_text(std::string_view& inside);
  bool take_escape();
  bool take_beyond_ascii();
  bool take_array();
  bool count_value() { return ++values_ <= kMaxScannedValues; }
  bool enter();
  static bool are_in_order(std::string_view one, std::string_view next);

  template <class TakeMember>
  bool take_members(bool in_order, TakeMember& take_member) {
    if (!take('{') || !enter()) return false;
    std::string_view before;
    for (bool first = true; !take('}'); first = false) {
      std::string_view name;
      if (!(first || take(',')) || !take_text(name) || !take(':')) return false;
      if (in_order && !first && !are_in_order(before, name)) return false;
      if (!take_member(name)) return false;
      before = name;
    }
    --depth_;
    return true;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace tuf
