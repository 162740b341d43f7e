#include "agent/work/signing_keys.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tuf/base/error.h"
#include "tuf/trust/role_authority.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

std::string listing(hsm::KeyRing& keys) {
  std::string out;
  for (const hsm::KeyInfo& key : keys.keys()) {
    if (out.find(key.canonical_id.short_form()) == std::string::npos) {
      out += (out.empty() ? "" : ", ") + key.canonical_id.short_form();
    }
  }
  return out;
}

[[noreturn]] void fail_not_in_role(const tuf::TrustedRepository& repository, const RoleName& role,
                                   hsm::KeyRing& keys) {
  const std::string gun = repository.gun().text();
  const bool one = keys.keys().size() == 1;
  // Those that tell what they are: encrypted files tell only their ID.
  const bool useless = role.is_delegation() &&
                       std::all_of(keys.keys().begin(), keys.keys().end(), [](const hsm::KeyInfo& key) {
                         return key.public_key && key.public_key->type() == tuf::KeyType::kEd25519;
                       });
  if (useless) {
    throw Error(ErrorCode::kKeyUnsupported,
                std::string("Ed25519 keys cannot sign for a delegation: ") + listing(keys) +
                    (one ? " is one" : " are such"),
                "make a key that Notary can use with: countersign key generate NAME");
  }
  const std::string hint =
      role == RoleName::targets() ? mend_without_key(repository, role, keys)
      : role.parent() != RoleName::targets()
          ? "an administrator adds it with: countersign delegation add " + gun + " " + role.text() +
                " --key KEY.pub"
          : "an administrator adds it with: countersign signer add --key KEY.pub " +
                (role == RoleName::releases() ? std::string("NAME") : std::string(role.leaf())) + " " + gun;
  throw Error(ErrorCode::kKeyNotInRole,
              (one ? "key " : "none of the keys ") + listing(keys) + (one ? " is not" : " is") +
                  " listed in " + role.text() + " of " + gun,
              hint);
}

/// Some of its keys may be at hand, but fewer than it needs.
void require_enough_keys(const tuf::TrustedRepository& repository, const RoleName& role, hsm::KeyRing& keys) {
  if (can_sign(repository, role, keys)) return;
  const tuf::RoleAuthority authority = authority_of(repository, role);
  const std::set<tuf::KeyId> here = keys_at_hand(authority, keys);
  if (here.empty()) fail_not_in_role(repository, role, keys);
  std::set<std::string> others;
  for (const tuf::PublicKey& key : authority.keys()) {
    if (!here.contains(key.canonical_id())) others.insert(key.canonical_id().short_form());
  }
  throw Error(ErrorCode::kKeyNotInRole,
              role.text() + " of " + repository.gun().text() + " needs " +
                  std::to_string(authority.threshold()) + " signatures, and " + std::to_string(here.size()) +
                  " of its keys " + (here.size() == 1 ? "is" : "are") + " at hand",
              "name others of its keys beside it with --key: " +
                  std::accumulate(others.begin(), others.end(), std::string(),
                                  [](const std::string& list, const std::string& id) {
                                    return list + (list.empty() ? "" : ", ") + id;
                                  }));
}

void require_any_key(const tuf::TrustedRepository& repository, hsm::KeyRing& keys) {
  if (!keys.keys().empty()) return;
  throw Error(ErrorCode::kKeyNotFound, "there is no key at hand to sign " + repository.gun().text() + " with",
              "name one with --key: a PEM file, a pkcs11: URI, or the ID of a key in the trust directory");
}

}  // namespace

tuf::RoleAuthority authority_of(const tuf::TrustedRepository& repository, const RoleName& role) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return delegation ? delegation->authority : tuf::RoleAuthority::of(repository.root().body, role);
}

std::set<tuf::KeyId> keys_at_hand(const tuf::RoleAuthority& authority, hsm::KeyRing& keys) {
  std::set<tuf::KeyId> ids;
  for (const tuf::PublicKey& key : authority.keys()) {
    if (keys.has(key.canonical_id())) ids.insert(key.canonical_id());
  }
  return ids;
}

bool suffices(const tuf::RoleAuthority& authority, hsm::KeyRing& keys) {
  return keys_at_hand(authority, keys).size() >= static_cast<std::size_t>(authority.threshold());
}

bool can_sign(const tuf::TrustedRepository& repository, const RoleName& role, hsm::KeyRing& keys) {
  if (!role.is_delegation()) return suffices(tuf::RoleAuthority::of(repository.root().body, role), keys);
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return delegation && suffices(delegation->authority, keys);
}

