#include "agent/cli/backstop.h"

#include <atomic>
#include <future>

#include "tests/support/catch.h"

using agent::Backstop;
using hsm::TimeBudget;
using namespace std::chrono_literals;

TEST_CASE("A command that is still at work when its time is up is ended, once") {
  std::promise<void> ended;
  std::atomic<int> times = 0;
  const Backstop backstop(std::make_shared<hsm::TimeBudget>(1ms), 0ms, [&] {
    if (++times == 1) ended.set_value();
  });
  ended.get_future().wait();
  CHECK(times == 1);
}

TEST_CASE("A command that has come to its end is left alone, also where its time was extended") {
  std::atomic<int> times = 0;
  const auto budget = std::make_shared<hsm::TimeBudget>(1ms);
  budget->extend_to(1h);
  {
    const Backstop backstop(budget, 0ms, [&] { ++times; });
  }
  {
    const Backstop backstop(std::make_shared<hsm::TimeBudget>(1ms), 1h, [&] { ++times; });
  }
  CHECK(times == 0);
}
