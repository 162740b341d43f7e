// repo prepare: lets the server sign the snapshot, so that every signer can publish.
#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/work/key_rotation.h"
#include "agent/work/published_facts.h"
#include "agent/work/rotate_key.h"

namespace agent {
namespace {

struct RepoPrepareOptions {
  std::vector<std::string> repositories;
};

void prepare(const RepoPrepareOptions& options, Run& run, Report& report) {
  for_each_repository(options.repositories, run, report, [&](const tuf::Gun& gun) {
    const tuf::RoleName& snapshot = tuf::RoleName::snapshot();
    Run::Repository open = run.open(gun, Access::kAdminister);
    open.load.nested.emplace();
    const tuf::TrustedRepository trusted = load_repository(open, report.warnings);
    if (store_signs_snapshot(*open.store, trusted)) {
      describe(trusted, start_report(open, report));
      tell_state(trusted, run.tell_of(open));
      report.text.push_back(gun.text() + ": unchanged: the server signs the snapshot");
      return;
    }
    KeyRotation rotation(open, {.role = snapshot, .by_server = true}, run, report.warnings);
    change(open, rotation.change(), rotation_words(snapshot, true, rotation.stand_ins()), run, report);
  });
}

}  // namespace

void add_repo_prepare(Grammar& grammar) {
  auto options = std::make_shared<RepoPrepareOptions>();
  CLI::App* c = grammar.command(
      "repo prepare", "Let the server sign the snapshot, so that signers can publish", options, prepare);
  add_operand(c, "repository", options->repositories, "REPO");
  grammar.example(c, "countersign repo prepare registry.example.com/team/app");
}

}  // namespace agent
