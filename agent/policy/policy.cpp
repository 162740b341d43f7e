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

const RepositoryRules::Match* RepositoryRules::find(std::string_view tag) const {
  const auto found = std::find_if(ordered_.begin(), ordered_.end(), [&](const Match& match) {
    return !match.pattern->tag || match.pattern->tag->matches(tag);
  });
  return found == ordered_.end() ? nullptr : &*found;
}

RepositoryRules Policy::rules_for(const tuf::Gun& gun) const {
  std::vector<RepositoryRules::Match> matches;
  for (const Rule& rule : rules) {
    for (const ImagePattern& pattern : rule.images) {
      if (pattern.repository.matches(gun.text())) matches.push_back({&rule, &pattern});
    }
  }
  std::stable_sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return a.pattern->literals() > b.pattern->literals();
  });
  return RepositoryRules(std::move(matches));
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

}  // namespace agent
