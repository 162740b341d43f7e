#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/agent/work/process.h"

using test::Process;
using tuf::ErrorCode;

TEST_CASE("One process signs, verifies and revokes, and each run has a time of its own") {
  Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  process.sign(gun, "1.0", "a", warnings);
  process.sign(gun, "2.0", "b", warnings);
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  CHECK(process.look_at(gun, "3.0", warnings) == ErrorCode::kPolicy);

  process.revoke(gun, "2.0", warnings);
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  CHECK(process.look_at(gun, "2.0", warnings) == ErrorCode::kPolicy);

  process.now = test::kNow + tuf::Days{365 * 12};
  CHECK(process.look_at(gun, "1.0", warnings) == ErrorCode::kExpired);
  process.now = test::kNow;
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
}

TEST_CASE("Runs of one process do not disturb each other") {
  Process process;
  const tuf::Gun guns[] = {process.add_repository("registry.example.com/one"),
                           process.add_repository("registry.example.com/two")};
  std::string failures[2];
  const auto work = [&](std::size_t i) {
    try {
      std::vector<tuf::Warning> warnings;
      for (const std::string tag : {"1.0", "2.0", "3.0"}) {
        process.sign(guns[i], tag, tag, warnings);
        if (process.look_at(guns[i], tag, warnings)) failures[i] += tag + " is not allowed; ";
      }
      process.revoke(guns[i], "2.0", warnings);
      if (!process.look_at(guns[i], "2.0", warnings)) failures[i] += "2.0 is allowed; ";
    } catch (const std::exception& error) {
      failures[i] += error.what();
    }
  };
  std::thread one(work, 0);
  std::thread two(work, 1);
  one.join();
  two.join();
  CHECK(failures[0].empty());
  CHECK(failures[1].empty());
}
