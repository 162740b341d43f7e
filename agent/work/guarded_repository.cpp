#include "agent/work/guarded_repository.h"

#include "tuf/base/error.h"

namespace agent {

GuardedRepository::GuardedRepository(const PolicyToKeep& kept, const tuf::Gun& gun, hsm::KeyRing& keys,
                                     const Run& run, std::vector<tuf::Warning>& warnings)
    : memory_(run.settings().trust_dir(), gun),
      keys_(kept.policy.key_ids()),
      checks_releases_(!kept.choices.no_resign_guard),
      guard_(kept.policy, keys, guard_options(kept.choices, run.dry_run(), warnings)) {}

PolicyGuard::Options GuardedRepository::guard_options(const PolicyChoices& choices, bool dry_run,
                                                      std::vector<tuf::Warning>& warnings) const {
  PolicyGuard::Options guard{choices.allow_move, choices.quarantine, !choices.no_resign_guard};
  guard.hide_tags = choices.hide_tags || dry_run;  // a rehearsal shows what a run with consent does
  if (choices.no_resign_guard) {
    warnings.push_back({"RESIGN_GUARD_OFF", "everything is signed with whatever stands in it"});
    return guard;
  }
  try {
    guard.last_releases = memory_.load(keys_);
  } catch (const tuf::Error& error) {
    warnings.push_back({"CACHE_UNUSABLE", error.what()});
  }
  return guard;
}

void GuardedRepository::remember(const PublishedChanges& changes, std::vector<tuf::Warning>& warnings) const {
  if (!changes.published || !checks_releases_) return;
  for (const auto& file : changes.files) {
    if (file.role.text() != "targets/releases") continue;
    try {
      memory_.save(file.bytes, keys_);
    } catch (const tuf::Error& error) {
      warnings.push_back({"CACHE_UNUSABLE", error.what()});
    }
  }
}

}  // namespace agent
