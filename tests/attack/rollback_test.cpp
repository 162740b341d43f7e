// Old states, swapped states and mixed states, shown by whoever answers for the trust server, with or without
// the keys of some roles (threats 1, 2 and 19).
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/digest.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

RepositoryMaker with_jenkins() {
  RepositoryMaker repository;
  repository.add_delegation("targets/jenkins", TestSigner::generate());
  repository.set_target("targets/jenkins", "1.0", test::make_target("one"));
  repository.publish();
  return repository;
}

test::LoadOptions having_seen(const RepositoryMaker& repository) {
  test::LoadOptions options;
  const tuf::TrustedRepository trusted = test::load(repository);
  options.seen = test::seen_in(trusted);
  options.known_root = trusted.root().bytes;
  return options;
}

std::int64_t& version_of(RepositoryMaker& repository, const std::string& role) {
  if (role == "snapshot") return repository.snapshot.version;
  if (role == "timestamp") return repository.timestamp.version;
  return repository.targets.at(role).version;
}

const std::vector<std::string> kRoles = {"timestamp", "snapshot", "targets", "targets/jenkins"};

/// The state in which `role` is signed anew as `version`, with a new snapshot and timestamp above it.
void republish(RepositoryMaker& repository, const std::string& role, std::int64_t version) {
  version_of(repository, role) = version - 1;
  if (role == "timestamp") {
    repository.publish_timestamp();
  } else if (role == "snapshot") {
    repository.publish_snapshot();
  } else {
    // Another life time makes other bytes of an equal version.
    repository.targets.at(role).expires += tuf::Days{1};
    repository.touch(role);
    repository.publish();
  }
}

}  // namespace

TEST_CASE("a version below the one seen is refused for every role") {
  const std::string role = GENERATE(from_range(kRoles));
  RepositoryMaker repository = with_jenkins();
  republish(repository, role, 9);
  const test::LoadOptions options = having_seen(repository);
  republish(repository, role, 8);
  CAPTURE(role);
  test::load(repository);  // nothing is wrong with it but the past
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, role + " has version 8");
}

TEST_CASE("an equal version with other content is refused for every role") {
  const std::string role = GENERATE(from_range(kRoles));
  RepositoryMaker repository = with_jenkins();
  republish(repository, role, 9);
  const test::LoadOptions options = having_seen(repository);
  repository.now += std::chrono::hours{1};
  republish(repository, role, 9);
  CAPTURE(role);
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, role + " version 9");
}

TEST_CASE("the same state again and any later state are accepted") {
  RepositoryMaker repository = with_jenkins();
  const test::LoadOptions options = having_seen(repository);
  test::load(repository, options);
  for (const std::string& role : kRoles) republish(repository, role, version_of(repository, role) + 5);
  test::load(repository, options);
}

TEST_CASE("a smaller old targets file under a newer snapshot is refused") {
  // The official client throws its memory away by a size check before it compares versions (section 7.5).
  RepositoryMaker repository;
  repository.set_target("targets", "1.0", test::make_target("one"));
  repository.publish();
  const std::string old_targets = repository.newest("targets").value();
  repository.set_target("targets", "1.1", test::make_target("two"));
  repository.publish();
  const test::LoadOptions options = having_seen(repository);
  repository.store("targets", old_targets);
  repository.publish_snapshot();
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, "targets has version");
}

TEST_CASE("a whole old state, still fresh, is refused by who saw a newer one") {
  RepositoryMaker repository = with_jenkins();
  const RepositoryMaker before = repository;
  repository.set_target("targets/jenkins", "1.0", test::make_target("fixed"));
  repository.publish();
  const test::LoadOptions options = having_seen(repository);
  CHECK_ERROR(test::load(before, options), ErrorCode::kRollback, "timestamp");
}

