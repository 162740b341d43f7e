#include "agent/store/guarded_releases.h"

#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tests/support/test_signer.h"

using agent::GuardedReleases;

TEST_CASE("What was checked and signed last is remembered for each repository") {
  const test::TempDir dir;
  const GuardedReleases app(dir.path(), tuf::Gun::of("registry.example.com:5000/app"));
  const GuardedReleases below(dir.path(), tuf::Gun::of("registry.example.com:5000/app/releases.json"));
  CHECK_FALSE(app.load({}));
  app.save("one", {});
  below.save("other", {});
  app.save("two", {});
  CHECK(app.load({}) == "two");
  CHECK(below.load({}) == "other");
}

TEST_CASE("What was checked by a policy is forgotten as soon as one of its keys has gone out of that") {
  const test::TempDir dir;
  const GuardedReleases app(dir.path(), tuf::Gun::of("registry.example.com/app"));
  const auto one = test::TestSigner::generate()->public_key().canonical_id();
  const auto two = test::TestSigner::generate()->public_key().canonical_id();
  app.save("checked", {one});
  CHECK(app.load({one}) == "checked");
  CHECK(app.load({one, two}) == "checked");
  CHECK_FALSE(app.load({two}));
  for (const auto& file : std::filesystem::directory_iterator(dir.path() / "countersign" / "releases"))
    if (file.path().extension() == ".keys") std::filesystem::remove(file.path());
  CHECK_FALSE(app.load({one}));
}
