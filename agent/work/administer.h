// Setting a repository up: its first metadata, and who may sign in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"
#include "tuf/base/warning.h"

namespace agent {

/// Whether the store has a root for this repository, trusted or not.
bool repository_exists(TrustStore& store);

/// The first files of a repository. They carry nothing along, so nothing has to pass the gate.
tuf::PublishTransaction sign_new_repository(const tuf::RepositoryDraft& draft, hsm::KeyRing& keys);

struct NewRepository {
  tuf::Gun gun;
  tuf::Time now;
  tuf::PublicKey root;  // a certificate for the GUN
  tuf::PublicKey targets;
};

/// Creates the repository with the store managing snapshot and timestamp, and reads it back with the new root
/// as pin. Its two keys must be in the ring. Throws kConflict
/// if somebody else created it meanwhile, and what signing and the store throw: then nothing was created.
/// Only with kOutcomeUnknown it may have been.
tuf::TrustedRepository create_repository(TrustStore& store, SeenRepository& seen, const NewRepository& wanted,
                                         hsm::KeyRing& keys, std::vector<tuf::Warning>& warnings);

/// A delegation with keys and paths to add. Without paths one that is there keeps its own, and a new one is
/// for all: whoever adds a key does not mean to widen what the role may sign.
struct DelegationToAdd {
  tuf::RoleName role;
  std::vector<tuf::PublicKey> keys;
  std::vector<std::string> paths;
  std::optional<int> threshold;
};

/// Adds all of them. Throws kKeyNotInRole if the key of a parent (the repository key, for delegations below
/// `targets`) is not at hand; kInvalidRole for a new role whose name is nearly `targets/releases`.
ChangeRepository add_delegations(std::vector<DelegationToAdd> delegations, hsm::KeyRing& keys);

/// What is allowed and probably not meant, in the repository as it is with them: KEY_SHARED for a key that
/// another identity has too, NEARLY_THE_SAME for a role whose name is that of another but for one letter.
std::vector<tuf::Warning> doubts_about(const tuf::TrustedRepository& repository,
                                       const std::vector<DelegationToAdd>& added);

/// Throws kInvalidRole unless `name` fits Docker's grammar of signers, `[a-z0-9][a-z0-9_-]*`, and is not
/// `releases`.
void require_signer_name(const std::string& name);
/// The same of one that is said to be a signer of the repository: the hint is where its signers are listed.
void require_signer(const std::string& name, const std::string& repository);

/// What `signer add` adds: `targets/<name>` and `targets/releases`, each for all paths if it is new
/// (section 8.2).
std::vector<DelegationToAdd> signer_delegations(const std::string& name,
                                                const std::vector<tuf::PublicKey>& keys);

}  // namespace agent
