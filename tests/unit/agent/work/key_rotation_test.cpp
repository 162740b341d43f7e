#include "agent/work/key_rotation.h"

#include "agent/work/init_repository.h"
#include "agent/work/still_due.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/process.h"

using test::Process;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

/// A process that has set a repository up and holds its keys.
struct Owner : Process {
  Owner() {
    add_store(gun);
    agent::Run run(*host, {});
    agent::Run::Repository repository = run.open(gun, agent::Access::kCreate);
    agent::init_repository(repository, {gun.text()}, run, warnings);
  }

  struct Rotated {
    agent::RepositoryChange change;
    std::vector<agent::StandIn> stand_ins;
    bool takes_consent;
    std::deque<agent::PublishedRepository> told;
  };
  Rotated rotate(const agent::RotationRequest& request, bool dry_run = false) {
    agent::Run run(*host, test::rehearsal(dry_run));
    agent::Run::Repository repository = run.open(gun, agent::Access::kPublish);
    agent::KeyRotation rotation(repository, request, run, warnings);
    Rotated rotated;
    rotation.publish(
        [&] { agent::change_repository(repository, rotation.change(), run, warnings, rotated.change); });
    rotated.stand_ins = rotation.stand_ins();
    rotated.takes_consent = rotation.takes_consent();
    rotated.told = run.told();
    return rotated;
  }
  std::size_t keys() { return host->key_store().list().size(); }

  tuf::Gun gun = tuf::Gun::of("registry.example.com/owned");
  std::vector<tuf::Warning> warnings;
};

}  // namespace

TEST_CASE("A top role gets a key of this machine, which is kept") {
  Owner owner;
  const std::size_t before = owner.keys();
  const Owner::Rotated rotated = owner.rotate({RoleName::targets()});
  CHECK(rotated.change.result->published);
  CHECK(rotated.stand_ins.empty());
  REQUIRE(rotated.told.size() == 1);
  CHECK(rotated.told.front().more.at("changed").size() == 1);
  CHECK(owner.keys() == before + 1);
}

TEST_CASE("A rehearsal makes keys up and keeps none") {
  Owner owner;
  const std::size_t before = owner.keys();
  const Owner::Rotated here = owner.rotate({RoleName::root()}, true);
  CHECK(here.stand_ins.front().maker == agent::KeyMaker::kThisMachine);
  const Owner::Rotated there = owner.rotate({.role = RoleName::timestamp(), .by_server = true}, true);
  CHECK(there.stand_ins.front().maker == agent::KeyMaker::kServer);
  CHECK_FALSE(there.change.result->published);
  CHECK(owner.keys() == before);
}

TEST_CASE("The snapshot is taken from the server only with consent") {
  Owner owner;
  CHECK_ERROR(owner.rotate({RoleName::snapshot()}), ErrorCode::kUsage, "every signer can publish");
  CHECK(owner.rotate({RoleName::snapshot()}, true).takes_consent);
  CHECK(owner.rotate({.role = RoleName::snapshot(), .cuts_signers_off = true}).change.result->published);
}

TEST_CASE("What a run has not signed anew is still due, but for what the server signs") {
  Owner owner;
  const Owner::Rotated rotated = owner.rotate({RoleName::targets()});
  const tuf::Time due_by = test::kNow + tuf::Days{36500};
  std::set<std::string> due;
  for (const agent::StillDue& one :
       agent::still_due(owner.stores.at(owner.gun.text()), *rotated.change.result, true, due_by)) {
    due.insert(one.role.name);
    CHECK(one.keys.empty() == (one.role.version == 0));
  }
  // A new key of targets signs root and targets anew.
  CHECK(due == std::set<std::string>{"root certificate"});
}
