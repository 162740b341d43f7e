#include "agent/work/new_repository.h"

#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

[[noreturn]] void fail_created_by_others(const tuf::Gun& gun, const TrustStore& store) {
  throw Error(ErrorCode::kConflict, "somebody else has just created " + gun.text() + " on " + store.name(),
              "it is theirs; whoever created it prints what its readers pin with: countersign repo pin " +
                  gun.text());
}

}  // namespace

bool repository_exists(TrustStore& store) {
  return store.fetch({{RoleName::root()}}).front().has_value();
}

tuf::PublishTransaction sign_new_repository(const tuf::RepositoryDraft& draft, hsm::KeyRing& keys) {
  return draft.sign(signer_look_up(keys));
}

tuf::TrustedRepository create_repository(TrustStore& store, SeenRepository& seen, const NewRepository& wanted,
                                         hsm::KeyRing& keys, std::vector<tuf::Warning>& warnings) {
  const tuf::Gun& gun = wanted.gun;
  const tuf::KeyObject snapshot = store.server_key(RoleName::snapshot());
  const tuf::KeyObject timestamp = store.server_key(RoleName::timestamp());
  const auto draft = tuf::RepositoryDraft::for_new_repository(
      gun, wanted.now, {wanted.root, wanted.targets, snapshot, timestamp});
  const tuf::PublishTransaction transaction = sign_new_repository(draft, keys);
  std::vector<RoleFile> files;
  for (const auto& file : transaction.files()) files.push_back({file.role, file.bytes});

  const PublishResult result = store.publish(files);
  if (result == PublishResult::kConflict) fail_created_by_others(gun, store);
  LoadRequest load{gun, {tuf::TrustPin{{wanted.root.id()}, ""}, false, false}, wanted.now, {}};
  // What an earlier repository of this name left in the trust directory says nothing about the new one.
  load.policy.reset_cache = true;
  try {
    return load_repository({store, seen, load}, warnings);
  } catch (const Error& error) {
    if (result == PublishResult::kUnknown && error.code() == ErrorCode::kPinMismatch)
      fail_created_by_others(gun, store);
    // What a proxy holds back may still arrive: the keys must not be given up.
    throw Error(ErrorCode::kOutcomeUnknown,
                gun.text() + " was sent to " + store.name() + ", but cannot be read back: " + error.what(),
                "repeat it, which says whether it is there: countersign repo init " + gun.text());
  }
}

}  // namespace agent
