// version: the text of --version, as a command.
#include "agent/cli/version.h"

#include "agent/cli/commands.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct VersionOptions {};

void version(const VersionOptions&, Report& report) {
  report.text = tuf::lines_of(version_text());
  report.more["version"] = COUNTERSIGN_VERSION;
}

}  // namespace

std::string version_text() {
  return "countersign " COUNTERSIGN_VERSION;
}

void add_version(Grammar& grammar) {
  CLI::App* c =
      grammar.command("version", "What --version prints", std::make_shared<VersionOptions>(), version);
  grammar.example(c, "countersign version");
}

}  // namespace agent
