#include "agent/work/init_repository.h"

#include <algorithm>
#include <filesystem>

#include "agent/work/key_uses.h"
#include "agent/work/new_keys.h"
#include "agent/work/new_repository.h"
#include "agent/work/published_facts.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

struct RootKey {
  tuf::KeyId id;
  std::filesystem::file_time_type made;
  std::vector<std::string> repositories;  // seen here, whose present root it has signed
};

/// Those of the trust directory: what most repositories have first, then what was made last. After a rotation
/// an older one is retired, perhaps because somebody else has it.
std::vector<RootKey> root_keys(Run& run, std::vector<tuf::Warning>& warnings) {
  auto uses = find_key_uses(run.settings().trust_dir(), run.now(), warnings);
  std::vector<RootKey> roots;
  for (const hsm::KeyInfo& key : run.key_store().list()) {
    if (key.label != "root") continue;
    std::error_code gone;
    roots.push_back({key.canonical_id, std::filesystem::last_write_time(key.location, gone), {}});
    for (const KeyUse& use : uses[key.canonical_id]) {
      if (use.trust_root) roots.back().repositories.push_back(use.gun.text());
    }
  }
  std::stable_sort(roots.begin(), roots.end(), [](const RootKey& one, const RootKey& other) {
    return std::pair(one.repositories.size(), one.made) > std::pair(other.repositories.size(), other.made);
  });
  return roots;
}

/// The root key: named, or the one in the trust directory, or nullptr if a new one is needed. Of several, the
/// only one that is in use: the others have been replaced.
std::shared_ptr<tuf::Signer> existing_root_key(const InitRequest& request, Run& run,
                                               std::vector<tuf::Warning>& warnings) {
  if (request.root_key) return run.named_key(*request.root_key);
  const std::vector<RootKey> roots = root_keys(run, warnings);
  if (roots.empty()) return nullptr;
  const auto used = std::count_if(roots.begin(), roots.end(),
                                  [](const RootKey& root) { return !root.repositories.empty(); });
  if (roots.size() == 1 || used == 1) return run.key_store().open(roots.front().id);
  std::vector<std::string> list;
  for (const RootKey& root : roots) {
    list.push_back(root.id.short_form() + (root.repositories.empty()
                                               ? " of none seen here"
                                               : " of " + tuf::first_of(root.repositories)));
  }
  throw Error(
      ErrorCode::kKeyAmbiguous,
      "the trust directory holds " + std::to_string(roots.size()) + " root keys: " + tuf::join(list, "; "),
      "name the one that is meant, such as: countersign repo init " + tuf::shell_word(request.repository) +
          " --root-key " + roots.front().id.short_form());
}

/// The root keys at hand. Nothing vouches better for a root than that our key has signed it: a repository
/// that an earlier run made, which was stopped before it could tell the pin, is ours.
tuf::TrustPin pin_of_own_root_keys(const InitRequest& request, Run& run) {
  tuf::TrustPin pin;
  if (request.root_key) {
    pin.key_ids.insert(run.named_key(*request.root_key)->public_key().canonical_id());
    return pin;
  }
  for (const hsm::KeyInfo& key : run.key_store().list()) {
    if (key.label == "root") pin.key_ids.insert(key.canonical_id);
  }
  return pin;
}

tuf::TrustedRepository load_existing(const InitRequest& request, Run::Repository& repository, Run& run,
                                     std::vector<tuf::Warning>& warnings) {
  TrustPolicy& policy = repository.load.policy;
  const bool known = policy.pin || policy.trust_on_first_use || repository.seen.load(RoleName::root());
  const tuf::TrustPin own = known ? tuf::TrustPin{} : pin_of_own_root_keys(request, run);
  if (!own.key_ids.empty()) policy.pin = own;
  try {
    return load_repository(repository, warnings);
  } catch (const Error& error) {
    if (own.key_ids.empty() || error.code() != ErrorCode::kPinMismatch) throw;
    throw Error(ErrorCode::kUnpinnedRoot, "nothing vouches for the root of " + repository.load.gun.text() +
                                              ": it was never seen here, is not pinned, and no key at hand "
                                              "has signed it");
  }
}

