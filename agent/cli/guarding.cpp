#include "agent/cli/guarding.h"

#include "agent/cli/operands.h"
#include "agent/report/verdict_report.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"

namespace agent {

void add_policy_options(CLI::App* command, PolicyOptions& options, const std::string& help) {
  add_value(command, "--policy", options.file, help, "FILE");
  add_flag(command, "--quarantine", options.quarantine, "Drop foreign entries instead of stopping");
}

std::optional<Policy> read_policy(const PolicyOptions& options, const Settings& settings) {
  if (options.quarantine && options.no_resign_guard) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "--quarantine drops what --no-resign-guard does not look for",
                     "leave one of them out");
  }
  if (auto policy = read_policy(options.file, settings)) return policy;
  if (!options.quarantine && !options.no_resign_guard) return std::nullopt;
  throw tuf::Error(tuf::ErrorCode::kUsage,
                   std::string(options.quarantine ? "--quarantine" : "--no-resign-guard") +
                       " speaks of what a policy does not count, and none is given",
                   "add --policy FILE");
}

bool has_policy(const PolicyOptions& options, const Settings& settings) {
  return options.file || settings.policy();
}

GuardedRepository::GuardedRepository(const Policy& policy, const PolicyOptions& options, bool allow_move,
                                     const tuf::Gun& gun, hsm::KeyRing& keys, Run& run,
                                     std::vector<tuf::Warning>& warnings)
    : memory_(run.settings().trust_dir(), gun),
      dry_run_(run.dry_run()),
      checks_releases_(!options.no_resign_guard),
      guard_(policy, keys, guard_options(options, allow_move, warnings)) {}

PolicyGuard::Options GuardedRepository::guard_options(const PolicyOptions& options, bool allow_move,
                                                      std::vector<tuf::Warning>& warnings) const {
  PolicyGuard::Options guard{allow_move, options.quarantine, !options.no_resign_guard};
  guard.hide_tags = options.hide_tags || dry_run_;  // a rehearsal shows what a run with consent does
  if (options.no_resign_guard) {
    warnings.push_back({"RESIGN_GUARD_OFF", "everything is signed with whatever stands in it"});
    return guard;
  }
  try {
    guard.last_releases = memory_.load();
  } catch (const tuf::Error& error) {
    warnings.push_back({"CACHE_UNUSABLE", error.what()});
  }
  return guard;
}

void GuardedRepository::describe(RepositoryReport& repository, std::vector<tuf::Warning>& warnings) const {
  for (std::size_t i = 0; i < guard_.decisions().size(); ++i) {
    const Decision& decision = guard_.decisions()[i];
    OrderedJson json = {{"verdict", decision.allowed ? "allowed" : "refused"}};
    json.update(decision_json(decision));
    repository.targets.at(i).more["policy"] = std::move(json);
    for (const Decision::Reason& reason : decision.reasons)
      warnings.push_back({"POLICY_INCOMPLETE", reason.message + "; " + reason.mend});
  }
  for (const std::string& tag : guard_.half_moved()) {
    warnings.push_back({"HALF_MOVED", "the policy allowed " + repository.gun + ":" + tag +
                                          " and refuses it " + (dry_run_ ? "then" : "now") +
                                          ", until targets/releases says the same of it as this identity"});
  }
  if (guard_.quarantined().empty()) return;
  repository.more["quarantined"] = foreign_json(guard_.quarantined());
  for (const ForeignEntry& entry : guard_.quarantined()) {
    warnings.push_back({"QUARANTINED", (dry_run_ ? "would drop from " : "dropped from ") + entry.in.text() +
                                           " of " + repository.gun + ": " + entry.text()});
  }
}

void GuardedRepository::describe_refusal(RepositoryReport& repository) const {
  if (!guard_.foreign().empty()) repository.more["foreign_entries"] = foreign_json(guard_.foreign());
}

void GuardedRepository::remember(const PublishedChanges& changes, std::vector<tuf::Warning>& warnings) const {
  if (!changes.published || !checks_releases_) return;
  for (const auto& file : changes.files) {
    if (file.role.text() != "targets/releases") continue;
    try {
      memory_.save(file.bytes);
    } catch (const tuf::Error& error) {
      warnings.push_back({"CACHE_UNUSABLE", error.what()});
    }
  }
}

PublishedChanges guarded_change(const std::optional<Policy>& policy, const PolicyOptions& options,
                                hsm::KeyRing& keys, Run::Repository& repository,
                                const std::function<ChangeRepository(const PolicyGuard*)>& how,
                                const ChangeWords& words, Run& run, Report& report,
                                const SigningGate::Options& gate_options) {
  SigningGate::Options with_guard = gate_options;
  std::optional<GuardedRepository> guarded;
  if (policy) {
    guarded.emplace(*policy, options, false, repository.load.gun, keys, run, report.warnings);
    with_guard.guard = &guarded->guard();
  }
  SigningGate gate(keys, with_guard);
  PublishedChanges changes = [&] {
    try {
      return change(repository, how(with_guard.guard), gate, words, run, report);
    } catch (const tuf::Error&) {
      if (guarded) guarded->describe_refusal(report.repositories.back());
      throw;
    }
  }();
  if (!guarded) return changes;
  guarded->describe(report.repositories.back(), report.warnings);
  guarded->remember(changes, report.warnings);
  return changes;
}

PublishedChanges guarded_change(const std::optional<Policy>& policy, const PolicyOptions& options,
                                hsm::KeyRing& keys, Run::Repository& repository, const ChangeRepository& how,
                                const ChangeWords& words, Run& run, Report& report,
                                const SigningGate::Options& gate) {
  return guarded_change(
      policy, options, keys, repository, [&](const PolicyGuard*) { return how; }, words, run, report, gate);
}

}  // namespace agent
