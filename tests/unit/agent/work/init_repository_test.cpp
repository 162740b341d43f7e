#include "agent/work/init_repository.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/process.h"

using test::Process;
using tuf::ErrorCode;

namespace {

/// A process in front of an empty store.
struct Beginner : Process {
  Beginner() { add_store(gun); }

  agent::InitResult init(agent::RunRequest request = {}) {
    agent::Run run(*host, std::move(request));
    agent::Run::Repository repository = run.open(gun, agent::Access::kCreate);
    agent::InitResult result = agent::init_repository(repository, {gun.text()}, run, warnings);
    told.assign(run.told().begin(), run.told().end());
    return result;
  }
  std::size_t keys() { return host->key_store().list().size() - 1; }  // without jenkins'

  tuf::Gun gun = tuf::Gun::of("registry.example.com/new");
  std::vector<tuf::Warning> warnings;
  std::vector<agent::PublishedRepository> told;
};

}  // namespace

TEST_CASE("A repository is set up once, and its keys are kept") {
  Beginner b;
  const agent::InitResult first = b.init();
  CHECK(first.created);
  CHECK(first.repository->root().body.version == 1);
  CHECK(b.keys() == 2);
  REQUIRE(b.told.size() == 1);
  CHECK(b.told.front().published == true);
  CHECK(b.told.front().trust_root);

  const agent::InitResult second = b.init();
  CHECK_FALSE(second.created);
  CHECK(second.repository->root().bytes == first.repository->root().bytes);
  CHECK(b.keys() == 2);
  CHECK(b.told.front().published == false);
  CHECK(b.told.front().roles.size() == first.repository->root().body.roles.size());
}

TEST_CASE("A rehearsal of setting up says who would sign what, and leaves nothing") {
  Beginner b;
  const agent::InitResult result = b.init(test::rehearsal());
  CHECK_FALSE(result.repository);
  REQUIRE(result.plan);
  CHECK(result.plan->signers.size() == 4);
  CHECK(result.plan->stand_ins.size() == 4);
  CHECK(result.plan->files.size() == 2);
  CHECK(b.keys() == 0);
  CHECK(b.stores.at(b.gun.text()).publishes == 0);
}

TEST_CASE("The keys of a repository that was not created are not kept, unless nobody can say") {
  Beginner b;
  using Outcome = test::MemoryStore::Outcome;
  test::MemoryStore& store = b.stores.at(b.gun.text());
  SECTION("others were faster") {
    store.outcomes[1] = Outcome::kConflict;
    CHECK_ERROR(b.init(), ErrorCode::kConflict);
    CHECK(b.keys() == 0);
  }
  SECTION("the answer is lost, and nothing can be read") {
    store.outcomes[1] = Outcome::kUnknownLost;
    CHECK_ERROR(b.init(), ErrorCode::kOutcomeUnknown);
    CHECK(b.keys() == 2);
  }
}

TEST_CASE("What was seen before is not begun anew where the store has lost it") {
  Beginner b;
  b.init();
  b.stores.at(b.gun.text()).remove();
  CHECK_ERROR(b.init(), ErrorCode::kRollback, "has nothing of it");
}
