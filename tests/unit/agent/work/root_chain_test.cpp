#include "agent/work/root_chain.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/served_repository.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"

namespace {

using test::Machine;
using test::root_id;
using test::rotate_root;
using test::Served;
using tuf::ErrorCode;
using tuf::RoleName;

}  // namespace

TEST_CASE("A pin on the first root is followed through later rotations") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(root_id(served.maker));
  rotate_root(served.maker, served.store);
  rotate_root(served.maker, served.store);

  CHECK(machine.load(served.store).root().body.version == 3);
}

TEST_CASE("A memory is not lost over keys that are replaced after the pinned root was") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(root_id(served.maker));
  machine.load(served.store);
  for (const char* role : {"root", "targets", "root", "timestamp", "targets"}) {
    served.maker.rotate(role);
    served.maker.touch("targets");
    served.publish();
    machine.load(served.store);
    CHECK(machine.warnings.empty());
  }
}

TEST_CASE("A pin is followed from a root whose certificate has lapsed, once another root took its place") {
  Served served;
  Machine machine(served.maker.gun);
  test::CertificateSpec spec = served.maker.root_certificate();
  spec.not_after = test::kNow - tuf::Days{1};
  served.maker.rotate("root", test::TestSigner::generate(), spec);
  served.publish();
  machine.pin(root_id(served.maker));
  CHECK_ERROR(machine.load(served.store), ErrorCode::kBadRootCertificate, "expired");

  SECTION("as official clients follow it") {
    rotate_root(served.maker, served.store);
    CHECK(machine.load(served.store).root().body.version == 3);
    CHECK(machine.load(served.store).root().body.version == 3);  // what was seen is remembered
  }
  SECTION("but to no root whose own has lapsed") {
    served.maker.rotate("root", test::TestSigner::generate(), spec);
    served.publish();
    CHECK_ERROR(machine.load(served.store), ErrorCode::kBadRootCertificate, "expired");
  }
  SECTION("nor to one that the pinned key has not signed") {
    served.maker.rotate("root");
    served.maker.signers["root"].resize(1);
    served.publish();
    CHECK_ERROR(machine.load(served.store), ErrorCode::kBadSignature);
  }
}

TEST_CASE("A pin is not followed through a root that its predecessor did not sign") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(root_id(served.maker));
  served.maker.rotate("root");
  served.maker.signers["root"].pop_back();  // the old key
  served.publish();

  CHECK_ERROR(machine.load(served.store), ErrorCode::kBadSignature);
}

TEST_CASE("A known root leads to the newest one, and what lies between is asked for by version") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  for (int i = 0; i < 3; ++i) rotate_root(served.maker, served.store);

  CHECK(machine.load(served.store).root().body.version == 4);
  CHECK(machine.remembered("root") == served.maker.newest("root"));

  rotate_root(served.maker, served.store);
  rotate_root(served.maker, served.store);
  served.store.by_version.erase({RoleName::of("root"), 5});
  CHECK_ERROR(machine.load(served.store), ErrorCode::kRepositoryBroken);
}

TEST_CASE("The newest root is found through the snapshot where root.json lags behind") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(root_id(served.maker));
  const bool known = GENERATE(false, true);
  if (known) machine.load(served.store);
  const std::string old_root = served.maker.newest("root").value();
  rotate_root(served.maker, served.store);
  served.store.newest[RoleName::of("root")] = old_root;

  CHECK(machine.load(served.store).root().body.version == 2);
}

TEST_CASE("A chain of roots of absurd length is not followed") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  served.maker.root.version = 2 + agent::RootChain::kMaxSteps;  // and one more when it is published
  served.maker.touch("root");
  served.maker.publish();
  for (const char* role : {"root", "timestamp", "snapshot"}) {
    const std::string bytes = served.maker.newest(role).value();
    served.store.newest.insert_or_assign(RoleName::of(role), bytes);
    served.store.by_hash[{RoleName::of(role), tuf::to_hex(tuf::sha256(tuf::as_bytes(bytes)))}] = bytes;
  }
  const int before = served.store.fetches;

  CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback, "root jumps from version 1 to 1027");
  CHECK(served.store.fetches - before == 3);  // and once more, since somebody might have published meanwhile
}

TEST_CASE("A long chain of roots is followed a few at a time") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  for (int i = 0; i < 40; ++i) {
    served.maker.touch("root");
    served.publish();
  }
  std::size_t most = 0;
  served.store.before_fetch = [&](const auto& requests) { most = std::max(most, requests.size()); };

  CHECK(machine.load(served.store).root().body.version == 41);
  CHECK(most <= 16);
}
