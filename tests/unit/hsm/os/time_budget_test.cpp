#include "hsm/os/time_budget.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using hsm::parse_duration;
using hsm::TimeBudget;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

/// Stands still until it is moved.
struct Clock {
  hsm::TimeBudget::Clock::time_point at{};
  hsm::TimeBudget budget(milliseconds total) {
    return hsm::TimeBudget(total, [this] { return at; });
  }
};

}  // namespace

TEST_CASE("A duration is a whole number of milliseconds, seconds, minutes or hours, up to a day") {
  CHECK(hsm::parse_duration("90") == 90s);
  CHECK(hsm::parse_duration("90s") == 90s);
  CHECK(hsm::parse_duration("1500ms") == 1500ms);
  CHECK(hsm::parse_duration("5m") == 5min);
  CHECK(hsm::parse_duration("24h") == 24h);
  for (const char* text : {"", "0", "0s", "-1", "+1", "1.5s", "1 s", " 1", "1s ", "s", "1d", "1S", "25h",
                           "86401", "99999999999999999999", "4294967296h", "1e3", "0x10", "1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(hsm::parse_duration(text));
  }
}

TEST_CASE("A budget counts down from where it began, and not below nothing") {
  Clock clock;
  const hsm::TimeBudget budget = clock.budget(10s);
  CHECK(budget.left() == 10s);
  CHECK(budget.at_most(3s) == 3s);
  clock.at += 8s;
  CHECK(budget.left() == 2s);
  CHECK(budget.at_most(3s) == 2s);
  CHECK(budget.allows(1999ms));
  CHECK_FALSE(budget.allows(2s));
  clock.at += 8s;
  CHECK(budget.left() == 0s);
  CHECK_FALSE(budget.allows(0s));
}

TEST_CASE("A budget becomes longer from its beginning, and never shorter") {
  Clock clock;
  hsm::TimeBudget budget = clock.budget(10s);
  clock.at += 9s;
  budget.extend_to(60s);
  CHECK(budget.left() == 51s);
  budget.extend_to(5s);
  CHECK(budget.left() == 51s);
}

TEST_CASE("Whoever has no time left says what was waited for, how long, and how there is more") {
  Clock clock;
  const hsm::TimeBudget budget = clock.budget(1500ms);
  CHECK_NOTHROW(budget.require("nothing came"));
  clock.at += 2s;
  CHECK_ERROR(budget.require("nothing came"), tuf::ErrorCode::kTimeout,
              "nothing came in the 1500 ms that this command has");
  CHECK(budget.used_up("x").hint().find("--timeout DURATION") != std::string::npos);
}
