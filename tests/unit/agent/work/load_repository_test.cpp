#include "agent/work/load_repository.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/served_repository.h"

namespace {

using test::Machine;
using test::MemoryStore;
using test::RepositoryMaker;
using test::root_id;
using test::rotate_root;
using test::Served;
using tuf::ErrorCode;
using tuf::RoleName;

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
  const std::string role = GENERATE("timestamp", "snapshot", "targets");
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

  std::erase_if(served.store.newest, [](const auto& file) { return file.first.text() == "targets"; });

  CHECK_ERROR(machine.load(served.store), ErrorCode::kRepositoryBroken, "targets");
  CHECK(served.store.fetches == 4);
}

TEST_CASE("A root whose certificate has lapsed is read by whoever replaces it, and by nobody else") {
  Served served;
  test::CertificateSpec lapsed = served.maker.root_certificate();
  lapsed.not_after = test::kNow - tuf::Days{1};
  served.maker.rotate("root", test::TestSigner::generate(), lapsed);
  served.publish();
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  if (GENERATE(false, true)) machine.pin(root_id(served.maker));
  CHECK_ERROR(machine.load(served.store), ErrorCode::kBadRootCertificate, "expired");

  machine.request.tolerate.lapsed_certificate = true;
  SECTION("with the pin or without one") {
    CHECK(machine.load(served.store).root().body.version == 2);
  }
  SECTION("not with the pin of another key") {
    machine.pin(test::TestSigner::generate()->public_key().canonical_id());
    CHECK_ERROR(machine.load(served.store), ErrorCode::kPinMismatch);
  }
  SECTION("not if its keys have not signed it") {
    served.maker.signers["root"] = {test::TestSigner::generate()};
    served.maker.touch("root");
    served.publish();
    CHECK_ERROR(machine.load(served.store), ErrorCode::kBadSignature);
  }
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

TEST_CASE("A damaged memory of another role is replaced with the help of a pin, and never without one") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  const auto damaged = machine.seen.folder() /
                       GENERATE("timestamp.json", "snapshot.json", "targets.json", "targets/releases.json");
  test::write_file(damaged, "damaged");

  CHECK_ERROR(machine.load(served.store), ErrorCode::kUnpinnedRoot, "of no use");
  CHECK(test::read_file(damaged) == "damaged");
  machine.pin(root_id(served.maker));
  machine.load(served.store);
  CHECK(machine.warned_of("CACHE_UNUSABLE"));
  machine.load(served.store);
  CHECK(machine.warnings.empty());
}

TEST_CASE("A memory that the known root's keys have not signed binds nobody") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  RepositoryMaker stranger(served.maker.gun.text());
  stranger.timestamp.version = 1000;
  stranger.publish_timestamp();
  test::write_file(machine.seen.folder() / "timestamp.json", stranger.newest("timestamp").value());

  machine.load(served.store);
  CHECK(machine.warned_of("CACHE_UNUSABLE"));
  CHECK(machine.remembered("timestamp") == served.maker.newest("timestamp"));
}

TEST_CASE("A pin lets a repository that was set up anew take the place of the known one") {
  Served first;
  first.maker.timestamp.version = 50;
  first.publish();
  Machine machine(first.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(first.store);
  RepositoryMaker second(first.maker.gun.text());
  MemoryStore store = test::make_store(second.gun);
  test::serve(second, store);

  CHECK_THROWS_AS(machine.load(store), tuf::Error);
  machine.pin(root_id(second));
  CHECK(machine.load(store).timestamp().body.version == second.timestamp.version);
  CHECK(machine.warned_of("CACHE_UNUSABLE"));
  machine.load(store);
  CHECK(machine.warnings.empty());
}

TEST_CASE("A pin on a newer root than the known one keeps the memory that its keys have signed") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const std::string early = served.maker.newest("timestamp").value();
  served.maker.touch("targets/releases");
  served.publish();
  machine.load(served.store);
  rotate_root(served.maker, served.store);
  machine.pin(root_id(served.maker));

  SECTION("nothing is lost") {
    CHECK(machine.load(served.store).root().body.version == 2);
    CHECK(machine.warnings.empty());
  }
  SECTION("also if the chain between the two is withheld, an older state is refused") {
    served.store.by_version.clear();
    served.store.newest[RoleName::of("timestamp")] = early;
    CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback, "timestamp");
  }
}

