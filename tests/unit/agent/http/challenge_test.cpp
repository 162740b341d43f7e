#include "agent/http/challenge.h"

#include "tests/support/catch.h"

using agent::parse_challenges;

TEST_CASE("the challenge of a notary-server keeps the comma in its scope") {
  const auto challenges =
      parse_challenges(R"(Bearer realm="https://auth.example.com/token",service="notary-test",)"
                       R"(scope="repository:team/app:push,pull",error="insufficient_scope")");
  REQUIRE(challenges.size() == 1);
  CHECK(challenges[0].scheme == "bearer");
  CHECK(challenges[0].parameter("realm") == "https://auth.example.com/token");
  CHECK(challenges[0].parameter("service") == "notary-test");
  CHECK(challenges[0].parameter("scope") == "repository:team/app:push,pull");
  CHECK(challenges[0].parameter("error") == "insufficient_scope");
  CHECK(challenges[0].parameter("absent").empty());
}

TEST_CASE("several challenges may stand in one header") {
  const auto challenges = parse_challenges(
      R"(Negotiate, NTLM TlRMTVNTUAAC=, , BASIC Realm = "a, Bearer x=\"y\"" ,bearer realm=plain)");
  REQUIRE(challenges.size() == 4);
  CHECK(challenges[0].scheme == "negotiate");
  CHECK(challenges[1].scheme == "ntlm");
  CHECK(challenges[1].parameters.empty());
  CHECK(challenges[2].scheme == "basic");
  CHECK(challenges[2].parameter("realm") == "a, Bearer x=\"y\"");
  CHECK(challenges[3].parameter("realm") == "plain");
}

TEST_CASE("a challenge that breaks the grammar is not half understood") {
  CHECK(parse_challenges("").empty());
  CHECK(parse_challenges(R"(realm="https://h")").empty());
  CHECK(parse_challenges(R"(Bearer realm="https://h)").empty());
  CHECK(parse_challenges(R"(Bearer realm="https://h"service="x")").empty());
  CHECK(parse_challenges(R"(Bearer realm=)").at(0).parameters.empty());  // a bare value, by the grammar
  CHECK(parse_challenges("Bearer realm=\"a\", \"b\"").size() == 1);
  CHECK(parse_challenges(R"(Bearer realm="https://good", realm="https://evil")").empty());
  CHECK(parse_challenges(R"(Bearer realm="a",realm="b", Basic realm="c")").size() == 1);
}

TEST_CASE("a challenge without parameters is one") {
  REQUIRE(parse_challenges("Basic").size() == 1);
  CHECK(parse_challenges("Basic ")[0].scheme == "basic");
}
