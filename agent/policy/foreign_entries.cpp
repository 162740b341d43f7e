#include "agent/policy/foreign_entries.h"

#include <algorithm>
#include <optional>

#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::RoleName;

/// The user whose key it is, or the key with the identities that list it.
std::string owner_of(const Policy& policy, const tuf::TrustedRepository& repository,
                     const tuf::PublicKey& key) {
  if (const auto user = policy.user_of(key.canonical_id())) return policy.users[*user];
  std::string owner = "key " + key.canonical_id().short_form();
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const auto& keys = delegation.authority.keys();
    const auto is_same = [&](const auto& other) { return other.canonical_id() == key.canonical_id(); };
    if (delegation.role.name.is_identity() && std::any_of(keys.begin(), keys.end(), is_same))
      owner += " of " + delegation.role.name.text();
  }
  return owner;
}

std::vector<std::string> signers_of(const Policy& policy, const tuf::TrustedRepository& repository,
                                    const RoleName& role) {
  std::vector<std::string> signers;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (!delegation || !delegation->metadata) return signers;
  for (const tuf::PublicKey& key : delegation->authority.keys()) {
    if (delegation->is_signed_by(key)) signers.push_back(owner_of(policy, repository, key));
  }
  return signers;
}

/// Whose keys sign the file; nullopt stands for the keys that belong to no user of the policy.
std::set<std::optional<UserId>> owners_of(const Policy& policy, const std::set<tuf::KeyId>& keys) {
  std::set<std::optional<UserId>> owners;
  for (const tuf::KeyId& key : keys) owners.insert(policy.user_of(key));
  return owners;
}

}  // namespace

std::string ForeignEntry::text() const {
  std::string out = kind == Kind::kDelegation
                        ? "delegation " + tuf::printable(name, 128)
                        : tuf::printable(name, 128) + " (" + (digest.empty() ? "no SHA-256" : digest) + ")";
  out += signers.empty() ? " in " + in.text() : " in a file signed by " + tuf::join(signers);
  if (!roles.empty()) out += ", and in " + tuf::join(tuf::names_of(roles));
  return out;
}

std::vector<ForeignEntry> foreign_entries(const Policy& policy, const tuf::SignedState& state,
                                          const Judge& judge, const FileToSign& file) {
  const std::set<std::optional<UserId>> owners = owners_of(policy, file.keys);
  const bool is_administrators =
      file.role == RoleName::targets() && owners == std::set{std::optional<UserId>()};
  const bool is_identity = file.role.is_identity();
  const tuf::SignedState::Role* stored = state.find_role(file.role);
  const auto has_signed_file = [&](const std::optional<UserId>& owner) {
    if (!owner || !stored) return false;
    const std::vector<UserId>& users = judge.signers_of(*stored);
    return std::find(users.begin(), users.end(), *owner) != users.end();
  };
  const bool is_own = is_identity && std::all_of(owners.begin(), owners.end(), has_signed_file);
  const std::string here = tuf::bound_to(state.repository().gun(), file.role);
  /// Also what the role's paths do not admit (any more).
  const auto stands_in_own_file = [&](const std::string& name, const tuf::Target& entry) {
    if (!is_own) return false;
    const auto found = stored->body->targets.find(name);
    return found && judge.counts({stored, *found, tuf::bound_of(*found, here)}) &&
           tuf::says_no_more(entry, *found);
  };
  const auto has_signed = [&](const std::string& name, const tuf::Target& entry) {
    return std::all_of(owners.begin(), owners.end(), [&](const std::optional<UserId>& owner) {
      return owner && judge.is_signed_by(*owner, name, entry);
    });
  };
  const auto passes = [&](const std::string& name, const tuf::Target& entry) {
    if (file.asked(name, entry)) return true;
    if (tuf::bound_of(entry, here) == tuf::Bound::kElsewhere && !file.binds_anew) return false;
    return is_administrators || judge.is_approved(file.role, name, entry) ||
           stands_in_own_file(name, entry) || (is_identity && has_signed(name, entry));
  };
  std::vector<ForeignEntry> foreign;
  for (const tuf::TargetMap::Entry& held : file.body.targets) {
    const std::string name = held.name();
    if (passes(name, held.target())) continue;
    ForeignEntry& entry = foreign.emplace_back(ForeignEntry{file.role, name, held.digest()});
    for (const tuf::SignedState::Entry& other : state.entries(name)) {
      if (other.role->name.is_identity() && other.role->name != file.role && other.digest() == entry.digest)
        entry.roles.push_back(other.role->name);
    }
  }
  for (const tuf::DelegationRole& delegation : file.body.roles) {
    if (file.role == RoleName::targets() || is_own || file.asked_to_delegate(delegation.name)) continue;
    foreign.push_back({file.role, delegation.name.text(), "", {}, {}, ForeignEntry::Kind::kDelegation});
  }
  if (!foreign.empty()) {
    const std::vector<std::string> signers = signers_of(policy, state.repository(), file.role);
    for (ForeignEntry& entry : foreign) entry.signers = signers;
  }
  return foreign;
}

}  // namespace agent
