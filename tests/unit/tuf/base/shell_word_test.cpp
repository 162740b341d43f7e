#include "tuf/base/shell_word.h"
#include "tests/support/catch.h"
#include "tuf/base/printable.h"

using tuf::shell_word;

TEST_CASE("A word of a command is one word to a shell, whatever stands in it") {
  CHECK(tuf::shell_word("registry.example.com:5000/team/app:1.0") ==
        "registry.example.com:5000/team/app:1.0");
  CHECK(tuf::shell_word("") == "''");
  CHECK(tuf::shell_word("a b;touch x") == "'a b;touch x'");
  CHECK(tuf::shell_word("$(id)`id`\"\\") == "'$(id)`id`\"\\'");
  CHECK(tuf::shell_word("it's") == "'it'\\''s'");
  CHECK(tuf::shell_word("~root") == "'~root'");
}

TEST_CASE("The name of a file is no option to the program that gets it") {
  CHECK(tuf::shell_path("-rf") == "./-rf");
  CHECK(tuf::shell_path("-o x") == "'./-o x'");
  CHECK(tuf::shell_path("a-b") == "a-b");
  CHECK(tuf::shell_path("/a b") == "'/a b'");
}

TEST_CASE("What a terminal must not get is written in a word so that it still means the same") {
  CHECK(tuf::shell_word("a\x1b[31m") == "$'a\\033[31m'");
  CHECK(tuf::shell_word("a\n1") == "$'a\\0121'");
  CHECK(tuf::shell_word("it's \\ \xff") == "$'it\\'s \\\\ \\377'");
  CHECK(tuf::shell_word("\xe2\x80\xae") == "$'\\342\\200\\256'");  // right to left
  CHECK(tuf::shell_word("\xe2\x80\x8bé") == "$'\\342\\200\\213\\303\\251'");
  CHECK(tuf::shell_word("é") == "'é'");
  CHECK(tuf::shell_path("-\t") == "$'./-\\011'");
  const std::string word = tuf::shell_word("a\x1b\xff");
  CHECK(tuf::printable(word) == word);
}
