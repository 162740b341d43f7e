// delegation list: who may sign in a repository, and which tags.
#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/delegation_report.h"
#include "agent/report/text_table.h"

namespace agent {
namespace {

struct DelegationListOptions {
  std::string repository;
};

void delegation_list(const DelegationListOptions& options, Run& run, Report& report) {
  const tuf::TrustedRepository trusted = look_at(parse_repository(options.repository), run, report);
  RepositoryReport& described = report.repositories.back();
  OrderedJson delegations = describe_delegations(trusted);
  TextTable table({"ROLE", "STATE", "PATHS", "THRESHOLD", "SIGNED BY", "KEY IDS"});
  for (std::size_t i = 0; i < trusted.delegations().size(); ++i) {
    const tuf::Delegation& delegation = trusted.delegations()[i];
    table.add({delegation.role.name.text(), std::string(tuf::to_string(delegation.state)),
               shown_paths(delegation.role.paths), std::to_string(delegation.role.threshold),
               shown_file_signers(trusted, delegation.role.name), shown_keys(delegations[i]["keys"])});
  }
  report.text =
      trusted.delegations().empty() ? std::vector{"no delegations in " + described.gun} : table.lines();
  described.more["delegations"] = std::move(delegations);
}

}  // namespace

void add_delegation_list(Grammar& grammar) {
  auto options = std::make_shared<DelegationListOptions>();
  CLI::App* c =
      grammar.command("delegation list", "Delegations with keys, paths and state", options, delegation_list);
  add_operand(c, "repository", options->repository, "REPO");
  grammar.example(c, "countersign delegation list registry.example.com/team/app");
}

}  // namespace agent
