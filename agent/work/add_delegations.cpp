#include "agent/work/add_delegations.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "agent/work/change_signers.h"
#include "agent/work/signer_name.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

/// Letters to add, drop or replace to make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

bool is_one_letter_longer(std::string_view longer, std::string_view shorter) {
  return longer.size() == shorter.size() + 1 && edit_distance(longer, shorter) == 1;
}

/// Readers know the name `targets/releases`, and a role of nearly that name would be one that nobody reads.
void refuse_near_miss(const RoleName& role) {
  constexpr std::size_t kNear = 2;
  if (role == RoleName::releases() || role.parent() != RoleName::releases().parent()) return;
  if (edit_distance(role.leaf(), RoleName::releases().leaf()) > kNear) return;
  throw Error(
      ErrorCode::kInvalidRole,
      role.text() + " is nearly " + RoleName::releases().text() + ", which is the one that pullers read",
      "name " + RoleName::releases().text() + ", or choose a name that nobody mistakes for it");
}

}  // namespace

ChangeRepository add_delegations(std::vector<DelegationToAdd> delegations, hsm::KeyRing& keys) {
  return [delegations = std::move(delegations), &keys](const tuf::TrustedRepository& repository,
                                                       tuf::RepositoryDraft& draft) {
    for (const DelegationToAdd& delegation : delegations) {
      if (!repository.find_delegation(delegation.role)) {
        refuse_near_miss(delegation.role);
        if (delegation.keys.empty()) throw repository.no_such_role(delegation.role);
      }
      std::vector<std::string> paths = delegation.paths;
      if (paths.empty() && !draft.definition_of(delegation.role)) paths.emplace_back();
      if (draft.add_delegation(delegation.role, delegation.keys, paths, delegation.threshold))
        require_parent_key(repository, delegation.role, keys);
    }
    keep_roles_signed(repository, draft, keys, {});  // a threshold may have become higher
  };
}

std::vector<tuf::Warning> doubts_about(const tuf::TrustedRepository& repository,
                                       const std::vector<DelegationToAdd>& added) {
  std::vector<tuf::Warning> doubts;
  for (const DelegationToAdd& delegation : added) {
    const RoleName& role = delegation.role;
    if (!role.is_identity()) continue;
    for (const tuf::Delegation& other : repository.delegations()) {
      if (other.role.name == role || !other.role.name.is_identity()) continue;
      if (is_one_letter_longer(role.leaf(), other.role.name.leaf()) ||
          is_one_letter_longer(other.role.name.leaf(), role.leaf()))
        doubts.push_back({"NEARLY_THE_SAME", role.text() + " is nearly " + other.role.name.text() + " of " +
                                                 repository.gun().text() + ": is it somebody else?"});
      for (const tuf::PublicKey& key : delegation.keys) {
        const auto& keys = other.authority.keys();
        if (std::none_of(keys.begin(), keys.end(),
                         [&](const auto& its) { return its.canonical_id() == key.canonical_id(); }))
          continue;
        doubts.push_back({"KEY_SHARED", "key " + key.canonical_id().short_form() + " of " + role.text() +
                                            " is that of " + other.role.name.text() +
                                            " too: what one signs " + "is the other's as well"});
      }
    }
  }
  return doubts;
}

std::vector<DelegationToAdd> signer_delegations(const std::string& name,
                                                const std::vector<tuf::PublicKey>& keys) {
  require_signer_name(name);
  // The order is that of priority: readers that look through all roles report the released tag as released.
  return {{RoleName::releases(), keys, {}, std::nullopt},
          {RoleName::of("targets/" + name), keys, {}, std::nullopt}};
}

}  // namespace agent
