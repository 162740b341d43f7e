// Roots that do not follow from the one that is known (section 7.2, threats 1 and 3).
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::Days;
using tuf::ErrorCode;

namespace {

/// Has known the first root only.
test::LoadOptions knowing_first(const RepositoryMaker& repository) {
  test::LoadOptions options;
  options.known_root = repository.with_version("root", 1);
  return options;
}

tuf::TrustedRepository starting_from(const std::string& root, tuf::Time now = test::kNow) {
  tuf::TrustedRepository trusted(RepositoryMaker().gun, now);
  trusted.accept_known_root(root);
  return trusted;
}

}  // namespace

TEST_CASE("a chain of rotations is followed") {
  RepositoryMaker repository;
  for (int i = 0; i < 5; ++i) {
    repository.rotate("root",
                      TestSigner::generate(i % 2 ? TestSigner::Kind::kP384 : TestSigner::Kind::kP256));
    repository.publish();
  }
  CHECK(test::load(repository, knowing_first(repository)).root().body.version == 6);
}

TEST_CASE("no version of the chain may be left out") {
  RepositoryMaker repository;
  const std::string first = repository.newest("root").value();
  repository.touch("root");  // the same keys all along, so that signatures cannot be what is refused
  repository.publish();
  repository.touch("root");
  repository.publish();
  tuf::TrustedRepository trusted = starting_from(first);
  CHECK_ERROR(trusted.accept_next_root(repository.newest("root").value()), ErrorCode::kRollback, "version 3");
  CHECK(trusted.root().body.version == 1);
}

TEST_CASE("a root must carry the version that it is fetched as") {
  // The official client accepts a 3.root.json of version 7.
  RepositoryMaker repository;
  const std::string first = repository.newest("root").value();
  for (const std::int64_t version : {1, 3, 7}) {
    RepositoryMaker odd = repository;
    odd.root.version = version - 1;
    odd.root.expires += Days{1};
    odd.touch("root");
    odd.publish();
    CAPTURE(version);
    CHECK_ERROR(starting_from(first).accept_next_root(odd.newest("root").value()), ErrorCode::kRollback);
  }
}

TEST_CASE("a root that its predecessor has not signed is refused") {
  RepositoryMaker repository;
  const test::LoadOptions options = knowing_first(repository);
  repository.rotate("root");
  repository.signers.at("root").pop_back();  // the old key
  repository.publish();
  CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature, "predecessor");
}

TEST_CASE("a root that only its predecessor has signed is refused") {
  RepositoryMaker repository;
  const test::LoadOptions options = knowing_first(repository);
  repository.rotate("root");
  auto& signers = repository.signers.at("root");
  signers.erase(signers.begin());  // the new key
  repository.publish();
  CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature, "root version 2");
}

TEST_CASE("another repository's root is not the next one, nor a first one") {
  RepositoryMaker repository;
  RepositoryMaker other("registry.example.com/other");
  other.touch("root");
  other.publish();
  CHECK_ERROR(starting_from(repository.newest("root").value()).accept_next_root(other.newest("root").value()),
              ErrorCode::kBadSignature);
  tuf::TrustedRepository trusted(repository.gun, test::kNow);
  CHECK_ERROR(trusted.accept_first_root(other.newest("root").value(), nullptr),
              ErrorCode::kBadRootCertificate, "registry.example.com/other");
  CHECK_ERROR(trusted.accept_known_root(other.newest("root").value()), ErrorCode::kBadSignature);
  CHECK_FALSE(trusted.has_root());
}

TEST_CASE("a first or known root that was tampered with is refused") {
  const RepositoryMaker repository;
  std::string bytes = repository.newest("root").value();
  const std::size_t at = bytes.find("\"consistent_snapshot\":false");
  bytes.replace(at, 27, "\"consistent_snapshot\":true ");
  CHECK_ERROR(starting_from(bytes), ErrorCode::kBadSignature);
  CHECK_ERROR(tuf::TrustedRepository(repository.gun, test::kNow).accept_first_root(bytes, nullptr),
              ErrorCode::kBadSignature);
  CHECK_ERROR(starting_from(bytes.substr(0, bytes.size() - 1)), ErrorCode::kMalformedMetadata);
}

TEST_CASE(
    "intermediate roots may be out of date, in themselves and in their certificates; the last may not") {
  RepositoryMaker repository;
  repository.now = test::kNow - Days{400};
  repository = RepositoryMaker(repository.gun.text(), repository.now);
  const std::string first = repository.newest("root").value();
  test::CertificateSpec short_lived = repository.root_certificate();
  short_lived.not_after = repository.now + Days{100};
  repository.rotate("root", TestSigner::generate(), short_lived);
  repository.root.expires = repository.now + Days{100};
  repository.publish();
  repository.now = test::kNow;

  SECTION("passed by") {
    repository.rotate("root");
    repository.root.expires = test::kNow + Days{100};
    repository.publish();
    test::LoadOptions options;
    options.known_root = first;
    CHECK(test::load(repository, options).root().body.version == 3);
  }
  SECTION("the file of the last has expired") {
    repository.rotate("root");
    repository.publish();
    test::LoadOptions options;
    options.known_root = first;
    CHECK_ERROR(test::load(repository, options), ErrorCode::kExpired, "root");
  }
  SECTION("the certificate of the last has expired") {
    repository.root.expires = test::kNow + Days{100};
    repository.touch("root");
    repository.publish();
    test::LoadOptions options;
    options.known_root = first;
    CHECK_ERROR(test::load(repository, options), ErrorCode::kBadRootCertificate, "expired");
    CHECK_ERROR(test::load(repository), ErrorCode::kBadRootCertificate, "expired");
  }
}

