#include "tuf/view/bound.h"

#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"

using tuf::Bound;
using tuf::Json;

TEST_CASE("what an entry is bound to is the same whether it is read or looked at as it stands") {
  const std::string here = tuf::bound_to(tuf::Gun::of("registry.example.com/app"), tuf::RoleName::releases());
  const std::string member(tuf::kBoundMember);
  const auto [custom, bound] = GENERATE_COPY(table<Json, Bound>({
      {Json(nullptr), Bound::kNot},
      {Json::object(), Bound::kNot},
      {Json{{member, here}}, Bound::kHere},
      {Json{{member, here}, {"z", 1}}, Bound::kHere},
      {Json{{"a", 1}, {member, here}}, Bound::kHere},
      {Json{{member, here + "x"}}, Bound::kElsewhere},
      {Json{{member, here + "\""}}, Bound::kElsewhere},
      {Json{{member, here.substr(1)}}, Bound::kElsewhere},
      {Json{{member, ""}}, Bound::kElsewhere},
      {Json{{member, nullptr}}, Bound::kElsewhere},
      {Json{{member, {here}}}, Bound::kElsewhere},
      {Json{{member + "x", here}}, Bound::kNot},
      {Json{{"a", {{member, here}}}}, Bound::kNot},
      {Json{{"a", "{\"" + member + "\":\"" + here + "\""}}, Bound::kNot},
      {Json("{\"" + member + "\":\"" + here + "\""), Bound::kNot},
  }));
  CAPTURE(custom.dump());
  tuf::Target target = test::make_target("one");
  if (!custom.is_null()) target.custom = custom;
  tuf::Targets body;
  body.version = 1;
  body.expires = test::kNow;
  body.targets.set("1.0", target);
  const tuf::Targets read =
      tuf::decode<tuf::Targets>(tuf::encode_file(tuf::encode_signed(body), {}), "file").body;
  CHECK(tuf::bound_of(target, here) == bound);
  CHECK(tuf::bound_of(*body.targets.find_entry("1.0"), here) == bound);
  CHECK(tuf::bound_of(*read.targets.find_entry("1.0"), here) == bound);
}
