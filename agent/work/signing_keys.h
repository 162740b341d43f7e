// Which roles the keys at hand may sign for: the link between a repository and a KeyRing.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "hsm/key_ring.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// The keys of a top role, or of a delegation that is there.
tuf::RoleAuthority authority_of(const tuf::TrustedRepository& repository, const tuf::RoleName& role);

/// Those of its keys that are at hand, by canonical ID.
std::set<tuf::KeyId> keys_at_hand(const tuf::RoleAuthority& authority, hsm::KeyRing& keys);

/// Whether the keys at hand alone reach the threshold.
bool suffices(const tuf::RoleAuthority& authority, hsm::KeyRing& keys);

/// Whether at least `threshold` keys of the role are at hand. False for a role that does not exist.
bool can_sign(const tuf::TrustedRepository& repository, const tuf::RoleName& role, hsm::KeyRing& keys);

/// Throws kKeyNotInRole unless the keys at hand may sign the role.
void require_key(const tuf::TrustedRepository& repository, const tuf::RoleName& role, hsm::KeyRing& keys);

/// Throws kKeyNotInRole unless the keys at hand may change who signs in `role`, which its parent says.
void require_parent_key(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                        hsm::KeyRing& keys);

/// What helps where no key of the role is at hand. A lost key of `targets` the root's replaces; a lost root
/// key nothing does.
std::string mend_without_key(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                             hsm::KeyRing& keys);

/// `targets/releases` and every other delegation directly below `targets` that lists a key at hand, in the
/// order of the repository. Throws kKeyNotFound without any key, kRoleNotFound if there is no
/// `targets/releases`, kKeyNotInRole if a role that is needed lists none of the keys.
std::vector<tuf::RoleName> roles_to_sign(const tuf::TrustedRepository& repository, hsm::KeyRing& keys);

/// The roles that the user named. Throws kRoleNotFound, kKeyNotInRole.
std::vector<tuf::RoleName> check_roles_to_sign(const tuf::TrustedRepository& repository,
                                               const std::vector<tuf::RoleName>& roles, hsm::KeyRing& keys);

/// The keys at hand that will sign a file of a draft, by canonical ID.
std::set<tuf::KeyId> keys_of(const tuf::RepositoryDraft::Pending& file, hsm::KeyRing& keys);

/// Whether each of the keys has signed the role's file as it is stored; true without a file, or with nothing
/// in it, neither entry nor delegation.
bool have_signed(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                 const std::set<tuf::KeyId>& keys);
/// The same of all keys at hand that the role lists.
bool have_signed(const tuf::TrustedRepository& repository, const tuf::RoleName& role, hsm::KeyRing& keys);

/// The signers at hand that the roles list, each once. Opens them.
std::vector<std::shared_ptr<tuf::Signer>> signers_of(const tuf::TrustedRepository& repository,
                                                     const std::vector<tuf::RoleName>& roles,
                                                     hsm::KeyRing& keys);

/// The ring as a look-up for signing: nullptr for a key that is not at hand.
tuf::SignerFor signer_look_up(hsm::KeyRing& keys);

}  // namespace agent
