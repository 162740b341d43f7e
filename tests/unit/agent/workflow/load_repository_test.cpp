#include "agent/workflow/load_repository.h"

#include <catch2/catch.hpp>

#include "tests/support/errors.h"
#include "tests/unit/agent/workflow/served_repository.h"

namespace {

using test::Machine;
using test::MemoryStore;
using test::RepositoryMaker;
using tuf::ErrorCode;
using tuf::RoleName;

tuf::KeyId root_id(const RepositoryMaker& maker) {
  return maker.root.roles.at("root").key_ids.front();
}

void rotate_root(RepositoryMaker& maker, MemoryStore& store) {
  maker.rotate("root");
  maker.publish();
  test::serve(maker, store);
}

/// A repository with one delegation that holds the tag 1.0, and the store that serves it.
struct Served {
  Served() : store(test::make_store(maker.gun)) {
    maker.add_delegation("targets/releases", test::TestSigner::generate());
    maker.set_target("targets/releases", "1.0", test::make_target("1.0"));
    maker.publish();
    test::serve(maker, store);
  }
  void publish() {
    maker.publish();
    test::serve(maker, store);
  }
  RepositoryMaker maker;
  MemoryStore store;
};

}  // namespace

TEST_CASE("First contact is accepted with a pin of the root key in either form of its ID") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(GENERATE(false, true) ? root_id(served.maker)
                                    : served.maker.signer("root").public_key().canonical_id());

  const tuf::TrustedRepository repository = machine.load(served.store);

  CHECK(repository.find_target(RoleName::of("targets/releases"), "1.0"));
  CHECK(machine.warnings.empty());
  for (const char* role : {"root", "timestamp", "snapshot", "targets", "targets/releases"}) {
    CHECK(machine.remembered(role) == served.maker.newest(role));
  }
}

TEST_CASE("First contact without a pin is refused unless trust on first use was asked for") {
  Served served;
  Machine machine(served.maker.gun);

  CHECK_ERROR(machine.load(served.store), ErrorCode::kUnpinnedRoot);
  CHECK(served.store.fetches == 1);
  CHECK_FALSE(machine.remembered("root"));

  machine.request.policy.trust_on_first_use = true;
  CHECK(machine.load(served.store).root().body.version == 1);
  machine.request.policy.trust_on_first_use = false;
  CHECK(machine.load(served.store).root().body.version == 1);
}

TEST_CASE("A pin that does not match is final, also on a machine that has trusted the root before") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  if (GENERATE(false, true)) machine.load(served.store);
  machine.pin(test::TestSigner::generate()->public_key().canonical_id());

  CHECK_ERROR(machine.load(served.store), ErrorCode::kPinMismatch);
}

TEST_CASE("A pin on the first root is followed through later rotations") {
  Served served;
  Machine machine(served.maker.gun);
  machine.pin(root_id(served.maker));
  rotate_root(served.maker, served.store);
  rotate_root(served.maker, served.store);

  CHECK(machine.load(served.store).root().body.version == 3);
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

TEST_CASE("Delegations that are likely wanted do not cost another round trip") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;

  SECTION("not named: two fetches") {
    machine.load(served.store);
    CHECK(served.store.fetches == 2);
    served.store.fetches = 0;
    machine.load(served.store);  // those that were seen before are likely
    CHECK(served.store.fetches == 1);
  }
  SECTION("named: one") {
    machine.request.likely = {RoleName::of("targets/releases")};
    machine.load(served.store);
    CHECK(served.store.fetches == 1);
  }
  SECTION("named, but not in the repository: no error") {
    machine.request.likely = {RoleName::of("targets/nobody")};
    CHECK_FALSE(machine.load(served.store).find_delegation(RoleName::of("targets/nobody")));
  }
}

TEST_CASE("A repository that the store does not have has no trust data") {
  const tuf::Gun gun = tuf::Gun::of("registry.example.com/team/none");
  MemoryStore store = test::make_store(gun);
  Machine machine(gun);
  machine.request.policy.trust_on_first_use = true;

  CHECK_ERROR(machine.load(store), ErrorCode::kNoTrustData);
}

TEST_CASE("A file that verified metadata names but that the store lacks breaks the repository") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const std::string role = GENERATE("timestamp", "snapshot", "targets", "targets/releases");
  served.store.newest.erase(RoleName::of(role));
  std::erase_if(served.store.by_hash, [&](const auto& file) { return file.first.first.text() == role; });

  CHECK_ERROR(machine.load(served.store), ErrorCode::kRepositoryBroken);
  CHECK_FALSE(machine.remembered("root"));
}

