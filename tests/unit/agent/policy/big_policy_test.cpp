#include "agent/policy/foreign_entries.h"
#include "agent/policy/judge.h"
#include "tests/support/catch.h"
#include "tests/support/policies.h"
#include "tests/support/repository_maker.h"

namespace {

/// A number that always has five digits.
std::string five(int number) {
  return std::to_string(100'000 + number).substr(1);
}

}  // namespace

TEST_CASE("1,000 rules and 1,000 users decide 50,000 tags, and look for foreign entries among them") {
  constexpr int kUsers = 1000;
  constexpr int kTags = 50'000;
  test::RepositoryMaker maker("registry.example.com/team/app");
  std::map<std::string, std::vector<std::string>> users;
  std::map<std::string, std::vector<std::string>> teams;
  test::RepositoryMaker::Signers releasers;
  for (int i = 0; i < kUsers; ++i) {
    const auto signer = test::TestSigner::generate();
    users["user" + five(i)] = {test::pem_of(signer->public_key())};
    teams["team" + five(i / 10)].push_back("user" + five(i));
    if (i == 0) releasers.push_back(signer);
    if (i % 10 == 0) maker.add_delegation("targets/user" + five(i), signer);  // one of each team signs
  }
  maker.add_delegation("targets/releases", releasers);
  // Every rule is for this very repository: half name their tags by a prefix, half by a suffix.
  std::vector<tuf::Json> rules = {{{"images", {"**"}}, {"teams", {"team" + five(0)}}}};
  for (int i = 1; i < 1000; ++i) {
    const std::string tag = i % 2 ? "v" + five(i) + "-*" : "*-x" + five(i);
    rules.push_back(
        {{"images", {"registry.example.com/team/app:" + tag}}, {"teams", {"team" + five(i / 10)}}});
  }
  // A tag in a thousand is nobody's; the others are signed by the team that their rule demands.
  for (int i = 0; i < kTags; ++i) {
    const std::string tag = "v" + five(i) + "-1";
    const tuf::Target target = test::make_target(tag);
    maker.targets["targets/releases"].targets.set(tag, target);
    if (i % 1000 == 999) continue;
    const int rule = i < 1000 && i % 2 ? i : 0;
    maker.targets["targets/user" + five(rule / 10 * 10)].targets.set(tag, target);
  }
  for (auto& [role, body] : maker.targets) maker.touch(role);
  maker.publish();
  const tuf::TrustedRepository trusted = test::load(maker);
  const agent::Policy policy = test::read_policy(test::make_policy_json(users, teams, rules));

  const tuf::SignedState state(trusted);
  const agent::Judge judge(policy, state);
  int allowed = 0;
  for (int i = 0; i < kTags; ++i)
    allowed += judge.decide({"v" + five(i) + "-1", std::nullopt}).allowed ? 1 : 0;
  CHECK(allowed == kTags - kTags / 1000);
  const tuf::RoleName releases = tuf::RoleName::of("targets/releases");
  const agent::FileToSign file{releases,
                               trusted.find_delegation(releases)->metadata->body,
                               {releasers.front()->public_key().canonical_id()},
                               [](const auto&, const auto&) { return false; },
                               [](const auto&) { return false; }};
  CHECK(agent::foreign_entries(policy, state, judge, file).size() == kTags / 1000);
}