TEST_CASE("the thresholds of both roots count, each with its own keys") {
  RepositoryMaker repository;
  const auto second = TestSigner::generate();
  const tuf::PublicKey key = RepositoryMaker::certified(*second, repository.root_certificate());
  repository.root.keys.emplace(key.id(), key.object());
  repository.root.roles.at("root").key_ids.push_back(key.id());
  repository.root.roles.at("root").threshold = 2;
  repository.signers.at("root").push_back(second);
  repository.touch("root");
  repository.publish();
  test::LoadOptions options;
  options.known_root = repository.newest("root");
  test::load(repository, options);

  SECTION("one of two old keys is not enough") {
    repository.rotate("root");
    repository.signers.at("root").pop_back();
    repository.publish();
    CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature, "predecessor");
  }
  SECTION("both are") {
    repository.rotate("root");
    repository.publish();
    test::load(repository, options);
  }
  SECTION("one expired certificate of two leaves the last root below its threshold") {
    options.now = test::kNow;
    test::CertificateSpec expired = repository.root_certificate();
    expired.not_after = test::kNow - Days{1};
    const auto third = TestSigner::generate();
    const tuf::PublicKey old = RepositoryMaker::certified(*third, expired);
    repository.root.keys.emplace(old.id(), old.object());
    repository.root.roles.at("root").key_ids.back() = old.id();
    repository.signers.at("root").push_back(third);
    repository.publish_snapshot();
    repository.touch("root");
    repository.publish();
    CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature);
  }
}

TEST_CASE("a bare key in the root role has no say in the next root") {
  RepositoryMaker repository;
  const auto bare = TestSigner::generate();
  repository.root.keys.emplace(bare->public_key().id(), bare->public_key().object());
  repository.root.roles.at("root").key_ids.push_back(bare->public_key().id());
  repository.touch("root");
  repository.publish();
  test::LoadOptions options;
  options.known_root = repository.newest("root");
  repository.rotate("root");
  auto& signers = repository.signers.at("root");
  signers = {signers.front(), bare};
  repository.publish();
  CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature, "predecessor");
}

TEST_CASE("who remembers a later root does not go back to an earlier one") {
  RepositoryMaker repository;
  const std::string first = repository.newest("root").value();
  RepositoryMaker later = repository;
  later.rotate("timestamp");
  later.publish();
  test::LoadOptions options;
  options.seen = test::seen_in(test::load(later));
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, "root has version 1");
  options.known_root = first;
  CHECK_ERROR(test::load(repository, options), ErrorCode::kRollback, "root has version 1");
  CHECK_NOTHROW(test::load(later, options));  // through the first root to what was seen
}

TEST_CASE("parts are accepted once and in order") {
  const RepositoryMaker repository;
  const auto file = [&](const char* role) { return repository.newest(role).value(); };
  tuf::TrustedRepository trusted(repository.gun, test::kNow);
  CHECK_ERROR(trusted.accept_next_root(file("root")), ErrorCode::kInternal);
  CHECK_ERROR(trusted.accept_timestamp(file("timestamp")), ErrorCode::kInternal);
  trusted.accept_first_root(file("root"), nullptr);
  CHECK_ERROR(trusted.accept_first_root(file("root"), nullptr), ErrorCode::kInternal);
  CHECK_ERROR(trusted.accept_known_root(file("root")), ErrorCode::kInternal);
  CHECK_ERROR(trusted.accept_snapshot(file("snapshot")), ErrorCode::kInternal);
  trusted.accept_timestamp(file("timestamp"));
  CHECK_ERROR(trusted.accept_next_root(file("root")), ErrorCode::kInternal);
  CHECK_ERROR(trusted.accept_timestamp(file("timestamp")), ErrorCode::kInternal);
  CHECK_ERROR(trusted.accept_targets(file("targets")), ErrorCode::kInternal);
  trusted.accept_snapshot(file("snapshot"));
  CHECK_ERROR(trusted.accept_snapshot(file("snapshot")), ErrorCode::kInternal);
  trusted.accept_targets(file("targets"));
  CHECK_ERROR(trusted.accept_targets(file("targets")), ErrorCode::kInternal);
}

TEST_CASE("a refused file leaves everything as it was") {
  RepositoryMaker repository;
  tuf::TrustedRepository trusted(repository.gun, test::kNow);
  trusted.accept_first_root(repository.newest("root").value(), nullptr);
  const std::string good = repository.newest("timestamp").value();
  CHECK_THROWS_AS(trusted.accept_timestamp(good.substr(1)), tuf::Error);
  CHECK_THROWS_AS(trusted.timestamp(), tuf::Error);
  CHECK_THROWS_AS(trusted.accept_next_root("{}"), tuf::Error);
  CHECK(trusted.root().bytes == repository.newest("root").value());
  trusted.accept_timestamp(good);
  CHECK_THROWS_AS(trusted.accept_snapshot(good), tuf::Error);
  trusted.accept_snapshot(repository.newest("snapshot").value());
}
