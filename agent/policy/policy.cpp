#include "agent/policy/policy.h"

#include <algorithm>

namespace agent {
namespace {

constexpr std::size_t kMaxNamed = 5;  // in one sentence

}  // namespace

bool Rule::is_immutable(const std::string& tag) const {
  return std::any_of(immutable_tags.begin(), immutable_tags.end(),
                     [&](const Glob& pattern) { return pattern.matches(tag); });
}

std::set<tuf::KeyId> Policy::key_ids() const {
  std::set<tuf::KeyId> ids;
  for (const auto& [id, user] : keys) ids.insert(id);
  return ids;
}

std::optional<UserId> Policy::user_of(const tuf::KeyId& canonical_id) const {
  const auto found = keys.find(canonical_id);
  return found == keys.end() ? std::nullopt : std::optional(found->second);
}

std::string Policy::names(const std::vector<UserId>& some) const {
  std::string out;
  for (std::size_t i = 0; i < std::min(some.size(), kMaxNamed); ++i)
    out += (i ? ", " : "") + users.at(some[i]);
  if (some.size() > kMaxNamed) out += " and " + std::to_string(some.size() - kMaxNamed) + " others";
  return out;
}

std::string way_to_name(const tuf::KeyId& key, const tuf::RoleName& role) {
  return "key " + key.short_form() + " of " + role.text() +
         " belongs to no user of the policy: if it should, whoever owns the policy adds it to the keys of "
         "its user first";
}

}  // namespace agent