TEST_CASE("old files in a newer frame do not fit it") {
  const std::string role = GENERATE(values<std::string>({"snapshot", "targets", "targets/jenkins", "root"}));
  RepositoryMaker repository = with_jenkins();
  const RepositoryMaker before = repository;
  repository.rotate("timestamp");
  repository.set_target("targets", "1.1", test::make_target("two"));
  repository.set_target("targets/jenkins", "1.1", test::make_target("two"));
  repository.publish();
  CAPTURE(role);
  SECTION("an old file in the new state") {
    repository.store(role, before.newest(role).value());
    // An old root names another timestamp key.
    CHECK_ERROR(test::load(repository), role == "root" ? ErrorCode::kBadSignature : ErrorCode::kHashMismatch);
  }
  SECTION("a new file in the old state") {
    RepositoryMaker old = before;
    old.store(role, repository.newest(role).value());
    CHECK_ERROR(test::load(old), role == "root" ? ErrorCode::kBadSignature : ErrorCode::kHashMismatch);
  }
}

TEST_CASE("the root in use must be the one that the snapshot names") {
  RepositoryMaker repository = with_jenkins();
  const std::string first_root = repository.newest("root").value();
  repository.touch("root");
  repository.publish();
  repository.store("root", first_root);
  CHECK_ERROR(test::load(repository), ErrorCode::kHashMismatch, "root");
}

TEST_CASE("length and every known hash must agree with what the frame says") {
  const std::string role = GENERATE(values<std::string>({"snapshot", "targets", "targets/jenkins", "root"}));
  CAPTURE(role);
  const auto load_with = [&](auto change) {
    RepositoryMaker repository = with_jenkins();
    tuf::FileMeta& meta =
        role == "snapshot" ? repository.timestamp.snapshot : repository.snapshot.meta.at(role);
    change(meta);
    if (role != "snapshot") {
      repository.store("snapshot", repository.sign_role("snapshot"));
      repository.timestamp.snapshot = tuf::describe_file(repository.newest("snapshot").value());
    }
    repository.store("timestamp", repository.sign_role("timestamp"));
    test::load(repository);
  };
  load_with([](tuf::FileMeta&) {});
  load_with([](tuf::FileMeta& meta) { meta.hashes.erase("sha512"); });
  load_with([](tuf::FileMeta& meta) { meta.hashes["sha384"] = tuf::Bytes(48, 0); });
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { ++meta.length; }), ErrorCode::kHashMismatch, "bytes");
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { --meta.length; }), ErrorCode::kHashMismatch, "bytes");
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.length = 0; }), ErrorCode::kHashMismatch);
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.length = std::int64_t{1} << 53; }),
              ErrorCode::kHashMismatch);
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.hashes["sha256"].back() ^= 1; }),
              ErrorCode::kHashMismatch, "sha256");
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.hashes["sha512"].back() ^= 1; }),
              ErrorCode::kHashMismatch, "sha512");
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.hashes["sha512"].resize(32); }),
              ErrorCode::kHashMismatch);
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.hashes.erase("sha256"); }),
              ErrorCode::kMalformedMetadata);
  CHECK_ERROR(load_with([](tuf::FileMeta& meta) { meta.hashes["sha256"].resize(31); }),
              ErrorCode::kMalformedMetadata);
}

TEST_CASE("one changed byte anywhere in a served file is noticed") {
  const std::string role =
      GENERATE(values<std::string>({"timestamp", "snapshot", "targets", "targets/jenkins", "root"}));
  const RepositoryMaker repository = with_jenkins();
  const std::string bytes = repository.newest(role).value();
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    RepositoryMaker changed = repository;
    std::string other = bytes;
    other[i] ^= 1;
    changed.store(role, other);
    CAPTURE(role, i);
    // The timestamp and the first root are named by nothing: there, what is outside of `signed` may change.
    if (role == "timestamp" || role == "root") {
      try {
        const auto trusted = test::load(changed);
        CHECK(trusted.timestamp().signed_text == test::load(repository).timestamp().signed_text);
        CHECK(trusted.root().bytes == repository.newest("root").value());
      } catch (const tuf::Error&) {
        SUCCEED();
      }
    } else {
      CHECK_ERROR(test::load(changed), ErrorCode::kHashMismatch);
    }
  }
}

TEST_CASE("a delegation that was seen may not vanish from the snapshot while its parent names it") {
  RepositoryMaker repository = with_jenkins();
  const test::LoadOptions options = having_seen(repository);
  repository.snapshot.meta.erase("targets/jenkins");
  ++repository.snapshot.version;
  repository.store("snapshot", repository.sign_role("snapshot"));
  repository.publish_timestamp();
  test::load(repository);  // a newcomer cannot know
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, "targets/jenkins");
}

