#include "tuf/base/time.h"

#include <algorithm>
#include <cstdio>

namespace tuf {
namespace {

/// Exactly `digits` decimal digits from the front of `text`; they are taken off. -1 if there are fewer.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool in_range(int value, int low, int high) {
  return value >= low && value <= high;
}

bool skip_fraction(std::string_view& text) {
  if (!take(text, '.')) return true;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  text.remove_prefix(digits);
  return digits > 0;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return std::chrono::minutes{0};
  const bool negative = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const int hours = take_number(text, 2);
  if (!take(text, ':')) return std::nullopt;
  const int minutes = take_number(text, 2);
  if (!in_range(hours, 0, 23) || !in_range(minutes, 0, 59)) return std::nullopt;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return negative ? -offset : offset;
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  const int y = take_number(text, 4);
  if (!take(text, '-')) return std::nullopt;
  const int mo = take_number(text, 2);
  if (!take(text, '-')) return std::nullopt;
  const int d = take_number(text, 2);
  if (!take(text, 'T')) return std::nullopt;
  const int h = take_number(text, 2);
  if (!take(text, ':')) return std::nullopt;
  const int mi = take_number(text, 2);
  if (!take(text, ':')) return std::nullopt;
  const int s = take_number(text, 2);
  if (!skip_fraction(text)) return std::nullopt;
  const std::optional<minutes> offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  if (y < 0 || mo < 0 || d < 0) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || !in_range(h, 0, 23) || !in_range(mi, 0, 59) || !in_range(s, 0, 59)) {
    return std::nullopt;
  }
  // An offset may lead out of the years that four digits write; nothing may seem to live longer.
  constexpr Time kFirst = sys_days{year{0} / 1 / 1};
  constexpr Time kLast = sys_days{year{9999} / 12 / 31} + days{1} - seconds{1};
  return std::clamp<Time>(sys_days{date} + hours{h} + minutes{mi} + seconds{s} - *offset, kFirst, kLast);
}

std::string format_time(Time time) {
  using namespace std::chrono;
  const sys_days midnight = floor<days>(time);
  const year_month_day date{midnight};
  const hh_mm_ss clock{time - midnight};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string format_day(Time time) {
  return format_time(time).substr(0, 10);
}

}  // namespace tuf
