// Files of targets have two readers: one takes what stands in the form in which they are written, and builds
// nothing of it; the other takes any strict JSON, and builds a tree. Whatever a file is, they must say the
// same of it: else whoever spells a file otherwise could show it differently to whoever verifies and whoever
// signs.
#include "tests/attack/random_targets.h"
#include "tests/support/catch.h"
#include "tuf/base/error.h"
#include "tuf/metadata/decode_document.h"
#include "tuf/metadata/scan_targets.h"

using tuf::Metadata;
using tuf::TargetMap;
using tuf::Targets;

namespace {

using Read = std::optional<Metadata<Targets>>;

template <class Decode>
Read read(Decode decode) {
  try {
    return decode();
  } catch (const tuf::Error& error) {
    if (error.code() != tuf::ErrorCode::kMalformedMetadata) throw;
    return std::nullopt;
  }
}

bool same_signatures(const Metadata<Targets>& one, const Metadata<Targets>& other) {
  return std::equal(one.signatures.begin(), one.signatures.end(), other.signatures.begin(),
                    other.signatures.end(), [](const auto& a, const auto& b) {
                      return a.keyid == b.keyid && a.method == b.method && a.value == b.value;
                    });
}

bool same_targets(const TargetMap& one, const TargetMap& other) {
  return one.size() == other.size() &&
         std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](const TargetMap::Entry& a, const TargetMap::Entry& b) {
                      return a.name() == b.name() && a.target() == b.target() && a.custom() == b.custom() &&
                             a.digest() == b.digest() && one.find(a.name()) == b.target();
                    });
}

struct Tally {
  int standing = 0;  // read as they stand
  int accepted = 0;
  int refused_standing = 0;  // for what they say
};

void compare(const std::string& file, Tally& tally) {
  const Read quick = read([&] { return tuf::decode<Targets>(file, "file"); });
  const Read general = read([&] { return tuf::decode_document<Targets>(file, "file"); });
  INFO(file);
  REQUIRE(quick.has_value() == general.has_value());
  const bool stands = tuf::scan_targets(file).has_value();
  tally.standing += stands ? 1 : 0;
  tally.refused_standing += stands && !quick ? 1 : 0;
  if (!quick) return;
  ++tally.accepted;
  REQUIRE(quick->bytes == file);
  REQUIRE(quick->signed_text == general->signed_text);
  REQUIRE(quick->body.version == general->body.version);
  REQUIRE(quick->body.expires == general->body.expires);
  REQUIRE(quick->body.keys == general->body.keys);
  REQUIRE(quick->body.roles == general->body.roles);
  REQUIRE(same_signatures(*quick, *general));
  REQUIRE(same_targets(quick->body.targets, general->body.targets));
  REQUIRE(tuf::encode_signed(quick->body) == tuf::encode_signed(general->body));
}

void compare_many(int count) {
  Tally tally;
  for (int number = 0; number < count; ++number) {
    CAPTURE(number);
    test::RandomTargets random(static_cast<std::uint64_t>(number));
    const std::string file = random.file();
    compare(file, tally);
    compare(random.mutated(file), tally);
  }
  // Neither of them is the only one that is asked.
  CHECK(tally.standing > count / 2);
  CHECK(tally.standing < count * 3 / 2);
  CHECK(tally.accepted > count / 2);
  CHECK(tally.refused_standing > count / 100);
}

}  // namespace

TEST_CASE("both readers say the same of generated and mutated files of targets", "[property]") {
  compare_many(4'000);
}

TEST_CASE("both readers say the same of two hundred thousand files of targets", "[.slow]") {
  compare_many(100'000);
}
