#include "agent/work/change_repository.h"

#include <algorithm>

#include "agent/work/published_facts.h"
#include "agent/work/signing_keys.h"

namespace agent {
namespace {

void carry_out(Run::Repository& repository, const ChangeRequest& request, Run& run,
               std::vector<tuf::Warning>& warnings, RepositoryChange& change) {
  hsm::KeyRing& keys = request.keys;
  SigningGate::Options gate_options = request.gate;
  if (request.policy) {
    change.guarded.emplace(PolicyToKeep{*request.policy, request.choices}, repository.load.gun, keys, run,
                           warnings);
    gate_options.guard = &change.guarded->guard();
  }
  SigningGate gate(keys, gate_options);
  const ChangeRepository how = request.how(gate_options.guard);
  const ChangeRepository watched = [&](const tuf::TrustedRepository& trusted, tuf::RepositoryDraft& draft) {
    how(trusted, draft);
    if (draft.empty()) return;
    change.signers = changes_of_signers(trusted, draft);
    change.revived = revived_roles(*repository.store, trusted, draft, change.signers);
    if (run.dry_run()) change.hidden = tags_that_vanish(trusted, draft);
  };
  change.result = publish_changes(
      repository, {watched, gate.as_function(), signer_look_up(keys), run.publish_options()}, warnings);
  for (const std::string& tag : gate.hidden()) {
    if (std::find(change.hidden.begin(), change.hidden.end(), tag) == change.hidden.end())
      change.hidden.push_back(tag);
  }
  change.signed_anew = gate.signed_anew();
  if (change.guarded) change.guarded->remember(*change.result, warnings);
}

}  // namespace

void change_repository(Run::Repository& repository, const ChangeRequest& request, Run& run,
                       std::vector<tuf::Warning>& warnings, RepositoryChange& change) {
  PublishedRepository& told = run.tell_of(repository);
  try {
    carry_out(repository, request, run, warnings, change);
  } catch (const tuf::Error&) {
    if (change.guarded) tell_foreign(change.guarded->guard(), told);
    throw;
  }
  tell_changes(change, told);
}

}  // namespace agent
