// TimeBudget: how long one command may take, whatever it waits for: answers, retries, locks, tokens, others'
// publications. There is one for each command, and everything that waits shares it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/error.h"

namespace hsm {

/// "90", "90s", "1500ms", "5m", "1h": up to a day, and more than nothing. nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// As parse_duration reads it: "90 s".
std::string to_text(std::chrono::milliseconds duration);

class TimeBudget {
 public:
  using Clock = std::chrono::steady_clock;

  /// Begins now.
  explicit TimeBudget(std::chrono::milliseconds total, std::function<Clock::time_point()> now = Clock::now);

  /// For whoever sets no limit.
  static std::shared_ptr<const TimeBudget> without_end();

  /// The whole becomes longer, counted from the beginning; never shorter.
  void extend_to(std::chrono::milliseconds total);

  Clock::time_point end() const { return begin_ + total(); }
  std::chrono::milliseconds total() const { return std::chrono::milliseconds(total_.load()); }
  /// Zero when it is used up.
  std::chrono::milliseconds left() const;
  /// How long somebody may wait who would not wait for longer than `longest` anyway.
  std::chrono::milliseconds at_most(std::chrono::milliseconds longest) const;
  bool allows(std::chrono::milliseconds pause) const { return pause < left(); }

  /// Throws used_up if nothing is left.
  void require(const std::string& waited_for) const;
  /// kTimeout: `waited_for` ("no answer from notary.example.com") when time was up.
  tuf::Error used_up(const std::string& waited_for) const;
  /// "in the 60 s that this command has".
  std::string in_words() const;

 private:
  std::function<Clock::time_point()> now_;
  Clock::time_point begin_;
  /// Of milliseconds: others than the thread that extends it may look.
  std::atomic<std::chrono::milliseconds::rep> total_;
};

}  // namespace hsm
