// A file that is written anew copies what has not changed as it stands. It must be to the last byte what a
// writer makes of it who knows nothing but its content.
#include "tests/attack/random_targets.h"
#include "tests/support/catch.h"
#include "tuf/metadata/scan_targets.h"

using tuf::Json;
using tuf::Targets;

namespace {

using Content = std::map<std::string, tuf::Target>;

std::string plainly_encoded(const Targets& body, const Content& content) {
  Json targets = Json::object();
  for (const auto& [name, target] : content) targets[name] = test::entry_of(target);
  return tuf::canonical_json({{"_type", "Targets"},
                              {"delegations", {{"keys", Json::object()}, {"roles", Json::array()}}},
                              {"expires", tuf::format_time(body.expires)},
                              {"targets", targets},
                              {"version", body.version}});
}

/// Edits, now and then reading back what was written.
void edit_many(int count) {
  test::RandomTargets random(7);
  Targets body;
  body.version = 1;
  body.expires = tuf::parse_time("2029-11-21T22:00:00Z").value();
  Content content;
  int spliced = 0;
  for (int number = 0; number < count; ++number) {
    CAPTURE(number);
    const auto some = [&] {
      return content.empty()
                 ? random.name()
                 : std::next(content.begin(), static_cast<std::ptrdiff_t>(random.below(content.size())))
                       ->first;
    };
    if (random.percent(content.size() < 40 ? 30 : 60)) {
      const std::string name = random.percent(90) ? some() : random.name();
      REQUIRE(body.targets.erase(name) == (content.erase(name) == 1));
    } else {
      const std::string name = random.percent(30) ? some() : random.name();
      const tuf::Target target = random.target();
      body.targets.set(name, target);
      content[name] = target;
    }
    ++body.version;
    REQUIRE(body.targets.size() == content.size());
    const std::string text = tuf::encode_signed(body);
    REQUIRE(text == plainly_encoded(body, content));
    if (!random.percent(10)) continue;
    const std::string file = tuf::encode_file(text, {});
    REQUIRE(tuf::scan_targets(file));
    body = tuf::decode<Targets>(file, "file").body;
    ++spliced;
    REQUIRE(tuf::encode_signed(body) == text);
  }
  CHECK(spliced > count / 20);
}

}  // namespace

TEST_CASE("what is spliced is what is written from nothing", "[property]") {
  edit_many(1'000);
}

TEST_CASE("what is spliced is what is written from nothing, ten thousand times over", "[.slow]") {
  edit_many(20'000);
}
