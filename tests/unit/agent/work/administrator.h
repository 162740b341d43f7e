// An administrator in front of an empty store.
#pragma once

#include "agent/work/add_delegations.h"
#include "agent/work/new_repository.h"
#include "agent/work/signing_keys.h"
#include "hsm/memory_keys.h"
#include "tests/support/open_gate.h"
#include "tests/unit/agent/work/served_repository.h"

namespace test {

/// With a root and a targets key.
struct Administrator {
  Administrator() {
    hold(root);
    hold(targets);
  }
  void hold(const std::shared_ptr<tuf::Signer>& key) {
    keys.add(std::make_unique<hsm::MemoryKeys>(std::vector{key}));
  }
  tuf::TrustedRepository create() {
    const tuf::PublicKey certificate =
        RepositoryMaker::certified(*root, RepositoryMaker(gun.text()).root_certificate());
    return agent::create_repository(store, machine.seen, {gun, kNow, certificate, targets->public_key()},
                                    keys, machine.warnings);
  }
  agent::PublishedChanges add_signer(hsm::KeyRing& ring) {
    const auto how =
        agent::add_delegations(agent::signer_delegations("jenkins", {jenkins->public_key()}), ring);
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {how, open_gate, agent::signer_look_up(ring), {}}, machine.warnings);
  }

  tuf::Gun gun = tuf::Gun::of("registry.example.com/team/app");
  std::shared_ptr<TestSigner> root = TestSigner::generate();
  std::shared_ptr<TestSigner> targets = TestSigner::generate();
  std::shared_ptr<TestSigner> jenkins = TestSigner::generate();
  hsm::KeyRing keys;
  MemoryStore store = make_store(gun);
  Machine machine{gun};
};

}  // namespace test
