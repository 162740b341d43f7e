// A policy: whatever is wrong is said with its line, and what is accepted can be applied to anything. A path
// of a key is taken for the key's own text.
#include "agent/policy/policy_file.h"

#include <algorithm>

#include "agent/policy/repository_rules.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto policy = fuzz::attempt([&] {
    try {
      return agent::parse_policy(text, "policy.json", [](const std::string& path) { return path; });
    } catch (const tuf::Error& error) {
      fuzz::require(error.code() == tuf::ErrorCode::kPolicyMalformed, "only the policy is to blame");
      fuzz::require(std::string_view(error.what()).starts_with("policy.json"), "the file is named");
      throw;
    }
  });
  if (!policy) return 0;
  for (const auto& [key, user] : policy->keys) fuzz::require(user < policy->users.size(), "a key has a user");
  for (const agent::Team& team : policy->teams) fuzz::require(!team.members.empty(), "a team has members");
  for (const agent::Rule& rule : policy->rules) {
    for (const std::size_t team : rule.teams)
      fuzz::require(team < policy->teams.size(), "a rule has its teams");
    fuzz::require(
        !rule.signatures || rule.signatures->needed <= std::max<std::size_t>(1, rule.signatures->of.size()),
        "a rule can be met");
    for (const agent::UserId user : rule.provenance_by.members())
      fuzz::require(rule.counted.contains(user), "who is believed counts");
  }
  for (const char* gun : {"registry.example.com/team/app", "docker.io/library/alpine", "a/b/c/d/e/f"}) {
    const agent::RepositoryRules rules(*policy, tuf::Gun::of(gun));
    for (const char* tag : {"v1.0", "latest", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}) {
      const agent::RepositoryRules::Match* match = rules.find(tag);
      fuzz::require(!match || match->pattern->repository.matches(gun), "a rule that applies matches");
      fuzz::require(!match || !match->pattern->tag || match->pattern->tag->matches(tag),
                    "and so does its tag");
    }
  }
  return 0;
}
