#include "hsm/pkcs11/watchdog.h"

#include <unistd.h>

#include <atomic>

#include "tests/support/catch.h"
#include "tests/support/forked.h"

namespace {

using hsm::Watchdog;
using std::chrono::milliseconds;

/// As whoever runs the process may decide.
void end(const tuf::Error& error) {
  const std::string text = error.what();
  [[maybe_unused]] const ssize_t ignored = ::write(2, text.data(), text.size());
  ::_exit(42);
}

}  // namespace

TEST_CASE("the watchdog tells of a call that hangs, and whoever runs the process decides") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(milliseconds(50), end);
    const auto guard = watchdog.watch("token 'ci': signing");
    while (true) ::pause();
  });
  CHECK(child.exit_code == 42);
  CHECK(child.errors == "token 'ci': signing: no answer within 0.05 s");
}

TEST_CASE("the watchdog tells of a phase once, and lets a process live whose owner wants it to") {
  const auto child = test::forked([]() -> int {
    std::atomic<int> told = 0;
    Watchdog watchdog(milliseconds(50), [&](const tuf::Error&) { ++told; });
    for (int phase = 0; phase < 2; ++phase) {
      const auto guard = watchdog.watch("x");
      ::usleep(300'000);
    }
    return told;
  });
  CHECK(child.exit_code == 2);
}

TEST_CASE("a phase inside a phase keeps the outer limit in force") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(milliseconds(50), end);
    const auto outer = watchdog.watch("outer");
    { const auto inner = watchdog.watch("inner"); }
    while (true) ::pause();
  });
  CHECK(child.exit_code == 42);
  CHECK(child.errors.find("outer") != std::string::npos);
}

TEST_CASE("the watchdog's limit is what is left to the run, if that is less, and a moment at least") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(std::chrono::minutes(1), end, [] { return milliseconds(0); });
    const auto guard = watchdog.watch("closing");
    while (true) ::pause();
  });
  CHECK(child.exit_code == 42);
  CHECK(child.errors.find("closing: no answer within 2 s") != std::string::npos);
}

TEST_CASE("the watchdog lets a process be that is in no phase, or has no limit") {
  const auto child = test::forked([]() -> int {
    Watchdog unlimited(milliseconds(0), end);
    const auto guard = unlimited.watch("unlimited");
    Watchdog watchdog(milliseconds(500), end);
    { const auto phase = watchdog.watch("short"); }
    ::usleep(700'000);
    return 3;
  });
  CHECK(child.exit_code == 3);
}
