#include "agent/work/change_signers.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"
#include "tuf/view/role_view.h"
#include "tuf/view/signed_state.h"
#include "tuf/view/stored_target.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

void require_role(const tuf::TrustedRepository& repository, const RoleName& role) {
  if (!repository.find_delegation(role)) throw repository.no_such_role(role);
}

/// Canonical.
std::set<tuf::KeyId> ids_of(const tuf::RoleAuthority& authority) {
  std::set<tuf::KeyId> ids;
  for (const tuf::PublicKey& key : authority.keys()) ids.insert(key.canonical_id());
  return ids;
}

/// Canonical IDs of the delegation's keys.
std::set<tuf::KeyId> keys_of(const tuf::TrustedRepository& repository, const RoleName& role) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return delegation ? ids_of(delegation->authority) : std::set<tuf::KeyId>{};
}

/// What other identities sign with, by canonical ID, each with one that lists it. What somebody has delegated
/// to themselves is none.
std::map<tuf::KeyId, RoleName> keys_of_others(const tuf::TrustedRepository& repository,
                                              const RoleName& role) {
  std::map<tuf::KeyId, RoleName> keys;
  for (const tuf::Delegation& other : repository.delegations()) {
    if (other.role.name == role || !other.role.name.is_identity()) continue;
    for (const tuf::KeyId& id : ids_of(other.authority)) keys.emplace(id, other.role.name);
  }
  return keys;
}

/// The keys of the role that `id` means, as a key has two IDs. Throws kKeyNotFound if it lists none.
std::vector<tuf::PublicKey> listed_as(const tuf::KeyId& id, const tuf::TrustedRepository& repository,
                                      const RoleName& role) {
  const std::vector<tuf::PublicKey>& all = repository.find_delegation(role)->authority.keys();
  std::vector<tuf::PublicKey> keys;
  std::vector<std::string> others;
  for (const tuf::PublicKey& key : all) {
    if (key.id() == id || key.canonical_id() == id) keys.push_back(key);
    others.push_back(key.canonical_id().short_form());
  }
  if (!keys.empty()) return keys;
  throw Error(ErrorCode::kKeyNotFound,
              role.text() + " of " + repository.gun().text() + " does not list key " + id.short_form() +
                  (others.empty() ? ", nor any other" : ", but " + tuf::first_of(others)),
              "see them with: countersign delegation list " + repository.gun().text());
}

/// Users of the policy whose keys have signed the role's stored file.
std::set<UserId> users_who_signed(const tuf::TrustedRepository& repository, const RoleName& role,
                                  const Policy& policy) {
  std::set<UserId> users;
  for (const tuf::KeyId& id : tuf::file_signers(repository, role)) {
    if (const auto user = policy.user_of(id)) users.insert(*user);
  }
  return users;
}

/// Keys that the role lists, in that form, now and in the draft; by a policy, of an identity only those whose
/// signature is worth there what the present ones are: somebody else's says that somebody else has signed.
std::vector<std::string> keys_that_stay(const tuf::TrustedRepository& repository, const RoleName& role,
                                        const tuf::RoleAuthority& next, const Policy* policy) {
  std::set<tuf::KeyId> before;
  for (const tuf::PublicKey& key : repository.find_delegation(role)->authority.keys())
    before.insert(key.id());
  const bool is_anybodys = !policy || !role.is_identity();
  const std::set<UserId> users =
      is_anybodys ? std::set<UserId>{} : users_who_signed(repository, role, *policy);
  std::vector<std::string> stay;
  for (const tuf::PublicKey& key : next.keys()) {
    if (!before.contains(key.id())) continue;
    const auto user = is_anybodys ? std::nullopt : policy->user_of(key.canonical_id());
    if (is_anybodys || users.empty() || (user && users.contains(*user)))
      stay.push_back(key.canonical_id().short_form());
  }
  return stay;
}

