#include "agent/work/new_repository.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/administrator.h"

using test::Administrator;
using test::TestSigner;
using tuf::ErrorCode;
using Outcome = test::MemoryStore::Outcome;

TEST_CASE("A new repository is created with one POST and is the known one from then on") {
  Administrator a;
  CHECK_FALSE(agent::repository_exists(a.store));
  if (GENERATE(false, true)) a.store.outcomes[1] = Outcome::kUnknownStored;

  const tuf::TrustedRepository repository = a.create();

  CHECK(a.store.publishes == 1);
  CHECK(agent::repository_exists(a.store));
  CHECK(repository.root().body.version == 1);
  CHECK(a.machine.load(a.store).root().bytes == repository.root().bytes);
}

TEST_CASE("A repository that others create meanwhile is a conflict, however the store answers") {
  Administrator a;
  Administrator other;
  a.store.before_publish = [&](int) { a.store.newest = other.store.newest; };
  other.create();
  a.store.newest.clear();
  if (GENERATE(false, true)) a.store.outcomes[1] = Outcome::kUnknownLost;

  CHECK_ERROR(a.create(), ErrorCode::kConflict, "somebody else");
}

TEST_CASE("A new repository that cannot be read back has an unknown outcome") {
  Administrator a;
  a.store.before_fetch = [](const auto&) { throw tuf::Error(ErrorCode::kServerUnreachable, "gone"); };

  CHECK_ERROR(a.create(), ErrorCode::kOutcomeUnknown, "gone");
}

TEST_CASE("A lost answer to the creation has an unknown outcome, since the request may arrive late") {
  Administrator a;
  a.store.outcomes[1] = Outcome::kUnknownLost;

  CHECK_ERROR(a.create(), ErrorCode::kOutcomeUnknown, "cannot be read back");
}

TEST_CASE("Creating a repository anew does not stumble over the memory of its predecessor") {
  Administrator a;
  a.create();
  a.machine.load(a.store);
  a.add_signer(a.keys);
  a.store.newest.clear();
  a.store.by_hash.clear();
  a.keys = {};
  a.root = TestSigner::generate();
  a.hold(a.root);
  a.hold(a.targets);

  a.create();
  CHECK(a.add_signer(a.keys).published);
  CHECK(a.machine.load(a.store).delegations().size() == 2);
}
