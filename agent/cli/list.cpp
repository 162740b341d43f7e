// list: what a repository says of its tags.
#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

struct ListOptions {
  std::string repository;
};

void list(const ListOptions& options, Run& run, Report& report) {
  const tuf::TrustedRepository trusted = look_at(parse_repository(options.repository), run, report);
  RepositoryReport& described = report.repositories.back();
  described.roles = tuf::view_roles(trusted);
  TextTable table({"TAG", "DIGEST", "SIZE", "ROLES", "SIGNERS"});
  for (const tuf::TagView& view : tuf::view_tags(trusted)) {
    described.targets.push_back(describe_target(view));
    table.add({view.name, view.digest(), std::to_string(view.target.length),
               tuf::join(tuf::names_of(view.roles)) + (view.released ? "" : " (not released)"),
               shown_signers(trusted, view)});
  }
  if (described.targets.empty()) {
    report.text.push_back("no signed tags in " + described.gun);
  } else {
    report.text = table.lines();
  }
  for (tuf::Warning& warning : health_warnings(trusted)) report.warnings.push_back(std::move(warning));
}

}  // namespace

void add_list(Grammar& grammar) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* c = grammar.command("list", "Signed tags of a repository", options, list);
  add_operand(c, "repository", options->repository, "REPO");
  grammar.example(c, "countersign list registry.example.com/team/app");
}

}  // namespace agent
