#include "agent/config/annotations.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using tuf::ErrorCode;
using tuf::Provenance;

TEST_CASE("Annotations are keys and values around the first equals sign") {
  CHECK(agent::parse_annotations({}).empty());
  CHECK(agent::parse_annotations({"release=2026.1", "team.example/ticket_no=a=b", "x=é"}) ==
        Provenance{{"release", "2026.1"}, {"team.example/ticket_no", "a=b"}, {"x", "é"}});
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
