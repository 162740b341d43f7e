#include "tuf/view/provenance.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

namespace {

using tuf::ErrorCode;
using tuf::Json;
using tuf::Provenance;

tuf::Target target_with(const Json& custom) {
  tuf::Target target;
  target.custom = custom;
  return target;
}

}  // namespace

TEST_CASE("Provenance stands beside what others have said, and replaces only itself") {
  const tuf::Provenance provenance = {{"ref", "refs/heads/main"}};
  const auto fresh = tuf::with_provenance(std::nullopt, provenance);
  CHECK(*fresh == Json{{"countersign.provenance/v1", {{"ref", "refs/heads/main"}}}});
  const auto beside = tuf::with_provenance(Json{{"built", "here"}}, {{"ref", "x"}});
  const auto again = tuf::with_provenance(beside, provenance);
  CHECK(*again == Json{{"built", "here"}, {"countersign.provenance/v1", {{"ref", "refs/heads/main"}}}});
  CHECK(tuf::find_provenance(target_with(*again)) == provenance);
  CHECK_FALSE(tuf::with_provenance(Json("text"), provenance));
  CHECK_FALSE(tuf::with_provenance(Json::array({1}), provenance));
}

TEST_CASE("What is not an object of strings is no provenance") {
  CHECK_FALSE(tuf::find_provenance(tuf::Target{}));
  for (const Json& custom :
       {Json("x"), Json::object(), Json{{"countersign.provenance/v1", 1}},
        Json{{"countersign.provenance/v1", {"a"}}}, Json{{"countersign.provenance/v1", {{"ref", 1}}}},
        Json{{"countersign.provenance/v2", {{"ref", "x"}}}}}) {
    CHECK_FALSE(tuf::find_provenance(target_with(custom)));
  }
}
