#include "agent/policy/foreign_entries.h"

#include <algorithm>

#include "agent/report/printable.h"

namespace agent {
namespace {

const tuf::RoleName kTargets = tuf::RoleName::of("targets");
const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");

/// The user whose key it is, or the key with the identities that list it.
std::string owner_of(const Policy& policy, const tuf::TrustedRepository& repository,
                     const tuf::PublicKey& key) {
  if (const auto user = policy.user_of(key.canonical_id())) return policy.users[*user];
  std::string owner = "key " + key.canonical_id().short_form();
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const auto& keys = delegation.authority.keys();
    const auto is_same = [&](const auto& other) { return other.canonical_id() == key.canonical_id(); };
    if (SignedState::is_identity(delegation.role.name) && std::any_of(keys.begin(), keys.end(), is_same))
      owner += " of " + delegation.role.name.text();
  }
  return owner;
}

bool holds(const tuf::Targets& body, const std::string& name, const tuf::Bytes& sha256) {
  const auto found = body.targets.find(name);
  return found != body.targets.end() && found->second.sha256() && *found->second.sha256() == sha256;
}

}  // namespace

std::string ForeignEntry::text() const {
  const auto join = [](const auto& all, const auto& text_of) {
    std::string out;
    for (const auto& one : all) out += (out.empty() ? "" : ", ") + text_of(one);
    return out;
  };
  std::string out = printable(name, 128) + " (" + (digest.empty() ? "no SHA-256" : digest) +
                    ") in a file signed by " +
                    join(signers, [](const std::string& signer) { return signer; });
  if (!roles.empty()) out += ", and in " + join(roles, [](const tuf::RoleName& role) { return role.text(); });
  return out;
}

std::vector<ForeignEntry> foreign_entries(const Policy& policy, const SignedState& state, const Judge& judge,
                                          const KnownEntries& known) {
  const tuf::TrustedRepository& repository = state.repository();
  const tuf::Delegation* releases = repository.find_delegation(kReleases);
  std::vector<ForeignEntry> foreign;
  if (!releases || !releases->metadata) return foreign;
  const auto is_vouched_for = [&](const std::string& name, const tuf::Bytes& sha256) {
    if (!judge.vouchers(name, sha256).empty()) return true;
    const auto signing = known.about_to_be_signed.find(name);
    if (signing != known.about_to_be_signed.end() && signing->second == sha256) return true;
    const Rule* rule = judge.rule_for(name);
    if (rule && rule->accept_targets && holds(repository.targets().body, name, sha256)) return true;
    return known.checked_before && holds(*known.checked_before, name, sha256);
  };
  std::vector<std::string> signers;
  for (const tuf::PublicKey& key : releases->authority.keys()) {
    if (tuf::is_signed_by(key, releases->metadata->signed_text, releases->metadata->signatures))
      signers.push_back(owner_of(policy, repository, key));
  }
  for (const auto& [name, target] : releases->metadata->body.targets) {
    const tuf::Bytes* sha256 = target.sha256();
    if (sha256 && is_vouched_for(name, *sha256)) continue;
    const std::string digest = SignedState::Entry{nullptr, &target}.digest();
    ForeignEntry entry{name, digest, signers, {}};
    for (const SignedState::Entry& other : state.entries(name)) {
      if (other.role->is_identity && other.digest() == digest) entry.roles.push_back(other.role->name);
    }
    foreign.push_back(std::move(entry));
  }
  return foreign;
}

}  // namespace agent
