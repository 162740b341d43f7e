#include "agent/work/key_rotation.h"

#include "agent/work/renew_roles.h"
#include "agent/work/rotate_key.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

/// As a root lists it: a certificate for `root`, bare for every other role.
tuf::KeyObject listed_key(const RoleName& role, tuf::Signer& signer, const tuf::Gun& gun, tuf::Time now) {
  if (role != RoleName::root()) return signer.public_key().object();
  return tuf::PublicKey::from_certificate(hsm::make_root_certificate(signer, gun, now)).object();
}

[[noreturn]] void refuse_snapshot_here(const Run::Repository& open) {
  const std::string rotate = "countersign repo rotate " + open.load.gun.text() + " snapshot ";
  throw Error(ErrorCode::kUsage,
              open.store->name() + " signs the snapshot of " + open.load.gun.text() +
                  ", so that every signer can publish; with a key of your own only its holders could",
              "let the server make a new one: " + rotate + "--server-managed; or repeat it with --yes");
}

}  // namespace

KeyRotation::KeyRotation(Run::Repository& repository, const RotationRequest& request, Run& run,
                         std::vector<tuf::Warning>& warnings)
    : run_(run), new_keys_(run) {
  repository.load.nested.emplace();
  if (request.by_server) {
    let_server_sign(repository, request.role);
    return;
  }
  // Whoever takes the snapshot from the server keeps everybody else from publishing: that takes consent.
  if (request.role == RoleName::snapshot() && !request.cuts_signers_off)
    takes_consent_ = store_signs_snapshot(*repository.store, load_repository(repository, warnings));
  if (takes_consent_ && !run.dry_run()) refuse_snapshot_here(repository);
  sign_here(repository, request);
}

void KeyRotation::let_server_sign(Run::Repository& repository, const RoleName& role) {
  // A server that is asked for a new key has one more: a rehearsal makes one up.
  std::optional<tuf::KeyObject> key;
  if (run_.dry_run()) {
    const tuf::PublicKey made_up = make_up_key();
    stand_ins_ = {{made_up.canonical_id(), KeyMaker::kServer}};
    key = made_up.object();
  } else {
    run_.note_sending();
    key = repository.store->make_server_key(role);
  }
  how_ = rotate_key(role, *key, run_.administrator_keys());
}

void KeyRotation::sign_here(Run::Repository& repository, const RotationRequest& request) {
  const RoleName& role = request.role;
  const tuf::Gun& gun = repository.load.gun;
  const bool is_root = role == RoleName::root();
  const std::shared_ptr<tuf::Signer> signer =
      request.key ? run_.named_key(*request.key) : new_keys_.make(role.text(), is_root ? "" : gun.text());
  hsm::KeyRing& keys = run_.administrator_keys();
  keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{signer}));
  if (run_.dry_run() && !request.key)
    stand_ins_ = {{signer->public_key().canonical_id(), KeyMaker::kThisMachine}};
  how_ = rotate_key(role, listed_key(role, *signer, gun, run_.now()), keys);
  if (!is_root) return;
  // It mends a root whose certificate has lapsed, and whatever has expired in the meantime goes with it.
  repository.load.tolerate = {.expiry = true, .lapsed_certificate = true};
  how_ = [rotate = how_, renew = renew_due_roles(run_.now(), keys)](const tuf::TrustedRepository& trusted,
                                                                    tuf::RepositoryDraft& draft) {
    rotate(trusted, draft);
    renew(trusted, draft);
  };
}

ChangeRequest KeyRotation::change(const Policy* policy, const PolicyChoices& choices) {
  return {[this](const PolicyGuard*) { return how_; }, run_.administrator_keys(), policy, choices};
}

void KeyRotation::publish(const std::function<void()>& publish) {
  if (run_.dry_run()) return publish();
  new_keys_.store_for(publish);
}

}  // namespace agent
