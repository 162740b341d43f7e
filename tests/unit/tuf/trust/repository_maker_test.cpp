#include "tests/support/repository_maker.h"

#include "tests/support/catch.h"

TEST_CASE("a made repository loads, and so does each later state of it") {
  test::RepositoryMaker repository;
  REQUIRE(test::load(repository).targets().body.version == 1);

  const auto jenkins = test::TestSigner::generate(test::TestSigner::Kind::kP384);
  repository.add_delegation("targets/jenkins", jenkins);
  repository.set_target("targets/jenkins", "1.0", test::make_target("one"));
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  REQUIRE(trusted.targets().body.version == 2);
  REQUIRE(trusted.timestamp().body.version == 2);
  const auto target = trusted.find_target(tuf::RoleName::of("targets/jenkins"), "1.0");
  REQUIRE(target);
  CHECK(*target->sha256() == *test::make_target("one").sha256());

  const std::string first_root = repository.newest("root").value();
  repository.rotate("root");
  repository.rotate("snapshot");
  repository.publish();
  repository.rotate("targets");
  repository.publish();
  test::LoadOptions options;
  options.known_root = first_root;
  options.seen = test::seen_in(trusted);
  const tuf::TrustedRepository later = test::load(repository, options);
  CHECK(later.root().body.version == 3);
  CHECK(later.targets().body.version == 3);
  CHECK(later.find_target(tuf::RoleName::of("targets/jenkins"), "1.0"));
}