/// How roles come to be signed by the keys that the draft gives them.
std::string way_to_sign(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                        const std::vector<RoleName>& roles, const Policy* policy) {
  const tuf::RoleAuthority next = *draft.authority_of(roles.front());
  if (next.threshold() > repository.find_delegation(roles.front())->authority.threshold()) {
    std::vector<std::string> all;
    for (const tuf::PublicKey& key : next.keys()) all.push_back(key.canonical_id().short_form());
    return "name " + std::to_string(next.threshold()) + " of its keys (" + tuf::first_of(all) +
           ") with --signing-key: they sign it in the same step";
  }
  for (const RoleName& role : roles) {
    const tuf::RoleAuthority keys = *draft.authority_of(role);
    if (!keys_that_stay(repository, role, keys, policy).empty() ||
        keys_that_stay(repository, role, keys, nullptr).empty())
      continue;
    for (const tuf::PublicKey& key : keys.keys()) {
      if (!policy->user_of(key.canonical_id())) return way_to_name(key.canonical_id(), role);
    }
    const std::set<UserId> users = users_who_signed(repository, role, *policy);
    const std::string names = policy->names({users.begin(), users.end()});
    return "no key of " + names + " would stay in " + role.text() +
           ", and what others sign there is their word: first only add a new key of " + names +
           "; or repeat it with --yes, and whoever stays signs anew what is still wanted";
  }
  for (const RoleName& role : roles) {
    if (keys_that_stay(repository, role, *draft.authority_of(role), policy).empty())
      return "first only add the new key; once it has signed " + role.text() + ", take the old one out";
  }
  const std::vector<std::string> stay = keys_that_stay(repository, roles.front(), next, policy);
  std::string names;
  for (const RoleName& role : roles) {
    const std::vector<std::string> its = keys_that_stay(repository, role, *draft.authority_of(role), policy);
    if (std::find(its.begin(), its.end(), stay.front()) != its.end()) names += " " + role.text();
  }
  return "first, where one of the remaining keys (" + tuf::first_of(stay) + ") is: countersign witness " +
         repository.gun().text() + names + " --key " + stay.front();
}

/// Whoever leaves may have delegated to themselves below a role that they signed. Where that role can be
/// signed here, such a delegation goes with them, whoever else stands in it: nobody but them has asked for
/// it.
void drop_delegations_to(const std::set<tuf::KeyId>& removed, const tuf::TrustedRepository& repository,
                         tuf::RepositoryDraft& draft, hsm::KeyRing& keys) {
  for (const tuf::Delegation& above : repository.delegations()) {
    // Deeper down it is not for the administrator to say, and out of reach without what stands above.
    if (above.role.name.parent() != RoleName::releases().parent() || !above.metadata ||
        !draft.authority_of(above.role.name) || !can_sign(repository, above.role.name, keys))
      continue;
    const tuf::Targets& body = above.metadata->body;
    for (const tuf::DelegationRole& role : body.roles) {
      const tuf::RoleAuthority authority(body.keys, role.key_ids, role.threshold);
      if (std::any_of(authority.keys().begin(), authority.keys().end(),
                      [&](const tuf::PublicKey& key) { return removed.contains(key.canonical_id()); }))
        draft.remove_delegation(role.name);
    }
  }
}

/// The last who could release leave nobody behind, and nothing released: that takes consent.
bool take_out_of_releases(const std::set<tuf::KeyId>& removed, const tuf::TrustedRepository& repository,
                          tuf::RepositoryDraft& draft, Consent consent) {
  const std::set<tuf::KeyId> present = keys_of(repository, RoleName::releases());
  if (!repository.find_delegation(RoleName::releases())) return false;
  const bool all =
      !present.empty() && std::includes(removed.begin(), removed.end(), present.begin(), present.end());
  if (!all) return draft.remove_from_delegation(RoleName::releases(), removed, {});
  if (consent.hide_tags) return draft.remove_delegation(RoleName::releases());
  throw Error(ErrorCode::kInvalidRole,
              "nobody would be left who signs targets/releases of " + repository.gun().text(),
              "first let somebody else in: countersign signer add NAME " + repository.gun().text() +
                  " --key KEY.pub; or repeat it with --yes: then nothing is released any more");
}

/// Whether a role whose file the draft's keys do not approve is going to be signed anew.
enum class LostFiles { kAreSigned, kVanish };

/// What the role says of a tag when the draft is published; nullopt if pullers will look elsewhere.
std::optional<tuf::Target> released_by(const tuf::TrustedRepository& repository,
                                       const tuf::RepositoryDraft& draft, const RoleName& role,
                                       const std::string& tag, LostFiles lost) {
  if (role.is_delegation() && !draft.admits(role, tag)) return std::nullopt;
  if (lost == LostFiles::kVanish && role.is_delegation() && draft.loses_file(role)) return std::nullopt;
  const tuf::Targets* changed = draft.find_changed(role);
  return changed ? changed->targets.find(tag) : repository.find_target(role, tag);
}

