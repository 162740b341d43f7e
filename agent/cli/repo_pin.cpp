// repo pin: what the readers of a repository must know.
#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"

namespace agent {
namespace {

struct RepoPinOptions {
  std::vector<std::string> repositories;
};

void pin(const RepoPinOptions& options, Run& run, Report& report) {
  // Of several repositories each line names its own: one that pins all of them would let any of these roots
  // vouch for any of the repositories.
  const bool single = options.repositories.size() == 1;
  for (const std::string& repository : options.repositories) {
    const tuf::TrustedRepository trusted = look_at(parse_repository(repository), run, report);
    RepositoryReport& described = report.repositories.back();
    described.roles = tuf::view_roles(trusted);
    report.text.push_back((single ? "" : described.gun + "=") + *described.trust_root);
    note_root_key(described, report);
  }
}

}  // namespace

void add_repo_pin(Grammar& grammar) {
  auto options = std::make_shared<RepoPinOptions>();
  CLI::App* c =
      grammar.command("repo pin", "Print the root that is trusted now, for --trust-root", options, pin);
  add_operand(c, "repository", options->repositories, "REPO", "Of several: REPO=REF in lines");
  grammar.example(c, "countersign repo pin registry.example.com/team/app");
}

}  // namespace agent
