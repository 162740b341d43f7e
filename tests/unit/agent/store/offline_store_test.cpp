#include "agent/store/offline_store.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/served_repository.h"

using test::Machine;
using test::RepositoryMaker;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

/// A machine that has seen the repository once, with trust on first use.
struct Remembered {
  Remembered() : machine(maker.gun), store(test::make_store(maker.gun)) {
    maker.add_delegation("targets/releases", test::TestSigner::generate());
    maker.set_target("targets/releases", "1.0", test::make_target("1.0"));
    maker.publish();
    test::serve(maker, store);
    machine.request.policy.trust_on_first_use = true;
    machine.load(store);
    machine.request.policy.trust_on_first_use = false;
  }
  RepositoryMaker maker;
  Machine machine;
  test::MemoryStore store;
};

}  // namespace

TEST_CASE("what was seen is shown again without a store, verified anew") {
  Remembered remembered;
  agent::OfflineStore offline(remembered.machine.seen);
  const tuf::TrustedRepository repository = remembered.machine.load(offline);
  CHECK(repository.find_target(RoleName::of("targets/releases"), "1.0"));
  CHECK(repository.timestamp().bytes == remembered.maker.newest("timestamp"));
  CHECK(remembered.machine.warnings.empty());
  CHECK(offline.name() == "offline:" + remembered.machine.seen.folder().string());
}

TEST_CASE("what has expired since is no answer, offline or not") {
  Remembered remembered;
  agent::OfflineStore offline(remembered.machine.seen);
  remembered.machine.request.now = remembered.maker.timestamp.expires;
  CHECK_ERROR(remembered.machine.load(offline), ErrorCode::kExpired, "timestamp");
}

TEST_CASE("a pin holds offline too, and what was never seen is not there") {
  Remembered remembered;
  agent::OfflineStore offline(remembered.machine.seen);
  remembered.machine.pin(test::TestSigner::generate()->public_key().canonical_id());
  CHECK_ERROR(remembered.machine.load(offline), ErrorCode::kPinMismatch);

  Machine stranger(remembered.maker.gun);
  agent::OfflineStore nothing(stranger.seen);
  CHECK_ERROR(stranger.load(nothing), ErrorCode::kNoTrustData);
}

TEST_CASE("a file that was exchanged in the trust directory is no answer") {
  Remembered remembered;
  agent::OfflineStore offline(remembered.machine.seen);
  RepositoryMaker other = remembered.maker;
  other.set_target("targets/releases", "1.0", test::make_target("another image"));
  other.publish();
  test::write_file(remembered.machine.seen.folder() / "targets" / "releases.json",
                   other.newest("targets/releases").value());
  const tuf::TrustedRepository repository = remembered.machine.load(offline);
  CHECK(repository.find_delegation(RoleName::of("targets/releases"))->state ==
        tuf::Delegation::State::kMissing);
}

TEST_CASE("nothing is published offline") {
  Remembered remembered;
  agent::OfflineStore offline(remembered.machine.seen);
  CHECK_ERROR(offline.publish({}), ErrorCode::kInternal);
  CHECK_ERROR(offline.server_key(RoleName::of("timestamp")), ErrorCode::kInternal);
}
