#include "agent/cli/changing.h"

#include "agent/image/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/workflow/signing_keys.h"
#include "tuf/base/error.h"

namespace agent {

RepositoryReport& start_report(const Runtime::Repository& repository, Report& report) {
  RepositoryReport& described = report.repositories.emplace_back();
  described.gun = repository.load.gun.text();
  described.server = repository.store->name();
  described.published = false;
  return described;
}

void describe(const tuf::TrustedRepository& trusted, RepositoryReport& described) {
  described.trust_root = trust_root_of(trusted);
  described.roles = describe_roles(trusted);
}

PublishedChanges change(Runtime::Repository& repository, const ChangeRepository& how,
                        const ChangeWords& words, Runtime& runtime, Report& report) {
  RepositoryReport& described = start_report(repository, report);
  PublishOptions publish;
  publish.dry_run = runtime.dry_run();
  PublishedChanges changes = publish_changes(*repository.store, repository.seen, repository.load, how,
                                             signer_look_up(runtime.keys()), publish, report.warnings);
  described.published = changes.published;
  described.attempts = changes.attempts;
  if (changes.published) described.more["change"] = words.done;
  describe(changes.repository, described);
  const bool would = runtime.dry_run() && !changes.files.empty();
  report.text.push_back(described.gun + ": " +
                        (would               ? "would " + words.plan
                         : changes.published ? words.done
                                             : "unchanged"));
  for (Warning& warning : health_warnings(changes.repository)) report.warnings.push_back(std::move(warning));
  return changes;
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
      if (!first_failure) first_failure = error;
    }
  }
  if (first_failure && guns.size() > 1) throw first_failure->with_context("failed for " + join(failed));
  if (first_failure) throw tuf::Error(*first_failure);
}

}  // namespace agent
