// repo repair: signs anew what the server stores but cannot serve.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/work/renew_roles.h"

namespace agent {
namespace {

struct RepoRepairOptions {
  std::vector<std::string> repositories;
  PolicyOptions policy;
};

void repair(const RepoRepairOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  for_each_repository(options.repositories, run, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kPublish);
    open.load.tolerate = {.expiry = true, .other_form = true};
    hsm::KeyRing& keys = run.administrator_keys();
    const auto how = [&](const PolicyGuard*) { return repair_roles(keys); };
    change(open, {how, keys, policy.get(), options.policy},
           {"signed anew what could not be served", "sign anew what cannot be served", true}, run, report);
    if (run.dry_run()) return;
    // Others may have broken it in the meantime, or something else may be wrong with it.
    open.load.tolerate = {};
    load_repository(open, report.warnings);
  });
}

}  // namespace

void add_repo_repair(Grammar& grammar) {
  auto options = std::make_shared<RepoRepairOptions>();
  CLI::App* c =
      grammar.command("repo repair", "Sign anew what the server stores but cannot serve", options, repair);
  add_operand(c, "repository", options->repositories, "REPO");
  add_policy_options(c, options->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign repo repair registry.example.com/team/app");
}

}  // namespace agent
