#include "tuf/view/provenance.h"

#include <catch2/catch.hpp>

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

TEST_CASE("Annotations are keys and values around the first equals sign") {
  CHECK(agent::parse_annotations({}).empty());
  CHECK(agent::parse_annotations({"release=2026.1", "team.example/ticket_no=a=b", "x=é"}) ==
        tuf::Provenance{{"release", "2026.1"}, {"team.example/ticket_no", "a=b"}, {"x", "é"}});
}

TEST_CASE("What is no annotation is refused") {
  const std::vector<std::string> bad = {"release",
                                        "=1",
                                        "Release=1",
                                        "a b=1",
                                        ".a=1",
                                        "a.=1",
                                        "a..b=1",
                                        "a=",
                                        "a=\n",
                                        "a=\x1b",
                                        "a=\xff",
                                        "ref=x",
                                        "ci=x",
                                        "job=x",
                                        "é=1",
                                        std::string(129, 'k') + "=1",
                                        "k=" + std::string(1025, 'v')};
  for (const std::string& text : bad)
    CHECK_ERROR(agent::parse_annotations({text}), ErrorCode::kUsage, "--annotate");
  CHECK_ERROR(agent::parse_annotations({"a=1", "a=1"}), ErrorCode::kUsage, "twice");
  std::vector<std::string> many;
  for (int i = 0; i < 33; ++i) many.push_back("key" + std::to_string(i) + "=1");
  CHECK_ERROR(agent::parse_annotations(many), ErrorCode::kUsage, "32");
}

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