/// A server that has lost its data, or a folder that is not mounted, is no reason to begin anew.
void refuse_to_begin_anew(const Run::Repository& repository) {
  if (!repository.seen.load(RoleName::root())) return;
  const std::string& gun = repository.load.gun.text();
  throw Error(
      ErrorCode::kRollback,
      gun + " was seen here before, and " + repository.store->name() + " has nothing of it",
      "ask the server's administrator to restore its data; if it was deleted on purpose, forget it here: "
      "countersign repo delete " +
          gun + " --yes");
}

/// Whoever has pinned another root cannot use what they create.
void warn_of_other_pin(const LoadRequest& load, const tuf::PublicKey& root,
                       std::vector<tuf::Warning>& warnings) {
  const auto& pin = load.policy.pin;
  if (!pin || pin->key_ids.empty() || pin->key_ids.contains(root.id()) ||
      pin->key_ids.contains(root.canonical_id()))
    return;
  warnings.push_back({"ROOT_NOT_PINNED", "the root key of the new " + load.gun.text() + " is " +
                                             root.canonical_id().short_form() +
                                             ", which is not the pinned one"});
}

/// The keys that a new repository begins with.
struct FirstKeys {
  std::shared_ptr<tuf::Signer> root;
  std::shared_ptr<tuf::Signer> targets;
  bool makes_root;
  bool makes_targets;
};

FirstKeys first_keys(const tuf::Gun& gun, const InitRequest& request, NewKeys& new_keys, Run& run,
                     std::vector<tuf::Warning>& warnings) {
  FirstKeys keys{existing_root_key(request, run, warnings), nullptr, false, !request.targets_key};
  keys.makes_root = !keys.root;
  if (keys.makes_root) keys.root = new_keys.make("root", "");
  keys.targets =
      keys.makes_targets ? new_keys.make("targets", gun.text()) : run.named_key(*request.targets_key);
  return keys;
}

InitPlan rehearse(const NewRepository& wanted, const FirstKeys& keys, hsm::KeyRing& ring) {
  const tuf::PublicKey snapshot = make_up_key();
  const tuf::PublicKey timestamp = make_up_key();
  InitPlan plan;
  const auto add = [&](const char* role, const tuf::PublicKey& key, std::optional<KeyMaker> maker) {
    plan.signers.push_back({RoleName::of(role), SignerChange::Role::kComes, {key.canonical_id()}});
    plan.signers.back().threshold = 1;
    if (maker) plan.stand_ins.push_back({key.canonical_id(), *maker});
  };
  const auto here = [](bool made) { return made ? std::optional(KeyMaker::kThisMachine) : std::nullopt; };
  add("root", wanted.root, here(keys.makes_root));
  add("targets", wanted.targets, here(keys.makes_targets));
  add("snapshot", snapshot, KeyMaker::kServer);
  add("timestamp", timestamp, KeyMaker::kServer);
  const auto draft = tuf::RepositoryDraft::for_new_repository(
      wanted.gun, wanted.now, {wanted.root, wanted.targets, snapshot.object(), timestamp.object()});
  plan.files = sign_new_repository(draft, ring).files();
  return plan;
}

}  // namespace

InitResult init_repository(Run::Repository& repository, const InitRequest& request, Run& run,
                           std::vector<tuf::Warning>& warnings) {
  InitResult result;
  PublishedRepository& told = run.tell_of(repository);
  if (repository_exists(*repository.store)) {
    result.repository = load_existing(request, repository, run, warnings);
    tell_state(*result.repository, told);
    return result;
  }
  refuse_to_begin_anew(repository);
  const tuf::Gun& gun = repository.load.gun;
  NewKeys new_keys(run);
  const FirstKeys keys = first_keys(gun, request, new_keys, run, warnings);
  const NewRepository wanted{
      gun, run.now(),
      tuf::PublicKey::from_certificate(hsm::make_root_certificate(*keys.root, gun, run.now())),
      keys.targets->public_key()};
  warn_of_other_pin(repository.load, wanted.root, warnings);
  hsm::KeyRing ring;
  ring.add(std::make_unique<hsm::MemoryKeys>(std::vector{keys.root, keys.targets}));
  if (run.dry_run()) {
    result.plan = rehearse(wanted, keys, ring);
    return result;
  }
  new_keys.store_for([&] {
    result.repository = create_repository(*repository.store, repository.seen, wanted, ring, warnings);
  });
  result.created = true;
  told.published = true;
  told.attempts = 1;
  tell_state(*result.repository, told);
  return result;
}

}  // namespace agent
