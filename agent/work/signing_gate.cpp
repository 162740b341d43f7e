#include "agent/work/signing_gate.h"

#include <algorithm>

#include "agent/policy/policy.h"
#include "agent/work/policy_guard.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/view/bound.h"
#include "tuf/view/signed_state.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

constexpr std::size_t kMaxNamed = 10;  // entries in one message

}  // namespace

void SigningGate::pass(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
  signed_anew_.clear();
  for (const RoleName& role : draft.changed_roles()) check_role(repository, draft, role);
  if (options_.guard) options_.guard->check(repository, draft, options_.bind);
  for (const tuf::RepositoryDraft::Pending& file : draft.pending()) {
    if (draft.find_changed(file.role)) look_at_carried(repository, draft, file);
  }
  for (const RoleName& role : draft.changed_roles()) check_bound(repository, draft, role);
}

std::vector<std::string> SigningGate::hidden() const {
  return options_.guard ? options_.guard->hidden() : std::vector<std::string>();
}

void SigningGate::check_role(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                             const RoleName& role) const {
  if (!role.is_delegation() || role.parent() == RoleName::targets()) return;
  if (options_.named.contains(role) || draft.was_delegated(role)) return;
  throw Error(
      ErrorCode::kPolicy,
      role.text() + " of " + repository.gun().text() + " was not named, and who signs it is said by " +
          role.parent().text() + ", not by the administrator",
      "name it if that is what you want: countersign witness " + repository.gun().text() + " " + role.text());
}

void SigningGate::check_bound(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                              const RoleName& role) const {
  const std::string here = tuf::bound_to(repository.gun(), role);
  std::string list;
  std::string revoke = "countersign revoke";
  bool can_be_typed = true;
  std::size_t count = 0;
  for (const tuf::TargetMap::Entry& entry : draft.find_changed(role)->targets) {
    if (tuf::bound_of(entry, here) != tuf::Bound::kElsewhere) continue;
    if (++count > kMaxNamed) continue;
    const std::string name = entry.name();
    list += (list.empty() ? "" : ", ") + tuf::printable(name, 128);
    const std::string image = repository.gun().text() + ":" + name;
    revoke += " " + tuf::shell_word(image);
    can_be_typed &= !name.empty() && tuf::printable(image) == image;
  }
  if (count == 0) return;
  if (count > kMaxNamed) list += " and " + std::to_string(count - kMaxNamed) + " more";
  const std::string witness =
      "countersign witness " + repository.gun().text() + " " + role.text() + " --policy FILE";
  throw Error(ErrorCode::kForeignEntry,
              role.text() + " of " + repository.gun().text() +
                  " holds what was signed for another role or repository: " + list,
              "find out who brought it in; to take it out, together with all others: " +
                  (can_be_typed && count <= kMaxNamed ? revoke + " --role " + role.text() + " --yes"
                                                      : witness + " --quarantine") +
                  "; to bind anew what the policy allows of it: " + witness + " --bind");
}

void SigningGate::look_at_carried(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                                  const tuf::RepositoryDraft::Pending& file) {
  const RoleName& role = file.role;
  SignedAnew anew{role, {}, {}};
  for (const tuf::TargetMap::Entry& entry : draft.find_changed(role)->targets) {
    if (std::string name = entry.name(); !draft.was_set(role, name)) anew.entries.push_back(std::move(name));
  }
  if (role.is_delegation()) {
    for (const tuf::DelegationRole& below : draft.find_changed(role)->roles) {
      if (!draft.was_delegated(below.name)) anew.delegations.push_back(below.name.text());
    }
  }
  if (anew.entries.empty() && anew.delegations.empty()) return;
  anew.adopted = role.is_identity() && !have_signed(repository, role, keys_of(file, keys_));
  const std::string here = tuf::bound_to(repository.gun(), role);
  const auto is_bound = [&](const std::string& name) {
    return tuf::bound_of(*draft.find_changed(role)->targets.find_entry(name), here) == tuf::Bound::kHere;
  };
  const bool looks = options_.guard && options_.guard->looks();
  for (const std::string& name : anew.entries) {
    const auto custom = [&] { return draft.find_changed(role)->targets.find(name)->custom; };
    if (!looks && anew.adopted && is_bound(name)) {
      draft.set_custom(role, name, tuf::without_bound(custom()));
    } else if (looks && options_.bind && !is_bound(name)) {
      if (auto bound = tuf::with_bound(custom(), here)) draft.set_custom(role, name, std::move(bound));
    }
  }
  signed_anew_.push_back(std::move(anew));
}

}  // namespace agent
