#include "agent/store/guarded_releases.h"

#include <catch2/catch.hpp>

#include "tests/support/test_data.h"

using agent::GuardedReleases;

TEST_CASE("What was checked and signed last is remembered for each repository") {
  const test::TempDir dir;
  const GuardedReleases app(dir.path(), tuf::Gun::of("registry.example.com:5000/app"));
  const GuardedReleases below(dir.path(), tuf::Gun::of("registry.example.com:5000/app/releases.json"));
  CHECK_FALSE(app.load());
  app.save("one");
  below.save("other");
  app.save("two");
  CHECK(app.load() == "two");
  CHECK(below.load() == "other");
}
