#include "agent/policy/glob.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using agent::Glob;

TEST_CASE("A star stays within a segment, two stars do not, a question mark is one character") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row row = GENERATE(
      Row{"a", "a", true}, Row{"a", "b", false}, Row{"a", "aa", false}, Row{"a", "", false},
      Row{"*", "", true}, Row{"*", "abc", true}, Row{"*", "a/b", false}, Row{"**", "a/b/c", true},
      Row{"?", "a", true}, Row{"?", "", false}, Row{"?", "/", false}, Row{"?", "ab", false},
      Row{"reg.example.com/*", "reg.example.com/app", true},
      Row{"reg.example.com/*", "reg.example.com/", true},
      Row{"reg.example.com/*", "reg.example.com/team/app", false},
      Row{"reg.example.com/**", "reg.example.com/team/app", true},
      Row{"reg.example.com/*/app", "reg.example.com/team/app", true},
      Row{"reg.example.com/*/app", "reg.example.com/a/b/app", false},
      Row{"**/app", "reg.example.com/a/b/app", true}, Row{"**/app", "app", false},
      // a guess that must be taken back: the first "ab", the last "ab", a star that runs into a slash
      Row{"*ab", "abab", true}, Row{"*aba*b", "ababab", true}, Row{"**a*b", "a/ab", true},
      Row{"*a/b**c", "xa/b/yc", true}, Row{"a*b", "a/b", false}, Row{"**/x*/**y", "r/xa/b/xy", true},
      Row{"v?.*", "v1.2.3", true}, Row{"v?.*", "v10.2", false}, Row{"v*-rc?", "v1-rc-rc2", true},
      Row{"ab*ba", "aba", false}, Row{"ab*ba", "abba", true}, Row{"a.b", "axb", false});
  CAPTURE(row.pattern, row.text);
  CHECK(Glob::parse(row.pattern).matches(row.text) == row.matches);
}

TEST_CASE("A pattern is a glob and nothing else, and is bounded") {
  for (const char* text : {"", "a b", "a[0-9]", "{a,b}", "(a+)+", "a|b", "^a", "a$", "a\\*", "caf\xc3\xa9",
                           "a\n", "***", "*a*a*a*a*a*a*a*a*", "?????????"}) {
    CAPTURE(text);
    CHECK_ERROR(Glob::parse(text), tuf::ErrorCode::kPolicyMalformed, "pattern");
  }
  CHECK_ERROR(Glob::parse(std::string(256, 'a')), tuf::ErrorCode::kPolicyMalformed, "longer");
  CHECK(Glob::parse(std::string(255, 'a')).literals() == 255);
  CHECK(Glob::parse("v*-?").literals() == 2);
}

TEST_CASE("What makes other matchers try again and again is matched in one pass") {
  // Exponential for a matcher that guesses: this test would not end.
  const Glob glob = Glob::parse("*a*a*a*a*a*a*b");
  const std::string text(100'000, 'a');
  CHECK_FALSE(glob.matches(text));
  CHECK(glob.matches(text + "b"));
  CHECK_FALSE(glob.matches(text + "/b"));
}