/// What pullers would no longer get, or get otherwise.
std::vector<std::string> hidden_tags(const tuf::TrustedRepository& repository,
                                     const tuf::RepositoryDraft& draft, LostFiles lost) {
  const RoleName targets = RoleName::releases().parent();
  std::vector<std::string> hidden;
  for (const tuf::TagView& view : tuf::view_tags(repository)) {
    if (!view.released) continue;
    auto next = released_by(repository, draft, RoleName::releases(), view.name, lost);
    if (!next) next = released_by(repository, draft, targets, view.name, lost);
    if (next && tuf::is_same_image(*next, view.target)) continue;
    hidden.push_back(view.name + (next ? " (another digest comes to light)" : ""));
  }
  return hidden;
}

}  // namespace

std::vector<std::string> tags_that_vanish(const tuf::TrustedRepository& repository,
                                          const tuf::RepositoryDraft& draft) {
  return hidden_tags(repository, draft, LostFiles::kVanish);
}

std::vector<SignerChange> changes_of_signers(const tuf::TrustedRepository& repository,
                                             const tuf::RepositoryDraft& draft) {
  std::set<RoleName> roles;
  for (const char* top : {"root", "targets", "snapshot", "timestamp"}) roles.insert(RoleName::of(top));
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (draft.find_changed(delegation.role.name.parent())) roles.insert(delegation.role.name);
  }
  for (const RoleName& above : draft.changed_roles()) {
    for (const tuf::DelegationRole& below : draft.find_changed(above)->roles) roles.insert(below.name);
  }
  std::vector<SignerChange> changes;
  for (const RoleName& role : roles) {
    SignerChange change{role};
    std::set<tuf::KeyId> keys_before;
    std::set<tuf::KeyId> keys;
    std::set<std::string> paths_before;
    std::set<std::string> paths;
    const tuf::Delegation* present = repository.find_delegation(role);
    if (present || !role.is_delegation()) {
      const tuf::RoleAuthority authority = authority_of(repository, role);
      keys_before = ids_of(authority);
      change.threshold_before = authority.threshold();
      if (present) paths_before.insert(present->role.paths.begin(), present->role.paths.end());
    }
    if (const auto authority = draft.authority_of(role)) {
      keys = ids_of(*authority);
      change.threshold = authority->threshold();
      if (role.is_delegation()) {
        const std::vector<std::string>& admitted = draft.definition_of(role)->paths;
        paths.insert(admitted.begin(), admitted.end());
      }
    }
    if (keys == keys_before && paths == paths_before && change.threshold == change.threshold_before) continue;
    if (change.threshold_before == 0) change.role = SignerChange::Role::kComes;
    if (change.threshold == 0) change.role = SignerChange::Role::kGoes;
    const auto subtract = [](const auto& from, const auto& what, auto& rest) {
      std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::back_inserter(rest));
    };
    subtract(keys, keys_before, change.added);
    subtract(keys_before, keys, change.removed);
    subtract(paths, paths_before, change.paths_added);
    subtract(paths_before, paths, change.paths_removed);
    changes.push_back(std::move(change));
  }
  return changes;
}

Consent require_consent(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                        Consent consent) {
  if (consent.hide_tags || draft.empty()) return consent;
  const std::vector<std::string> hidden = hidden_tags(repository, draft, LostFiles::kAreSigned);
  if (hidden.empty()) return consent;
  if (consent.rehearsed) return {.hide_tags = true, .policy = consent.policy};
  throw Error(ErrorCode::kUsage,
              "pullers of " + repository.gun().text() + " would no longer see " + tuf::first_of(hidden),
              "repeat it with --yes if that is what you want");
}

void keep_roles_signed(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                       hsm::KeyRing& keys, Consent consent) {
  std::vector<RoleName> lost;
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const RoleName& role = delegation.role.name;
    if (!draft.loses_file(role)) continue;
    if (suffices(*draft.authority_of(role), keys)) {
      draft.renew(role);
    } else if (!consent.hide_tags) {
      lost.push_back(role);
    }
  }
  if (lost.empty()) return;
  std::vector<std::string> names;
  for (const auto& entry : repository.find_delegation(lost.front())->metadata->body.targets)
    names.push_back(entry.name());
  throw Error(ErrorCode::kKeyNotFound,
              lost.front().text() + " of " + repository.gun().text() +
                  " would not be signed by enough of its keys any more, so everything in it would vanish: " +
                  tuf::first_of(names),
              way_to_sign(repository, draft, lost, consent.policy));
}

