#include <catch2/catch.hpp>

#include "hsm/shell_word.h"

using hsm::shell_word;

TEST_CASE("A word of a command is one word to a shell, whatever stands in it") {
  CHECK(shell_word("registry.example.com:5000/team/app:1.0") == "registry.example.com:5000/team/app:1.0");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a b;touch x") == "'a b;touch x'");
  CHECK(shell_word("$(id)`id`\"\\") == "'$(id)`id`\"\\'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("~root") == "'~root'");
}

TEST_CASE("The name of a file is no option to the program that gets it") {
  CHECK(hsm::shell_path("-rf") == "./-rf");
  CHECK(hsm::shell_path("-o x") == "'./-o x'");
  CHECK(hsm::shell_path("a-b") == "a-b");
  CHECK(hsm::shell_path("/a b") == "'/a b'");
}
