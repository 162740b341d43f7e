#include "agent/work/key_uses.h"

#include "tests/support/catch.h"
#include "tests/unit/agent/work/served_repository.h"

TEST_CASE("A key that a stranger's root lists, and has not signed with, is the trust root of none") {
  test::Served served;
  test::Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const auto ours = test::TestSigner::generate();
  const tuf::PublicKey listed = test::RepositoryMaker::certified(*ours, served.maker.root_certificate());
  const tuf::KeyId theirs = served.maker.signer("root").public_key().canonical_id();
  served.maker.root.keys.emplace(listed.id(), listed.object());
  served.maker.root.roles.at("root").key_ids.push_back(listed.id());
  served.maker.touch("root");
  served.publish();
  machine.load(served.store);

  auto uses = agent::find_key_uses(machine.dir.path(), test::kNow, machine.warnings);
  REQUIRE(uses[listed.canonical_id()].size() == 1);
  CHECK_FALSE(uses[listed.canonical_id()].front().trust_root);
  REQUIRE(uses[theirs].size() == 1);
  CHECK(uses[theirs].front().trust_root);
}