void require_key(const tuf::TrustedRepository& repository, const RoleName& role, hsm::KeyRing& keys) {
  if (can_sign(repository, role, keys)) return;
  throw Error(ErrorCode::kKeyNotInRole,
              "no key at hand may sign " + role.text() + " of " + repository.gun().text(),
              mend_without_key(repository, role, keys));
}

void require_parent_key(const tuf::TrustedRepository& repository, const RoleName& role, hsm::KeyRing& keys) {
  const RoleName parent = role.parent();
  if (can_sign(repository, parent, keys)) return;
  throw Error(ErrorCode::kKeyNotInRole,
              "no key at hand may sign " + parent.text() + " of " + repository.gun().text(),
              mend_without_key(repository, parent, keys));
}

std::string mend_without_key(const tuf::TrustedRepository& repository, const RoleName& role,
                             hsm::KeyRing& keys) {
  const std::string gun = repository.gun().text();
  const std::string elsewhere =
      "run this where the key of " + role.text() + " is, or name it with --signing-key";
  if (role == RoleName::targets() && can_sign(repository, RoleName::root(), keys)) {
    return elsewhere +
           "; if it is lost, the root key at hand gives the role a new one: countersign repo rotate " + gun +
           " targets";
  }
  if (role != RoleName::root()) return elsewhere;
  return elsewhere + "; if it is lost, signing goes on until the root expires at " +
         tuf::format_time(repository.root().body.expires) +
         ", and only a new repository helps, which is for its owner to make: countersign repo delete " + gun +
         " --remote, then countersign repo init " + gun;
}

std::vector<RoleName> roles_to_sign(const tuf::TrustedRepository& repository, hsm::KeyRing& keys) {
  require_any_key(repository, keys);
  if (!repository.find_delegation(RoleName::releases())) {
    throw Error(ErrorCode::kRoleNotFound, repository.gun().text() + " has no delegation targets/releases",
                "an administrator makes it with: countersign signer add --key KEY.pub NAME " +
                    repository.gun().text());
  }
  require_enough_keys(repository, RoleName::releases(), keys);
  std::vector<RoleName> roles;
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const RoleName& role = delegation.role.name;
    if (role.parent() == RoleName::targets() && can_sign(repository, role, keys)) roles.push_back(role);
  }
  return roles;
}

std::vector<RoleName> check_roles_to_sign(const tuf::TrustedRepository& repository,
                                          const std::vector<RoleName>& roles, hsm::KeyRing& keys) {
  require_any_key(repository, keys);
  for (const RoleName& role : roles) {
    if (role.is_delegation() && !repository.find_delegation(role)) {
      throw repository.no_such_role(role);
    }
    if (!role.is_delegation() && role != RoleName::targets())
      throw Error(ErrorCode::kInvalidRole, role.text() + " holds no targets");
    require_enough_keys(repository, role, keys);
  }
  return roles;
}

std::set<tuf::KeyId> keys_of(const tuf::RepositoryDraft::Pending& file, hsm::KeyRing& keys) {
  std::set<tuf::KeyId> ids;
  for (const tuf::RoleAuthority& authority : file.authorities) ids.merge(keys_at_hand(authority, keys));
  return ids;
}

bool have_signed(const tuf::TrustedRepository& repository, const RoleName& role,
                 const std::set<tuf::KeyId>& keys) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!delegation || delegation->state == tuf::Delegation::State::kEmpty) return true;
  if (!delegation->metadata) return false;  // whoever signed it, it does not verify
  if (delegation->metadata->body.targets.empty() && delegation->metadata->body.roles.empty()) return true;
  // In each form in which the role lists them: one of two may be about to go.
  std::set<tuf::KeyId> signers;
  for (const tuf::PublicKey& key : delegation->authority.keys()) {
    if (!keys.contains(key.canonical_id())) continue;
    if (!delegation->is_signed_by(key)) return false;
    signers.insert(key.canonical_id());
  }
  return signers == keys;
}

bool have_signed(const tuf::TrustedRepository& repository, const RoleName& role, hsm::KeyRing& keys) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return !delegation || have_signed(repository, role, keys_at_hand(delegation->authority, keys));
}

std::vector<std::shared_ptr<tuf::Signer>> signers_of(const tuf::TrustedRepository& repository,
                                                     const std::vector<RoleName>& roles, hsm::KeyRing& keys) {
  std::set<tuf::KeyId> ids;
  for (const RoleName& role : roles) ids.merge(keys_at_hand(authority_of(repository, role), keys));
  std::vector<std::shared_ptr<tuf::Signer>> signers;
  for (const tuf::KeyId& id : ids) signers.push_back(keys.signer(id));
  return signers;
}

tuf::SignerFor signer_look_up(hsm::KeyRing& keys) {
  return [&keys](const tuf::KeyId& id) { return keys.has(id) ? keys.signer(id) : nullptr; };
}

}  // namespace agent
