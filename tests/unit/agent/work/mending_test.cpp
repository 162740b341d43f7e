// Reading what has to be mended: what is put up with, and what never is.
#include "agent/work/renew_roles.h"
#include "hsm/memory_keys.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/served_repository.h"
#include "tuf/base/error.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

const RoleName kReleases = RoleName::of("targets/releases");

/// A server that was given a file in a form of its own: it holds that one and names another.
struct Broken {
  RepositoryMaker maker{"registry.example.com/a"};
  std::shared_ptr<TestSigner> jenkins = TestSigner::generate();
  test::MemoryStore store = test::make_store(maker.gun);
  test::Machine machine{maker.gun};

  Broken() {
    maker.add_delegation("targets/releases", jenkins);
    maker.set_target("targets/releases", "1.0", test::make_target("one"));
    maker.publish();
    test::serve(maker, store);
    machine.request.policy.trust_on_first_use = true;
  }

  /// Instead of the file that the snapshot names the store holds `bytes`.
  void hold(const RoleName& role, const std::string& bytes) {
    std::erase_if(store.by_hash, [&](const auto& file) { return file.first.first == role; });
    store.newest.insert_or_assign(role, bytes);
  }

  tuf::TrustedRepository load_to_mend() {
    machine.request.tolerate.other_form = true;
    return machine.load(store);
  }
};

}  // namespace

TEST_CASE_METHOD(Broken, "What a store cannot serve is read in the form that it holds, and not remembered") {
  const std::string role = GENERATE("targets/releases", "targets");
  hold(RoleName::of(role), maker.newest(role).value() + "\n");

  const tuf::TrustedRepository repository = load_to_mend();

  CHECK(repository.find_target(kReleases, "1.0"));
  CHECK_FALSE(machine.remembered("root"));
}

TEST_CASE_METHOD(Broken,
                 "Where the newest is what the snapshot names, the last version is what the store holds") {
  for (std::int64_t version = 1; version <= 6; ++version) {
    store.by_version[{kReleases, version}] = maker.newest("targets/releases").value();
    if (version == 6) break;
    maker.touch("targets/releases");
    maker.publish();
  }
  test::serve(maker, store);
  hold(kReleases, "");
  store.newest.erase(kReleases);
  SECTION("in another form") {
    store.by_version[{kReleases, 6}] += "\n";
    CHECK(load_to_mend().find_target(kReleases, "1.0"));
  }
  SECTION("but not one from before, whose tags may have been revoked since") {
    store.by_version.erase({kReleases, 6});
    CHECK_FALSE(load_to_mend().find_target(kReleases, "1.0"));
  }
}

TEST_CASE_METHOD(Broken, "A file in another form counts for nothing to whoever does not mend it") {
  hold(kReleases, maker.newest("targets/releases").value() + "\n");
  CHECK_FALSE(machine.load(store).find_target(kReleases, "1.0"));
  hold(RoleName::of("targets"), maker.newest("targets").value() + "\n");
  CHECK_ERROR(machine.load(store), ErrorCode::kRepositoryBroken, "targets");
}

TEST_CASE_METHOD(Broken, "What the keys of a role have not signed is not mended") {
  SECTION("a delegation") {
    maker.signers["targets/releases"] = {TestSigner::generate()};
    maker.touch("targets/releases");
    hold(kReleases, maker.sign_role("targets/releases"));
    CHECK(load_to_mend().find_delegation(kReleases)->state == tuf::Delegation::State::kBelowThreshold);
  }
  SECTION("targets") {
    maker.signers["targets"] = {TestSigner::generate()};
    maker.touch("targets");
    hold(RoleName::of("targets"), maker.sign_role("targets"));
    CHECK_ERROR(load_to_mend(), ErrorCode::kBadSignature, "targets");
  }
}

TEST_CASE_METHOD(Broken, "An older file than was seen is not what is mended") {
  const std::string older = maker.newest("targets/releases").value();
  maker.touch("targets/releases");
  maker.publish();
  test::serve(maker, store);
  machine.load(store);
  hold(kReleases, older);
  CHECK_ERROR(load_to_mend(), ErrorCode::kRollback, "targets/releases");
}

TEST_CASE_METHOD(Broken, "A role without any file cannot be repaired") {
  hold(kReleases, "");
  store.newest.erase(kReleases);
  const tuf::TrustedRepository repository = load_to_mend();
  hsm::KeyRing keys;
  tuf::RepositoryDraft draft(repository);
  CHECK_ERROR(agent::repair_roles(keys)(repository, draft), ErrorCode::kRepositoryBroken, "targets/releases");
}

TEST_CASE_METHOD(Broken, "Only what is broken is signed anew, and only with a key of the role") {
  hold(kReleases, maker.newest("targets/releases").value() + "\n");
  const tuf::TrustedRepository repository = load_to_mend();
  hsm::KeyRing keys;
  tuf::RepositoryDraft refused(repository);
  CHECK_ERROR(agent::repair_roles(keys)(repository, refused), ErrorCode::kKeyNotInRole, "targets/releases");

  hsm::KeyRing with_key;
  with_key.add(std::make_unique<hsm::MemoryKeys>(std::vector<std::shared_ptr<tuf::Signer>>{jenkins}));
  tuf::RepositoryDraft draft(repository);
  agent::repair_roles(with_key)(repository, draft);
  REQUIRE(draft.pending().size() == 1);
  CHECK(draft.pending()[0].role == kReleases);
}

TEST_CASE_METHOD(Broken,
                 "A store that can make no timestamp is read up to its newest snapshot, by who mends it") {
  for (int i = 0; i < 11; ++i) {
    maker.touch("targets");
    maker.publish();
  }
  test::serve(maker, store);
  const std::int64_t first = GENERATE(1, 2);  // notary begins with 2
  for (std::int64_t version = first; version <= maker.snapshot.version; ++version) {
    store.by_version[{RoleName::of("snapshot"), version}] = maker.with_version("snapshot", version).value();
  }
  store.before_fetch = [](const std::vector<agent::FileRequest>& requests) {
    for (const agent::FileRequest& request : requests) {
      const bool newest = std::holds_alternative<agent::FileRequest::Newest>(request.which);
      if (newest && (request.role.text() == "timestamp" || request.role.text() == "snapshot"))
        throw tuf::Error(ErrorCode::kServerError, "500");
    }
  };
  CHECK_ERROR(machine.load(store), ErrorCode::kServerError, "500");

  machine.request.tolerate.expiry = true;
  const tuf::TrustedRepository repository = machine.load(store);

  CHECK_FALSE(repository.has_timestamp());
  CHECK(repository.snapshot().body.version == maker.snapshot.version);
  CHECK(repository.find_target(kReleases, "1.0"));
  CHECK_FALSE(machine.remembered("root"));
}