ChangeRepository change_delegation(DelegationToChange what, hsm::KeyRing& keys, Consent consent) {
  const auto first = std::make_shared<bool>(true);
  return [what = std::move(what), &keys, consent, first](const tuf::TrustedRepository& repository,
                                                         tuf::RepositoryDraft& draft) {
    // Of more delegations than are read, each can be taken out.
    const bool is_there = draft.authority_of(what.role).has_value();
    if (std::exchange(*first, false) && !is_there) throw repository.no_such_role(what.role);
    if (!is_there) return;
    const bool changed = what.remove ? draft.remove_delegation(what.role)
                                     : draft.remove_from_delegation(what.role, what.keys, what.paths);
    if (!changed) return;
    const Consent given = require_consent(repository, draft, consent);
    require_parent_key(repository, what.role, keys);
    keep_roles_signed(repository, draft, keys, given);
  };
}

std::map<tuf::KeyId, RoleName> keys_of_others_too(const tuf::TrustedRepository& repository,
                                                  const std::string& name) {
  const RoleName role = RoleName::of("targets/" + name);
  const std::set<tuf::KeyId> ids = keys_of(repository, role);
  std::map<tuf::KeyId, RoleName> shared = keys_of_others(repository, role);
  std::erase_if(shared, [&](const auto& entry) { return !ids.contains(entry.first); });
  return shared;
}

ChangeRepository remove_signer(const std::string& name, hsm::KeyRing& keys, Consent consent) {
  const RoleName role = RoleName::of("targets/" + name);
  const auto removed = std::make_shared<std::optional<std::set<tuf::KeyId>>>();
  return
      [role, &keys, consent, removed](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
        if (!*removed) {
          require_role(repository, role);
          std::set<tuf::KeyId> ids = keys_of(repository, role);
          for (const auto& [id, other] : keys_of_others(repository, role)) ids.erase(id);
          *removed = std::move(ids);
        }
        const bool gone = draft.remove_delegation(role);
        const bool fewer = take_out_of_releases(**removed, repository, draft, consent);
        if (!gone && !fewer) return;
        drop_delegations_to(**removed, repository, draft, keys);
        const Consent given = require_consent(repository, draft, consent);
        require_parent_key(repository, role, keys);
        keep_roles_signed(repository, draft, keys, given);
      };
}

ChangeRepository rotate_signer(const std::string& name, std::vector<tuf::PublicKey> add,
                               std::set<tuf::KeyId> remove, hsm::KeyRing& keys, Consent consent) {
  const RoleName role = RoleName::of("targets/" + name);
  const auto out_of_releases = std::make_shared<std::optional<std::set<tuf::KeyId>>>();
  return [role, add = std::move(add), remove = std::move(remove), out_of_releases, &keys, consent](
             const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    require_role(repository, role);
    require_role(repository, RoleName::releases());
    if (!*out_of_releases) {
      const auto others = keys_of_others(repository, role);
      std::set<tuf::KeyId> its_own;
      for (const tuf::KeyId& id : remove) {
        for (const tuf::PublicKey& key : listed_as(id, repository, role)) {
          if (!others.contains(key.canonical_id())) its_own.insert(id);
        }
      }
      *out_of_releases = std::move(its_own);
    }
    bool changed = false;
    for (const auto& [each, leaving] :
         {std::pair(role, remove), std::pair(RoleName::releases(), **out_of_releases)}) {
      if (!add.empty()) {
        changed |= draft.add_delegation(each, add, {}, std::nullopt, leaving);
      } else if (!leaving.empty()) {
        changed |= draft.remove_from_delegation(each, leaving, {});
      }
    }
    if (!changed) return;
    require_parent_key(repository, role, keys);
    keep_roles_signed(repository, draft, keys, consent);
  };
}

ChangeRepository purge_keys(std::set<tuf::KeyId> remove, hsm::KeyRing& keys, Consent consent) {
  return [remove = std::move(remove), &keys, consent](const tuf::TrustedRepository& repository,
                                                      tuf::RepositoryDraft& draft) {
    for (const tuf::Delegation& delegation : repository.delegations()) {
      const RoleName& role = delegation.role.name;
      // What somebody delegates below their own role stops nobody from taking the key out elsewhere.
      const RoleName above = role.parent();
      const bool is_near = !above.is_delegation() || above.parent() == RoleName::releases().parent();
      if (above.is_delegation() && !(is_near && can_sign(repository, above, keys))) continue;
      if (draft.remove_from_delegation(role, remove, {})) require_parent_key(repository, role, keys);
    }
    if (!draft.empty()) keep_roles_signed(repository, draft, keys, consent);
  };
}

}  // namespace agent
