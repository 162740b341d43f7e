#include "hsm/pkcs11/watchdog.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/forked.h"

namespace {

using hsm::Watchdog;
using std::chrono::milliseconds;

}  // namespace

TEST_CASE(
    "the watchdog ends a process that hangs, with the exit code of KEY and an error on standard error") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(milliseconds(50));
    const auto guard = watchdog.watch("token 'ci': signing");
    while (true) ::pause();
  });
  CHECK(child.exit_code == 10);
  CHECK(child.errors.find("error[TOKEN_FAILED]: token 'ci': signing: no answer within 0.05 s\nhint: ") == 0);
}

TEST_CASE("the watchdog reports through its owner and ends the process all the same") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(milliseconds(50), [](const tuf::Error& error) {
      const std::string text = std::string("mine: ") + error.what();
      [[maybe_unused]] const ssize_t ignored = ::write(2, text.data(), text.size());
    });
    const auto guard = watchdog.watch("x");
    while (true) ::pause();
  });
  CHECK(child.exit_code == 10);
  CHECK(child.errors == "mine: x: no answer within 0.05 s");
}

TEST_CASE("a phase inside a phase keeps the outer limit in force") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(milliseconds(50));
    const auto outer = watchdog.watch("outer");
    { const auto inner = watchdog.watch("inner"); }
    while (true) ::pause();
  });
  CHECK(child.exit_code == 10);
  CHECK(child.errors.find("outer") != std::string::npos);
}

TEST_CASE("the watchdog's limit is what is left to the run, if that is less, and a moment at least") {
  const auto child = test::forked([]() -> int {
    Watchdog watchdog(std::chrono::minutes(1), {}, [] { return milliseconds(0); });
    const auto guard = watchdog.watch("closing");
    while (true) ::pause();
  });
  CHECK(child.exit_code == 10);
  CHECK(child.errors.find("closing: no answer within 2 s") != std::string::npos);
}

TEST_CASE("the watchdog lets a process be that is in no phase, or has no limit") {
  const auto child = test::forked([]() -> int {
    Watchdog unlimited(milliseconds(0));
    const auto guard = unlimited.watch("unlimited");
    Watchdog watchdog(milliseconds(500));
    { const auto phase = watchdog.watch("short"); }
    ::usleep(700'000);
    return 3;
  });
  CHECK(child.exit_code == 3);
}