TEST_CASE("A delegation whose file is not served is named after a second look; the rest is shown") {
  Served served;
  served.maker.add_delegation("targets/jenkins", test::TestSigner::generate());
  served.maker.set_target("targets/jenkins", "1.0", test::make_target("1.0"));
  served.publish();
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  std::erase_if(served.store.by_hash,
                [](const auto& file) { return file.first.first.text() == "targets/releases"; });

  const tuf::TrustedRepository repository = machine.load(served.store);
  const tuf::Delegation& releases = *repository.find_delegation(RoleName::of("targets/releases"));
  CHECK(releases.state == tuf::Delegation::State::kMissing);
  CHECK(repository.find_target(RoleName::of("targets/jenkins"), "1.0"));
  CHECK(served.store.fetches == 4);
}

TEST_CASE(
    "What was seen before is asked for only where it is short, or where the snapshot names another file") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.request.likely = {RoleName::releases()};
  machine.load(served.store);
  served.store.requests.clear();
  machine.load(served.store);
  const auto asked = [&] {
    std::vector<std::string> roles;
    for (const agent::FileRequest& request : std::exchange(served.store.requests, {})) {
      const bool by_hash = std::holds_alternative<agent::FileRequest::WithHash>(request.which);
      roles.push_back(request.role.text() + (by_hash ? ", by its hash" : ""));
    }
    return roles;
  };
  // What is short and likely is asked for in case that it has changed.
  CHECK(asked() == std::vector<std::string>{"timestamp", "snapshot", "targets/releases"});

  served.maker.set_target("targets/releases", "2.0", test::make_target("x"));
  served.maker.set_target("targets", "2.0", test::make_target("x"));
  served.publish();
  const tuf::TrustedRepository repository = machine.load(served.store);
  CHECK(repository.find_target(RoleName::releases(), "2.0"));
  CHECK(repository.find_target(RoleName::targets(), "2.0"));
  CHECK(asked() ==
        std::vector<std::string>{"timestamp", "snapshot", "targets/releases", "targets, by its hash"});
}

TEST_CASE(
    "What is remembered and leads nowhere is not relied on: a renewed root takes the place of one that has "
    "expired") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  served.maker.root.expires = test::kNow + tuf::Days{2};
  served.maker.touch("root");
  served.publish();
  machine.load(served.store);
  served.maker.root.expires = test::kNow + tuf::Days{2000};
  served.maker.touch("root");
  served.publish();
  machine.request.now = test::kNow + tuf::Days{10};
  CHECK(machine.load(served.store).root().body.version == served.maker.root.version);
}

TEST_CASE("Files that nothing announces are asked for with a bound of one MiB") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  machine.load(served.store);
  for (const char* role : {"timestamp", "root"}) {
    const auto& asked = served.store.requests;
    const auto found = std::find_if(asked.begin(), asked.end(), [&](const agent::FileRequest& request) {
      return request.role.text() == role;
    });
    REQUIRE(found != asked.end());
    CHECK(found->max_length == 1 << 20);
  }
}

TEST_CASE("A file that is announced to be longer than any client reads is not asked for") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  served.maker.snapshot.meta.at("targets").length = std::int64_t{1} << 40;
  served.maker.store("snapshot", served.maker.sign_role("snapshot"));
  served.maker.publish_timestamp();
  test::serve(served.maker, served.store);

  CHECK_ERROR(machine.load(served.store), ErrorCode::kMalformedMetadata, "targets");
}

TEST_CASE(
    "What is loaded without remembering it changes nothing here: the next rollback is refused as before") {
  Served served;
  Machine machine(served.maker.gun);
  machine.request.policy.trust_on_first_use = true;
  const MemoryStore rolled_back = served.store;
  served.maker.touch("targets/releases");
  served.publish();

  machine.request.remember = agent::Remember::kNothing;
  machine.load(served.store);
  CHECK_FALSE(machine.remembered("root"));

  machine.request.remember = agent::Remember::kAll;
  machine.load(served.store);
  const std::optional<std::string> timestamp = machine.remembered("timestamp");
  served.store = rolled_back;
  machine.request.remember = agent::Remember::kNothing;
  machine.request.policy.reset_cache = true;
  CHECK(machine.load(served.store).timestamp().bytes != timestamp);
  CHECK(machine.remembered("timestamp") == timestamp);

  machine.request.remember = agent::Remember::kAll;
  machine.request.policy.reset_cache = false;
  CHECK_ERROR(machine.load(served.store), ErrorCode::kRollback);
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
