// A repository with three signers in a memory store, and a policy that counts two of them: for tests of what
// a policy lets be signed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/policy_guard.h"
#include "agent/work/signing_gate.h"
#include "agent/work/signing_keys.h"
#include "hsm/memory_keys.h"
#include "tests/support/catch.h"
#include "tests/support/policies.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/work/served_repository.h"
#include "tuf/edit/sign_metadata.h"

namespace test {

inline const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");
inline const tuf::RoleName kJenkins = tuf::RoleName::of("targets/jenkins");

/// jenkins is CI, alice is QA, mallory signs releases too and is nobody to the policy.
struct Guarding {
  Guarding() {
    store.publish(client.new_repository(store));
    client.publish(store, [&](tuf::RepositoryDraft& draft) {
      for (const auto& [role, signer] :
           {std::pair{"targets/jenkins", jenkins}, std::pair{"targets/alice", alice},
            std::pair{"targets/mallory", mallory}}) {
        draft.add_delegation(tuf::RoleName::of(role), {signer->public_key()}, {""});
        draft.add_delegation(kReleases, {signer->public_key()}, {""});
      }
    });
    store.publishes = 0;
    machine.request.policy.trust_on_first_use = true;
    hold(jenkins);
  }

  void hold(const std::shared_ptr<tuf::Signer>& key) {
    keys = {};
    keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{key}));
  }

  /// Signs the tag, or takes it out, as somebody does with a client that asks nothing.
  void outside(const std::shared_ptr<test::TestSigner>& who, const std::vector<std::string>& roles,
               const std::string& tag, const std::optional<std::string>& content,
               const std::optional<tuf::Json>& custom = std::nullopt) {
    const tuf::TrustedRepository trusted = client.load(store);
    tuf::RepositoryDraft draft(trusted);
    for (const std::string& role : roles) {
      if (content) {
        tuf::Target target = test::make_target(*content);
        target.custom = custom;
        draft.set_target(tuf::RoleName::of(role), tag, target);
      } else {
        draft.remove_target(tuf::RoleName::of(role), tag);
      }
    }
    const auto transaction = draft.sign([&](const tuf::KeyId& id) {
      return id == who->public_key().canonical_id() ? std::shared_ptr<tuf::Signer>(who) : nullptr;
    });
    REQUIRE(store.publish(test::role_files(transaction)) == agent::PublishResult::kStored);
  }

  /// The same as `from` is stored, shown as the file of another role: files do not say which they are.
  void show(const tuf::RoleName& from, const tuf::RoleName& as) { store_as(as, store.newest.at(from)); }
  void store_as(const tuf::RoleName& role, const std::string& file) {
    REQUIRE(store.publish({{role, file}}) == agent::PublishResult::kStored);
  }
  /// What `verify --policy` says.
  bool allows(const std::string& tag) {
    ask({});
    const tuf::TrustedRepository trusted = client.load(store);
    const tuf::SignedState state(trusted);
    return agent::Judge(policy, state).decide({tag, std::nullopt}).allowed;
  }
  tuf::Targets body_of(const tuf::RoleName& role) const {
    return tuf::decode<tuf::Targets>(store.newest.at(role), role.text()).body;
  }

  /// The administrator's own entry.
  void in_targets(const std::string& tag, const std::string& content) {
    client.publish(store, test::StoreClient::set_target("targets", tag, content));
  }

  /// The role's file as it stands, signed by `who`, whose life ends with this day.
  void sign_for_a_day(const std::string& role, const std::shared_ptr<test::TestSigner>& who) {
    tuf::Targets body = tuf::decode<tuf::Targets>(store.newest.at(tuf::RoleName::of(role)), role).body;
    ++body.version;
    body.expires = test::kNow + tuf::Days{1};
    const std::string file = tuf::sign_metadata(role, tuf::encode_signed(body), {who->public_key()}, 1,
                                                [&](const tuf::KeyId&) { return who; });
    REQUIRE(store.publish({{tuf::RoleName::of(role), file}}) == agent::PublishResult::kStored);
  }
  void wait_for_two_days() { machine.request.now = test::kNow + tuf::Days{2}; }

  agent::PolicyGuard& ask(agent::PolicyGuard::Options options) {
    policy = test::read_policy(test::make_policy_json(
        {{"jenkins", {test::pem_of(jenkins->public_key())}}, {"alice", {test::pem_of(alice->public_key())}}},
        {{"ci", {"jenkins"}}, {"qa", {"alice"}}}, {rule}));
    policy.bound = bound;
    return guard.emplace(policy, keys, std::move(options));
  }

  agent::SignedImages sign(const std::string& tag, const std::string& content,
                           agent::PolicyGuard::Options options = {}, std::vector<tuf::RoleName> roles = {}) {
    agent::SignRequest request;
    request.images = {{tag, test::make_target(content)}};
    request.roles = std::move(roles);
    request.guard = &ask(std::move(options));
    request.bind = bind;
    return agent::sign_images({store, machine.seen, machine.request}, request, keys, at_once(),
                              machine.warnings);
  }

  /// Without a policy.
  agent::SignedImages sign_unguarded(const std::string& tag, const std::string& content,
                                     std::vector<tuf::RoleName> roles = {}) {
    agent::SignRequest request;
    request.images = {{tag, test::make_target(content)}};
    request.roles = std::move(roles);
    return agent::sign_images({store, machine.seen, machine.request}, request, keys, at_once(),
                              machine.warnings);
  }

  agent::PublishedChanges change(const agent::ChangeRepository& how, agent::PolicyGuard::Options options = {},
                                 std::set<tuf::RoleName> named = {}, bool binds = false) {
    agent::SigningGate gate(keys, {std::move(named), &ask(std::move(options)), binds});
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {how, gate.as_function(), agent::signer_look_up(keys), at_once()},
                                  machine.warnings);
  }

  static agent::PublishOptions at_once() {
    agent::PublishOptions publish;
    publish.sleep = [](int) {};
    return publish;
  }

  /// The file of releases as it was published last.
  std::string releases() const { return store.newest.at(kReleases); }
  bool is_released(const std::string& tag) const {
    return tuf::decode<tuf::Targets>(releases(), "releases").body.targets.contains(tag);
  }

  std::shared_ptr<test::TestSigner> jenkins = test::TestSigner::generate();
  std::shared_ptr<test::TestSigner> alice = test::TestSigner::generate();
  std::shared_ptr<test::TestSigner> mallory = test::TestSigner::generate();
  test::StoreClient client{tuf::Gun::of("registry.example.com/team/app"), test::kNow};
  test::MemoryStore store = test::make_store(client.gun());
  test::Machine machine{client.gun()};
  hsm::KeyRing keys;
  tuf::Json rule = {{"images", {"**"}}, {"teams", {"ci"}}};
  agent::BoundDemand bound = agent::BoundDemand::kPreferred;
  bool bind = true;
  agent::Policy policy;
  std::optional<agent::PolicyGuard> guard;
};

inline agent::PolicyGuard::Options moving() {
  return {true};
}
/// With --yes.
inline agent::PolicyGuard::Options consenting() {
  agent::PolicyGuard::Options options;
  options.hide_tags = true;
  return options;
}
inline agent::PolicyGuard::Options quarantining() {
  return {false, true};
}
inline agent::PolicyGuard::Options remembering(const std::string& releases) {
  return {false, false, true, releases};
}

inline std::string digest_of(const std::string& content) {
  const tuf::Target target = test::make_target(content);
  return target.digest();
}

}  // namespace test
