#include "hsm/os/time_budget.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hsm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest = std::chrono::hours(24);

std::optional<milliseconds> unit_of(std::string_view text) {
  if (text == "ms") return milliseconds(1);
  if (text.empty() || text == "s") return std::chrono::seconds(1);
  if (text == "m") return std::chrono::minutes(1);
  if (text == "h") return std::chrono::hours(1);
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  const auto unit = unit_of(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit || count == 0 || count > kLongest / *unit) return std::nullopt;
  return count * *unit;
}

std::string to_text(milliseconds duration) {
  const bool whole = duration.count() % 1000 == 0;
  return whole ? std::to_string(duration.count() / 1000) + " s" : std::to_string(duration.count()) + " ms";
}

TimeBudget::TimeBudget(milliseconds total, std::function<Clock::time_point()> now)
    : now_(std::move(now)), begin_(now_()), total_(total.count()) {}

std::shared_ptr<const TimeBudget> TimeBudget::without_end() {
  return std::make_shared<TimeBudget>(100 * 365 * kLongest);
}

void TimeBudget::extend_to(milliseconds total) {
  total_ = std::max(this->total(), total).count();
}

milliseconds TimeBudget::left() const {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(end() - now_()));
}

milliseconds TimeBudget::at_most(milliseconds longest) const {
  return std::min(longest, left());
}

void TimeBudget::require(const std::string& waited_for) const {
  if (left() == milliseconds(0)) throw used_up(waited_for);
}

tuf::Error TimeBudget::used_up(const std::string& waited_for) const {
  return {tuf::ErrorCode::kTimeout, waited_for + " " + in_words(),
          "repeat the command, or give it more time with --timeout DURATION"};
}

std::string TimeBudget::in_words() const {
  return "in the " + to_text(total()) + " that this command has";
}

}  // namespace hsm
