#include "agent/report/guard_report.h"

#include "agent/report/verdict_report.h"

namespace agent {

void describe_guard(const PolicyGuard& guard, bool dry_run, RepositoryReport& repository,
                    std::vector<tuf::Warning>& warnings) {
  for (std::size_t i = 0; i < guard.decisions().size(); ++i) {
    const Decision& decision = guard.decisions()[i];
    OrderedJson json = {{"verdict", decision.allowed ? "allowed" : "refused"}};
    json.update(decision_json(decision));
    repository.targets.at(i).more["policy"] = std::move(json);
    for (const Decision::Reason& reason : decision.reasons)
      warnings.push_back({"POLICY_INCOMPLETE", reason.message + "; " + reason.mend});
  }
  for (const std::string& tag : guard.half_moved()) {
    warnings.push_back({"HALF_MOVED", "the policy allowed " + repository.gun + ":" + tag +
                                          " and refuses it " + (dry_run ? "then" : "now") +
                                          ", until targets/releases says the same of it as this identity"});
  }
  if (guard.quarantined().empty()) return;
  repository.more["quarantined"] = foreign_json(guard.quarantined());
  for (const ForeignEntry& entry : guard.quarantined()) {
    warnings.push_back({"QUARANTINED", (dry_run ? "would drop from " : "dropped from ") + entry.in.text() +
                                           " of " + repository.gun + ": " + entry.text()});
  }
}

void describe_foreign(const PolicyGuard& guard, RepositoryReport& repository) {
  if (!guard.foreign().empty()) repository.more["foreign_entries"] = foreign_json(guard.foreign());
}

}  // namespace agent
