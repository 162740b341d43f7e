// repo init: sets a repository up.
#include "agent/cli/commands.h"
#include "agent/names/image_reference.h"
#include "agent/report/change_report.h"
#include "agent/report/repository_report.h"
#include "agent/work/init_repository.h"

namespace agent {
namespace {

void init(const InitRequest& options, Run& run, Report& report) {
  const tuf::Gun gun = parse_repository(options.repository);
  Run::Repository repository = run.open(gun, Access::kCreate);
  RepositoryReport& described = start_report(repository, report);
  const InitResult result = init_repository(repository, options, run, report.warnings);
  if (result.plan) {
    report.text.push_back("would create " + gun.text() + " on " + described.server);
    describe_signers(result.plan->signers, result.plan->stand_ins, true, described, report.text);
    describe_rehearsal(result.plan->files, described, report.text);
    return;
  }
  if (result.created) {
    described.published = true;
    described.attempts = 1;
  }
  describe(*result.repository, described);
  if (result.created) {
    report.text.push_back("created " + gun.text() + " on " + described.server);
    report.text.push_back("its trust root, for --trust-root on every machine that signs or verifies:");
  } else {
    report.text.push_back(gun.text() + " is initialised already; its trust root is");
  }
  report.text.push_back(*described.trust_root);
  note_root_key(described, report);
}

}  // namespace

void add_repo_init(Grammar& grammar) {
  auto options = std::make_shared<InitRequest>();
  CLI::App* c = grammar.command("repo init", "Create the trust data of a repository; prints the root to pin",
                                options, init);
  add_operand(c, "repository", options->repository, "REPO");
  add_value(c, "--root-key", options->root_key,
            "Key for the root (default: the one in the trust directory, or a new one)", "REF");
  add_value(c, "--targets-key", options->targets_key, "Repository key (default: a new one)", "REF");
  grammar.example(c, "countersign repo init registry.example.com/team/app");
}

}  // namespace agent