TEST_CASE("What was seen before is not taken back, whichever role goes back") {
  Served served;
  served.maker.add_delegation("targets/releases/nested", test::TestSigner::generate());
  served.maker.set_target("targets/releases/nested", "n", test::make_target("n"));
  served.publish();
  for (const char* role : {"targets", "targets/releases", "targets/releases/nested"})
    served.maker.touch(role);
  served.publish();
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);

  SECTION("timestamp") {
    served.store.newest[RoleName::of("timestamp")] = served.maker.with_version("timestamp", 1).value();
    CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback, "timestamp");
  }
  SECTION("snapshot") {
    served.maker.snapshot.version = 0;
    served.maker.publish_snapshot();
    test::serve(served.maker, served.store);
    CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback, "snapshot");
  }
  SECTION("targets and delegations") {
    const std::string role = GENERATE("targets", "targets/releases", "targets/releases/nested");
    served.maker.targets[role].version = 0;
    served.maker.touch(role);
    served.publish();
    CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback, role + " has version 1");
  }
  SECTION("root") {
    RepositoryMaker before = served.maker;
    rotate_root(served.maker, served.store);
    machine.load(served.store);
    before.snapshot.version = before.timestamp.version = 50;
    before.publish_snapshot();
    test::serve(before, served.store);
    CHECK_ERROR(machine.load(served.store), ErrorCode::kHashMismatch, "root");
  }
}

TEST_CASE("A state that a parallel job has remembered is not overwritten by an older one") {
  Served before;
  RepositoryMaker after_maker = before.maker;
  after_maker.set_target("targets/releases", "2.0", test::make_target("2.0"));
  after_maker.publish();
  MemoryStore after = test::make_store(after_maker.gun);
  test::serve(after_maker, after);
  Machine machine(before.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  before.store.before_fetch = [&](const auto&) {
    if (before.store.fetches == 1) machine.load(after);
  };

  CHECK_FALSE(machine.load(before.store).find_target(RoleName::of("targets/releases"), "2.0"));
  CHECK(machine.remembered("timestamp") == after_maker.newest("timestamp"));
  CHECK(machine.remembered("targets/releases") == after_maker.newest("targets/releases"));
}

TEST_CASE("A publish between two requests is survived by a second look") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  served.store.before_fetch = [&](const auto&) {
    if (served.store.fetches != 2) return;
    served.store.by_hash.clear();  // as a folder that keeps only the newest files
    served.maker.set_target("targets/releases", "2.0", test::make_target("2.0"));
    served.publish();
  };

  CHECK(machine.load(served.store).find_target(RoleName::of("targets/releases"), "2.0"));
  CHECK(served.store.fetches > 2);
}

TEST_CASE("A store that stays inconsistent gets no third look") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  served.store.by_hash.clear();

  CHECK_ERROR(machine.load(served.store), ErrorCode::kRepositoryBroken, "targets/releases");
  CHECK(served.store.fetches == 4);
}

TEST_CASE("A damaged known root is replaced with the help of a pin, and never without one") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  RepositoryMaker stranger(served.maker.gun.text());
  stranger.root.version = 8;
  stranger.touch("root");
  stranger.signers["root"] = {test::TestSigner::generate()};  // decodes well, but signs nothing
  stranger.publish();
  const std::string damage = GENERATE_COPY(std::string("{"), stranger.newest("root").value());
  const auto damaged = machine.seen.folder() / "root.json";
  test::write_file(damaged, damage);

  CHECK_ERROR(machine.load(served.store), ErrorCode::kUnpinnedRoot);
  CHECK(test::read_file(damaged) == damage);

  machine.pin(root_id(served.maker));
  CHECK(machine.load(served.store).root().body.version == 1);
  CHECK(machine.warned_of("CACHE_UNUSABLE"));
  CHECK(machine.remembered("root") == served.maker.newest("root"));
  CHECK(machine.load(served.store).root().body.version == 1);
  CHECK(machine.warnings.empty());
}

TEST_CASE("A damaged memory of another role is told and replaced") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  test::write_file(machine.seen.folder() / "snapshot.json", "damaged");

  machine.load(served.store);
  CHECK(machine.warned_of("CACHE_UNUSABLE"));
  machine.load(served.store);
  CHECK(machine.warnings.empty());
}

TEST_CASE("Only reset_cache lets a repository that was set up anew take the place of the known one") {
  Served first;
  for (int i = 0; i < 3; ++i) {
    first.maker.touch("targets/releases");
    first.publish();
  }
  Machine machine(first.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(first.store);
  RepositoryMaker second(first.maker.gun.text());
  MemoryStore store = test::make_store(second.gun);
  test::serve(second, store);

  CHECK_THROWS_AS(machine.load(store), tuf::Error);
  machine.request.policy.reset_cache = true;
  CHECK(machine.load(store).delegations().empty());
  machine.request.policy.reset_cache = false;

  // The new repository may use the names of the old one, which starts their versions over.
  second.add_delegation("targets/releases", test::TestSigner::generate());
  second.publish();
  test::serve(second, store);
  CHECK(machine.load(store).delegations().size() == 1);
  CHECK(machine.load(store).delegations().size() == 1);
  second.set_target("targets/releases", "1.0", test::make_target("1.0"));
  second.publish();
  test::serve(second, store);
  CHECK(machine.load(store).find_target(RoleName::of("targets/releases"), "1.0"));
}
