#include "agent/cli/repository_command.h"

#include <optional>

#include "agent/names/image_reference.h"
#include "agent/report/guard_report.h"
#include "agent/report/repository_report.h"
#include "agent/work/read_repository.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

/// The audit log is told in words what was done, too, and what is to be done next.
void tell_words(const ChangeWords& words, const PublishedChanges& changes, PublishedRepository& told) {
  if (!changes.published) return;
  told.more["change"] = words.done_by(changes);
  std::vector<std::string> next;
  if (words.next) next = words.next(changes.repository);
  if (!next.empty()) told.more["next"] = std::move(next);
}

}  // namespace

void describe_failure(const tuf::Error& error, RepositoryReport& repository, std::vector<std::string>& text) {
  repository.more["error"] = to_json(error);
  text.push_back(repository.gun + ": failed: " + error.what());
  text.push_back("  hint: " + hint_of(error));
}

tuf::TrustedRepository look_at(const tuf::Gun& gun, Run& run, Report& report) {
  Run::Repository repository = run.open(gun, Access::kRead);
  const std::size_t entry = report.repositories.size();
  report.repositories.emplace_back();
  report.repositories[entry].gun = gun.text();
  report.repositories[entry].server = repository.store->name();
  if (run.offline()) report.repositories[entry].more["offline"] = true;
  tuf::TrustedRepository trusted = read_repository(repository, run, report.warnings);
  describe_trust_root(trusted, report.repositories[entry]);
  return trusted;
}

PublishedChanges change(Run::Repository& repository, const ChangeRequest& request, const ChangeWords& words,
                        Run& run, Report& report) {
  RepositoryReport& described = start_report(repository, report);
  RepositoryChange change;
  try {
    change_repository(repository, request, run, report.warnings, change);
  } catch (const tuf::Error&) {
    if (change.guarded) describe_foreign(change.guarded->guard(), described);
    throw;
  }
  describe_change(change, words, run.dry_run(), report);
  tell_words(words, *change.result, run.told().back());
  if (change.guarded) describe_guard(change.guarded->guard(), run.dry_run(), described, report.warnings);
  return std::move(*change.result);
}

void for_each_repository(const std::vector<std::string>& repositories, Run& run, Report& report,
                         const std::function<void(const tuf::Gun&)>& each) {
  std::vector<tuf::Gun> guns;
  for (const std::string& repository : repositories) guns.push_back(parse_repository(repository));
  std::optional<tuf::Error> first_failure;
  std::vector<std::string> failed;
  for (const tuf::Gun& gun : guns) {
    const std::size_t entry = report.repositories.size();
    const std::size_t told = run.told().size();
    try {
      each(gun);
    } catch (const tuf::Error& error) {
      const tuf::Error failure = error.with_value("REPO", gun.text());
      if (guns.size() == 1) {
        report.text.push_back(gun.text() + ": failed");
        throw tuf::Error(failure);
      }
      if (report.repositories.size() == entry) report.repositories.emplace_back().gun = gun.text();
      describe_failure(failure, report.repositories[entry], report.text);
      if (run.told().size() == told) run.told().emplace_back().gun = gun.text();
      run.told()[told].more["error"] = tuf::Json(to_json(failure));
      failed.push_back(gun.text());
      if (!first_failure) first_failure = failure;
    }
  }
  if (first_failure) throw first_failure->with_context("failed for " + tuf::join(failed));
}

}  // namespace agent