TEST_CASE("a delegation that its parent has removed may leave the snapshot") {
  // What the official client does when it signs the snapshot itself.
  RepositoryMaker repository = with_jenkins();
  const test::LoadOptions options = having_seen(repository);
  repository.remove_delegation("targets/jenkins");
  repository.publish();
  repository.snapshot.meta.erase("targets/jenkins");
  ++repository.snapshot.version;
  repository.store("snapshot", repository.sign_role("snapshot"));
  repository.publish_timestamp();
  CHECK(test::load(repository, options).delegations().empty());
}

TEST_CASE("a delegation that was removed and added again may not fall back behind what was seen of it") {
  RepositoryMaker repository = with_jenkins();
  const std::string first = repository.newest("targets/jenkins").value();
  repository.set_target("targets/jenkins", "1.0", test::make_target("fixed"));
  repository.publish();
  const test::LoadOptions options = having_seen(repository);
  const auto signers = repository.signers.at("targets/jenkins");
  repository.remove_delegation("targets/jenkins");
  repository.publish();
  repository.add_delegation("targets/jenkins", signers);
  repository.store("targets/jenkins", first);
  repository.publish();
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, "targets/jenkins has version 1");
}

TEST_CASE("a replaced key starts its role over, so that a stolen one cannot lock it at a high version") {
  const std::string role = GENERATE(values<std::string>({"timestamp", "snapshot", "targets"}));
  CAPTURE(role);
  RepositoryMaker repository = with_jenkins();
  republish(repository, role, 2'000'000'000);
  const test::LoadOptions options = having_seen(repository);
  SECTION("with the old key the version stays where it was") {
    republish(repository, role, 3);
    CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback);
  }
  SECTION("with a new key it may be lower") {
    repository.rotate(role);
    repository.publish();
    republish(repository, role, 3);
    CHECK_NOTHROW(test::load(repository, options));
  }
  SECTION("a new key of another role does not help") {
    repository.rotate(role == "targets" ? "snapshot" : "targets");
    repository.publish();
    republish(repository, role, 3);
    CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback);
  }
}

TEST_CASE("versions that would lock every later publisher out are refused") {
  const std::string role = GENERATE(from_range(kRoles));
  RepositoryMaker repository = with_jenkins();
  CAPTURE(role);
  republish(repository, role, tuf::kVersionLimit - 1);
  test::load(repository);
  republish(repository, role, tuf::kVersionLimit);
  if (role == "targets/jenkins") {  // says nothing any more; the others do
    const tuf::TrustedRepository trusted = test::load(repository);
    CHECK(trusted.find_delegation(RoleName::of(role))->state == tuf::Delegation::State::kMalformed);
  } else {
    CHECK_ERROR(test::load(repository), ErrorCode::kMalformedMetadata, "version");
  }
}

TEST_CASE("an expired top role is refused, to the second") {
  const std::string role = GENERATE(values<std::string>({"timestamp", "snapshot", "targets", "root"}));
  RepositoryMaker repository;
  const tuf::Time expiry = repository.now + tuf::Days{7};
  if (role == "root") {
    repository.root.expires = expiry;
    repository.touch("root");
    repository.publish();
  } else if (role == "targets") {
    repository.targets.at("targets").expires = expiry;
    repository.touch("targets");
    repository.publish();
  } else if (role == "snapshot") {
    repository.snapshot.expires = expiry;
    ++repository.snapshot.version;
    repository.store("snapshot", repository.sign_role("snapshot"));
    repository.publish_timestamp();
  } else {
    repository.timestamp.expires = expiry;
    ++repository.timestamp.version;
    repository.store("timestamp", repository.sign_role("timestamp"));
  }
  CAPTURE(role);
  test::LoadOptions options;
  options.now = expiry - std::chrono::seconds{1};
  test::load(repository, options);
  options.now = expiry;
  CHECK_ERROR(test::load(repository, options), ErrorCode::kExpired, role);
  options.now = expiry + std::chrono::seconds{1};
  CHECK_ERROR(test::load(repository, options), ErrorCode::kExpired, tuf::format_time(*options.now));
}
