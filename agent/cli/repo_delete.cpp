// repo delete: forgets a repository here, or deletes it for everybody.
#include <filesystem>

#include "agent/cli/commands.h"
#include "agent/names/image_reference.h"
#include "agent/report/change_report.h"
#include "agent/report/repository_report.h"
#include "agent/work/new_repository.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct RepoDeleteOptions {
  std::string repository;
  bool remote = false;
  bool yes = false;
};

void delete_repository(const RepoDeleteOptions& options, Run& run, Report& report) {
  const tuf::Gun gun = parse_repository(options.repository);
  if (!options.yes && !run.dry_run()) {
    throw Error(ErrorCode::kUsage,
                options.remote ? "everything that is signed in " + gun.text() + " would be gone for everybody"
                               : "what was seen of " + gun.text() + " would be forgotten here",
                "repeat it with --yes if that is what you want");
  }
  Run::Repository open = run.open(gun, options.remote ? Access::kAdminister : Access::kRead);
  RepositoryReport& described = start_report(open, report);
  PublishedRepository& told = run.tell_of(open);
  const bool seen = std::filesystem::exists(open.seen.folder());
  const bool there = options.remote ? repository_exists(*open.store) : seen;
  if (!there) {
    // What a run that was stopped half-way has left here goes with what went there.
    const bool forget = seen && !run.dry_run();
    if (forget) open.seen.forget();
    throw Error(ErrorCode::kNoTrustData,
                options.remote ? open.store->name() + " has no trust data for " + gun.text()
                               : "nothing was seen of " + gun.text() + " here",
                forget ? "what was seen of it here is forgotten; check the name and the server"
                       : "nothing was deleted; check the name and the server");
  }
  if (run.dry_run()) {
    report.text.push_back(gun.text() + ": would delete it" +
                          (options.remote ? " on " + described.server : " here") +
                          (options.yes ? "" : ", which takes --yes"));
    return;
  }
  if (options.remote) {
    run.note_sending();
    open.store->remove();
    if (repository_exists(*open.store)) {
      throw Error(ErrorCode::kServerError,
                  described.server + " says that it deleted " + gun.text() + ", but still has it");
    }
    described.published = told.published = true;
  }
  open.seen.forget();
  report.text.push_back(gun.text() + ": deleted" +
                        (options.remote ? " on " + described.server + " and here" : " here"));
}

}  // namespace

void add_repo_delete(Grammar& grammar) {
  auto options = std::make_shared<RepoDeleteOptions>();
  CLI::App* c =
      grammar.command("repo delete", "Forget a repository here; with --remote, delete it for everybody",
                      options, delete_repository);
  add_operand(c, "repository", options->repository, "REPO");
  add_flag(c, "--remote", options->remote, "Delete it on the server too");
  place(add_flag(c, "--yes", options->yes, "Really do it"), kGuards);
  grammar.example(c, "countersign repo delete registry.example.com/team/app --remote --yes");
}

}  // namespace agent
