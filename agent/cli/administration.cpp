#include "agent/cli/administration.h"

#include "agent/work/rotate_key.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

/// Of what was added: what is probably not meant, and whether those who are to sign can publish at all.
void warn_of_doubts(const tuf::TrustedRepository& repository, const std::vector<DelegationToAdd>& added,
                    TrustStore& store, Report& report) {
  for (tuf::Warning& doubt : doubts_about(repository, added)) report.warnings.push_back(std::move(doubt));
  if (store_signs_snapshot(store, repository)) return;
  const std::string& gun = repository.gun().text();
  report.warnings.push_back({"SNAPSHOT_BY_CLIENTS", "signers cannot publish to " + gun +
                                                        " without the key of its snapshot; hand that "
                                                        "to the server, once: countersign repo prepare " +
                                                        gun});
}

}  // namespace

void add_consent(CLI::App* command, PolicyOptions& options) {
  place(add_flag(command, "--yes", options.hide_tags, "Even if pullers no longer see some tags"), kGuards);
}

Administration::Administration(const PolicyOptions& options, Run& run, Report& report)
    : options_(options), policy_(find_signing_policy(options, run.settings())), run_(run), report_(report) {}

Consent Administration::consent() const {
  return {.hide_tags = options_.hide_tags, .rehearsed = run_.dry_run(), .policy = policy()};
}

void Administration::change_each(const std::vector<std::string>& repositories, const Change& what) const {
  for_each_repository(repositories, run_, report_, [&](const tuf::Gun& gun) {
    Run::Repository open = run_.open(gun, Access::kPublish);
    if (!policy_) open.load.nested = what.nested;  // a policy may demand roles anywhere
    const PublishedChanges changes = change(open,
                                            {[&](const PolicyGuard*) { return what.how(); },
                                             run_.administrator_keys(), policy(), options_, what.gate},
                                            what.words, run_, report_);
    if (!what.added.empty()) warn_of_doubts(changes.repository, what.added, *open.store, report_);
  });
}

void Administration::change_one(const std::string& repository, const tuf::RoleName& role, Change what) const {
  what.nested = std::vector{role};
  // Whoever names a delegation names the role that says who signs it.
  if (role.parent().is_delegation()) what.gate.named = {role.parent()};
  change_each({repository}, what);
}

}  // namespace agent
