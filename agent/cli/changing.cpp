#include "agent/cli/changing.h"

#include <optional>

#include "agent/names/image_reference.h"
#include "agent/report/guard_report.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {

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
  if (change.guarded) describe_guard(change.guarded->guard(), run.dry_run(), described, report.warnings);
  return std::move(*change.result);
}

void for_each_repository(const std::vector<std::string>& repositories, Report& report,
                         const std::function<void(const tuf::Gun&)>& each) {
  std::vector<tuf::Gun> guns;
  for (const std::string& repository : repositories) guns.push_back(parse_repository(repository));
  std::optional<tuf::Error> first_failure;
  std::vector<std::string> failed;
  for (const tuf::Gun& gun : guns) {
    try {
      each(gun);
    } catch (const tuf::Error& error) {
      report.text.push_back(gun.text() + ": failed");
      failed.push_back(gun.text());
      if (!first_failure) first_failure = error.with_value("REPO", gun.text());
    }
  }
  if (first_failure && guns.size() > 1) throw first_failure->with_context("failed for " + tuf::join(failed));
  if (first_failure) throw tuf::Error(*first_failure);
}

}  // namespace agent
