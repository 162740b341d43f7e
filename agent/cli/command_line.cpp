#include "agent/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "agent/cli/commands.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

/// In the order of --help.
void add_commands(Grammar& grammar) {
  add_sign(grammar);
  add_revoke(grammar);
  add_list(grammar);
  add_verify(grammar);
  add_inspect(grammar);
  add_expiry(grammar);
  add_doctor(grammar);
  grammar.group("repo", "Create and look after trust data");
  add_repo_init(grammar);
  add_repo_pin(grammar);
  add_repo_refresh(grammar);
  add_repo_rotate(grammar);
  add_repo_prepare(grammar);
  add_repo_repair(grammar);
  add_repo_delete(grammar);
  grammar.group("signer", "Who may sign releases");
  add_signer_add(grammar);
  add_signer_remove(grammar);
  add_signer_rotate(grammar);
  grammar.group("delegation", "Delegations in general");
  add_delegations(grammar);
  add_delegation_list(grammar);
  add_witness(grammar);
  grammar.group("receipt", "What was published, and when");
  add_receipt(grammar);
  grammar.group("audit", "The log of all publications");
  add_audit(grammar);
  grammar.group("key", "Keys in files and on tokens");
  add_key_generate(grammar);
  add_key_import(grammar);
  add_key_list(grammar);
  add_key_certificates(grammar);
  add_key_export(grammar);
  add_key_remove(grammar);
  add_key_passwd(grammar);
  grammar.group("token", "PKCS#11 tokens");
  add_tokens(grammar);
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
  CommandLine line;
  Grammar grammar(line);
  add_commands(grammar);
  try {
    grammar.parse(argc, argv);
    return line;
  } catch (const tuf::Error&) {
    understood.command = grammar.named_command();
    throw;
  } catch (const CLI::CallForAllHelp&) {
    out << grammar.app().help("", CLI::AppFormatMode::All);
  } catch (const CLI::CallForHelp&) {
    out << grammar.help();
  } catch (const CLI::CallForVersion& version) {
    out << version.what() << "\n";
  } catch (const CLI::ParseError& error) {
    understood.command = grammar.named_command();
    throw tuf::Error(
        tuf::ErrorCode::kUsage, tuf::printable(error.what()),
        "see: countersign " + understood.command + (understood.command.empty() ? "--help" : " --help"));
  }
  return std::nullopt;
}

}  // namespace agent
