// help: the pages of the program about itself.
#include "agent/cli/commands.h"
#include "agent/cli/help_pages.h"
#include "agent/cli/nearest_word.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct HelpOptions {
  std::vector<std::string> topic;
};

constexpr const char* kOptions = "options";
constexpr const char* kExitCodesTopic = "exit-codes";

std::string page_of(const std::string& topic, const HelpPages& pages) {
  if (topic == kOptions) return pages.options();
  if (topic == kExitCodesTopic) return pages.exit_codes();
  return pages.full(topic);
}

[[noreturn]] void fail_unknown(const std::string& topic, const CommandDescriptions& grammar) {
  std::vector<std::string> known = {kOptions, kExitCodesTopic};
  for (const CommandDescription& command : grammar) known.push_back(command.name);
  std::optional<std::string> near = nearest_word(topic, known);
  if (near) near = "\"" + *near + "\"";
  throw tuf::Error(tuf::ErrorCode::kUsage, "there is no command \"" + tuf::printable(topic) + "\" to tell of",
                   did_you_mean(near, "countersign --help"));
}

void help(const HelpOptions& options, Report& report) {
  const std::string topic = tuf::join(options.topic, " ");
  const HelpPages pages(describe_commands());
  const bool is_topic = topic == kOptions || topic == kExitCodesTopic;
  if (!is_topic && pages.find(topic) == nullptr) fail_unknown(topic, pages.grammar());
  report.more = to_json(pages.grammar(), is_topic ? "" : topic);
  report.text = tuf::lines_of(page_of(topic, pages));
}

}  // namespace

void add_help(Grammar& grammar) {
  auto options = std::make_shared<HelpOptions>();
  CLI::App* c = grammar.command("help", "All about a command, or options or exit-codes", options, help);
  add_optional_operand(c, "topic", options->topic, "COMMAND", "As sign or repo init; or options, exit-codes");
  grammar.example(c, "countersign help repo init");
}

}  // namespace agent
