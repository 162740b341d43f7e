#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tuf/base/printable.h"
#include "tuf/names/role_name.h"

using tuf::ErrorCode;
using tuf::Gun;
using tuf::RoleName;
using namespace std::string_literals;

TEST_CASE("role names are the four top roles and delegations below targets") {
  const std::string name = GENERATE(values<std::string>(
      {"root", "targets", "snapshot", "timestamp", "targets/releases", "targets/a/b/c", "targets/a_b-c9",
       "targets/-", "targets/targets", "targets/" + std::string(247, 'a')}));
  const auto role = RoleName::parse(name);
  REQUIRE(role);
  CHECK(role->text() == name);
  CHECK(role->is_delegation() == (name.size() > 9 || name == "targets/-"));
}

TEST_CASE("anything else is not a role name") {
  const std::string name = GENERATE(values<std::string>({"",
                                                         "Root",
                                                         "targets/",
                                                         "targets//a",
                                                         "targets/a/",
                                                         "/targets",
                                                         "targets/..",
                                                         "targets/../root",
                                                         "targets/.",
                                                         "targets/a/../b",
                                                         "targets/A",
                                                         "targets/a b",
                                                         "targets/a.b",
                                                         "targets/é",
                                                         "targets/a\n",
                                                         "targets/a\\b",
                                                         "targets/a%2fb",
                                                         "target/a",
                                                         "root/a",
                                                         "snapshot/a",
                                                         "targets/a\0"s,
                                                         "targets/*",
                                                         "targets/a:b",
                                                         "targets/" + std::string(248, 'a'),
                                                         "releases"}));
  CAPTURE(name);
  CHECK_FALSE(RoleName::parse(name).has_value());
  CHECK_ERROR(RoleName::of(name), ErrorCode::kInternal);
}

TEST_CASE("a delegation knows its parent and its own part") {
  const RoleName role = RoleName::of("targets/a/b");
  CHECK(role.parent().text() == "targets/a");
  CHECK(role.leaf() == "b");
  CHECK(role.parent().parent().text() == "targets");
  CHECK_ERROR(RoleName::of("targets").parent(), ErrorCode::kInternal);
  CHECK(RoleName::of("targets/a") < role);  // parents first
}

TEST_CASE("repository names are what becomes a URL and a folder without a second thought") {
  const std::string name = GENERATE(values<std::string>(
      {"a", "docker.io/library/alpine", "registry.example.com/team/app", "127.0.0.1:5000/x", "[::1]:5000/x",
       "example.com/a_b/c-d/e..f", "Example.com/Team", std::string(255, 'a'), "a/..."}));
  CAPTURE(name);
  CHECK(Gun::parse(name)->text() == name);
}

TEST_CASE("anything else is not a repository name") {
  const std::string name = GENERATE(values<std::string>(
      {"",        "/",    "/a",    "a/",   "a//b",  ".",    "..",        "a/../b",
       "../a",    "a/..", "a/./b", "a b",  "a\tb",  "a\nb", "a\\b",      "a*",
       "a%2e%2e", "a?b",  "a#b",   "a@b",  "a\0b"s, "é",    "a\x1b[31m", std::string(256, 'a'),
       "~a",      "a&b",  "a;b",   "$(a)", "`a`",   "a'b",  "a\"b",      "a<b"}));
  CAPTURE(name);
  CHECK_FALSE(Gun::parse(name).has_value());
  try {
    Gun::of(name);
    FAIL("accepted");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidReference);
    CHECK(tuf::printable(error.what()) == error.what());
  }
}

TEST_CASE("target names are text that every client reads back") {
  for (const std::string name : {"1.0", "latest", "a b", "a/b", "..", "a<b>&\"c\"\\d", "\xc3\xa9",
                                 "\xe2\x80\xa8", "\xf0\x9f\x98\x80", "-", "{}"}) {
    CAPTURE(name);
    CHECK(tuf::is_valid_target_name(name));
  }
  for (const std::string& name : {""s, "a\nb"s, "\t"s, "a\0"s, "\x1b[2J"s, "\x7f"s, "\xff"s, "\xc3"s,
                                  "\xc0\xaf"s, "\xed\xa0\x80"s, "\xf5\x80\x80\x80"s}) {
    CAPTURE(name);
    CHECK_FALSE(tuf::is_valid_target_name(name));
  }
}
