#include "agent/work/foreign_refusal.h"

#include <algorithm>

#include "agent/work/signing_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"
#include "tuf/view/signed_state.h"
#include "tuf/view/stored_target.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

constexpr std::size_t kMaxNamed = 10;  // entries in one message

/// What is foreign may be a tag that somebody who counts has begun to move, and somebody else has not. Empty
/// if it is not.
std::string way_to_move_on(const Policy& policy, const tuf::SignedState& state,
                           const std::vector<ForeignEntry>& foreign) {
  const Judge judge(policy, state);
  for (const ForeignEntry& one : foreign) {
    const Rule* rule = one.in == RoleName::releases() ? judge.rule_for(one.name) : nullptr;
    if (!rule) continue;
    std::optional<tuf::SignedState::Entry> next;
    bool is_held = false;
    for (const tuf::SignedState::Entry& entry : state.entries(one.name)) {
      if (!entry.role->name.is_identity() || !entry.target.sha256() || !judge.counts_for(*rule, entry))
        continue;
      if (entry.digest() == one.digest) {
        is_held = true;
      } else {
        next = entry;
      }
    }
    if (!next || !is_held) continue;
    return one.name + " " + way_to_move(state.repository().gun().text() + ":" + one.name, *next) +
           "; or, to drop it until then, run this again with --quarantine";
  }
  return "";
}

/// Where the key at hand has signed the role itself, and the policy does not know it (yet), as in the middle
/// of a rotation: who names it. "" if there is none.
std::string way_to_name_key(const Policy& policy, const tuf::TrustedRepository& repository,
                            const std::vector<ForeignEntry>& foreign, hsm::KeyRing& keys) {
  for (const ForeignEntry& one : foreign) {
    const tuf::Delegation* delegation = repository.find_delegation(one.in);
    if (!delegation || !one.in.is_identity()) continue;
    for (const tuf::KeyId& key : keys_at_hand(delegation->authority, keys)) {
      if (policy.user_of(key) || !have_signed(repository, one.in, {key})) continue;
      return way_to_name(key, one.in) + "; to drop what it has signed, run this again with --quarantine";
    }
  }
  return "";
}

/// Where the policy would allow all of it, and it only does not say for which role it was signed: how it
/// comes to say that. It may still be an old file of this very key, shown under another role by whoever may
/// push: so it is looked at first. "" if not.
std::string way_to_bind(const Policy& policy, const tuf::SignedState& state,
                        const std::vector<ForeignEntry>& foreign) {
  if (policy.bound != BoundDemand::kRequired) return "";
  Policy lenient = policy;
  lenient.bound = BoundDemand::kPreferred;
  const Judge judge(lenient, state);
  const tuf::TrustedRepository& repository = state.repository();
  std::vector<RoleName> roles;
  for (const ForeignEntry& one : foreign) {
    if (one.kind != ForeignEntry::Kind::kTarget) return "";
    const auto entry = tuf::stored_target(repository, one.in, one.name);
    if (!entry || !judge.is_approved(one.in, one.name, *entry)) return "";
    if (std::find(roles.begin(), roles.end(), one.in) == roles.end()) roles.push_back(one.in);
  }
  const std::string& gun = repository.gun().text();
  return "it does not say for which role it was signed, and may be an old file shown again: look at it with: "
         "countersign inspect " +
         gun +
         "; only if all of it is yours, whoever owns the policy says \"bound\": \"preferred\" until it is "
         "bound: countersign witness " +
         gun + " " + tuf::join(tuf::names_of(roles), " ") +
         " --policy FILE --bind; else run this again with --quarantine";
}

}  // namespace

tuf::Error foreign_refusal(const Policy& policy, const tuf::TrustedRepository& repository,
                           const std::vector<ForeignEntry>& foreign, hsm::KeyRing& keys) {
  std::string list;
  std::string roles;
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    if (i < kMaxNamed) list += (i ? "; " : "") + foreign[i].text();
    if (i == 0 || foreign[i].in != foreign[i - 1].in) roles += (i ? " and " : "") + foreign[i].in.text();
  }
  if (foreign.size() > kMaxNamed) list += "; and " + std::to_string(foreign.size() - kMaxNamed) + " more";
  // Whoever signed before their role expired has signed.
  const tuf::SignedState state(repository, tuf::SignedState::Expired::kTake);
  std::string way = way_to_move_on(policy, state, foreign);
  if (way.empty()) way = way_to_name_key(policy, repository, foreign, keys);
  if (way.empty()) way = way_to_bind(policy, state, foreign);
  return Error(
      ErrorCode::kForeignEntry,
      "signing " + roles + " of " + repository.gun().text() +
          " would sign along what this run was not asked for, and what the policy does not allow: " + list,
      way);
}

}  // namespace agent
