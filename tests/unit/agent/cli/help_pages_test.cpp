#include "agent/cli/help_pages.h"

#include <algorithm>
#include <sstream>

#include "agent/cli/command_line.h"
#include "agent/cli/foreign_command.h"
#include "agent/cli/nearest_word.h"
#include "tests/support/catch.h"
#include "tests/support/test_data.h"

namespace {

using Words = std::vector<std::string>;

/// As a shell parts them that knows blanks and single quotes.
Words words_of(const std::string& line) {
  Words words;
  bool is_quoted = false;
  bool is_begun = false;
  for (const char c : line) {
    if (c == '\'') {
      is_quoted = !is_quoted;
    } else if (c == ' ' && !is_quoted) {
      is_begun = false;
    } else {
      if (!is_begun) words.emplace_back();
      is_begun = true;
      words.back() += c;
    }
  }
  return words;
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("Every --help fits a screen of 24 lines and 80 columns, and has an example") {
  const agent::CommandDescriptions grammar = agent::describe_commands();
  const agent::HelpPages pages(grammar);
  REQUIRE(grammar.size() > 40);
  for (const agent::CommandDescription& command : grammar) {
    CAPTURE(command.name);
    const std::string page = pages.brief(command.name);
    CHECK(std::count(page.begin(), page.end(), '\n') <= 24);
    CHECK_THAT(page, Catch::Contains("Example"));
    for (const std::string& text : {page, pages.full(command.name), pages.options(), pages.exit_codes()}) {
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(columns(line) <= 80);
      }
    }
  }
}

TEST_CASE("Every --help names every option of its command") {
  const agent::CommandDescriptions grammar = agent::describe_commands();
  const agent::HelpPages pages(grammar);
  for (const agent::CommandDescription& command : grammar) {
    if (command.name.empty()) continue;
    CAPTURE(command.name);
    for (const agent::OptionDescription& option : command.options) {
      CHECK_THAT(pages.brief(command.name), Catch::Contains(option.names.back()));
      CHECK_THAT(pages.full(command.name), Catch::Contains("  " + option.names.front()));
    }
  }
}

TEST_CASE("Every example of the help is a command line that is understood") {
  std::size_t seen = 0;
  for (const agent::CommandDescription& command : agent::describe_commands()) {
    for (std::string line : command.examples) {
      CAPTURE(line);
      line = line.substr(line.find("countersign "));
      if (line.ends_with(')')) line.pop_back();
      const Words words = words_of(line);
      std::vector<const char*> argv;
      for (const std::string& word : words) argv.push_back(word.c_str());
      std::ostringstream out;
      agent::CommandLine::Understood understood;
      const auto parsed =
          agent::CommandLine::parse(static_cast<int>(argv.size()), argv.data(), out, understood);
      REQUIRE(parsed);
      CHECK(parsed->command == (command.name.empty() ? "sign" : command.name));
      ++seen;
    }
  }
  CHECK(seen > 40);
}

TEST_CASE("A command of another program is told as one that there is") {
  const agent::HelpPages pages(agent::describe_commands());
  for (const auto& [first, second] :
       std::vector<std::pair<std::string, std::string>>{{"trust", "sign"},
                                                        {"trust", "revoke"},
                                                        {"trust", "inspect"},
                                                        {"trust", "key"},
                                                        {"trust", "signer"},
                                                        {"trust", "else"},
                                                        {"addhash", "r"},
                                                        {"publish", ""},
                                                        {"init", "r"},
                                                        {"rotate", ""},
                                                        {"generate-key-pair", ""}}) {
    CAPTURE(first, second);
    const auto known = agent::command_for(first, second);
    REQUIRE(known);
    CHECK(pages.find(std::string(known->ours)));
  }
  CHECK_FALSE(agent::command_for("sign", "trust"));
}

TEST_CASE("The nearest word is one slip away in four letters") {
  const Words words = {"sign", "signer", "list", "--dry-run", "--trust-root", "--key"};
  CHECK(agent::nearest_word("sgin", words) == "sign");
  CHECK(agent::nearest_word("SIGN", words) == "sign");
  CHECK(agent::nearest_word("singer", words) == "signer");
  CHECK(agent::nearest_word("--dryrun", words) == "--dry-run");
  CHECK(agent::nearest_word("-dry-run", words) == "--dry-run");
  CHECK(agent::nearest_word("--keys", words) == "--key");
  CHECK_FALSE(agent::nearest_word("frobnicate", words));
  CHECK_FALSE(agent::nearest_word("--pin", words));
  CHECK_FALSE(agent::nearest_word("x", words));
  CHECK_FALSE(agent::nearest_word("", words));
  CHECK_FALSE(agent::nearest_word(std::string(1 << 20, 's'), words));
}
