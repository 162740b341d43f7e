#include "agent/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "agent/cli/commands.h"
#include "agent/cli/help_pages.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using Add = void (*)(Grammar&);

/// A word behind `countersign`: a command, or a group of them.
struct Entry {
  const char* section;
  const char* name;
  const char* group_summary;  // nullptr: no group
  std::array<Add, 8> commands;
};

/// In the order of --help.
constexpr std::array kEntries = {
    Entry{"Sign", "sign", nullptr, {add_sign}},
    Entry{"Sign", "revoke", nullptr, {add_revoke}},
    Entry{"Look", "verify", nullptr, {add_verify}},
    Entry{"Look", "list", nullptr, {add_list}},
    Entry{"Look", "inspect", nullptr, {add_inspect}},
    Entry{"Look", "expiry", nullptr, {add_expiry}},
    Entry{"Look", "doctor", nullptr, {add_doctor}},
    Entry{"Look", "receipt", "What was published, and when", {add_receipt}},
    Entry{"Look", "audit", "The log of all publications", {add_audit}},
    Entry{"Administer",
          "repo",
          "Create and look after trust data",
          {add_repo_init, add_repo_pin, add_repo_refresh, add_repo_rotate, add_repo_prepare, add_repo_repair,
           add_repo_delete}},
    Entry{"Administer",
          "signer",
          "Who may sign releases",
          {add_signer_add, add_signer_remove, add_signer_rotate}},
    Entry{"Administer", "delegation", "Delegations in general", {add_delegations, add_delegation_list}},
    Entry{"Administer", "witness", nullptr, {add_witness}},
    Entry{"Administer",
          "key",
          "Keys in files and on tokens",
          {add_key_generate, add_key_import, add_key_list, add_key_certificates, add_key_export,
           add_key_remove, add_key_passwd}},
    Entry{"Administer", "token", "PKCS#11 tokens", {add_tokens}},
    Entry{"Help", "help", nullptr, {add_help}},
    Entry{"Help", "version", nullptr, {add_version}},
};

void add_entry(const Entry& entry, Grammar& grammar) {
  grammar.section(entry.section);
  if (entry.group_summary) grammar.group(entry.name, entry.group_summary);
  for (const Add add : entry.commands) {
    if (add) add(grammar);
  }
}

/// Only those that one of the words names: to build all of them costs more than to parse the line.
void add_named(int argc, const char* const* argv, Grammar& grammar) {
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  for (const Entry& entry : kEntries) {
    if (std::find(words.begin(), words.end(), entry.name) != words.end()) add_entry(entry, grammar);
  }
}

void add_all(Grammar& grammar) {
  for (const Entry& entry : kEntries) add_entry(entry, grammar);
}

bool asks_for_json(std::string_view word, std::string_view next) {
  if (word.starts_with("--")) return word == "--output=json" || (word == "--output" && next == "json");
  if (!word.starts_with("-")) return false;
  word.remove_prefix(std::min(word.find_first_not_of("qv", 1), word.size()));  // as in -qojson
  return word == "ojson" || word == "o=json" || (word == "o" && next == "json");
}

/// How to report an error of the command line itself: what was asked for before the error was met.
void look_for_output(int argc, const char* const* argv, OutputOptions& output) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (asks_for_json(words[i], i + 1 < words.size() ? words[i + 1] : "")) {
      output.format = OutputFormat::kJson;
    }
  }
}

}  // namespace

std::optional<CommandLine> CommandLine::parse(int argc, const char* const* argv, std::ostream& out,
                                              Understood& understood) {
  look_for_output(argc, argv, understood.output);
  {
    CommandLine line;
    Grammar grammar(line);
    add_named(argc, argv, grammar);
    try {
      grammar.parse(argc, argv);
      return line;
    } catch (const CLI::CallForVersion& version) {
      out << version.what() << "\n";
      return std::nullopt;
    } catch (const CLI::CallForHelp&) {
      const std::string name = grammar.named_command();
      if (!name.empty()) {
        out << HelpPages(grammar.describe()).brief(name);
        return std::nullopt;
      }
    } catch (const CLI::ParseError&) {  // told by the whole grammar
    } catch (const tuf::Error&) {
    }
  }
  CommandLine line;
  Grammar grammar(line);
  add_all(grammar);
  try {
    grammar.parse(argc, argv);
    return line;
  } catch (const tuf::Error&) {
    understood.command = grammar.named_command();
    throw;
  } catch (const CLI::CallForHelp&) {
    out << HelpPages(grammar.describe()).brief(grammar.named_command());
  } catch (const CLI::ParseError& error) {
    understood.command = grammar.named_command();
    throw tuf::Error(
        tuf::ErrorCode::kUsage, tuf::printable(error.what()),
        "see: countersign " + understood.command + (understood.command.empty() ? "--help" : " --help"));
  }
  return std::nullopt;
}

CommandDescriptions describe_commands() {
  CommandLine unused;
  Grammar grammar(unused);
  add_all(grammar);
  return grammar.describe();
}

}  // namespace agent
