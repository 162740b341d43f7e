// What delegations may say, and when they have no say (sections 3.6, 7.4 and 7.7).
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"

using State = tuf::Delegation::State;
using test::RepositoryMaker;
using test::TestSigner;
using tuf::Days;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

const tuf::Target kTarget = test::make_target("one");

bool shows(const tuf::TrustedRepository& trusted, const std::string& role, const std::string& name) {
  return trusted.find_target(RoleName::of(role), name).has_value();
}

State state_of(const tuf::TrustedRepository& trusted, const std::string& role) {
  const tuf::Delegation* delegation = trusted.find_delegation(RoleName::of(role));
  REQUIRE(delegation != nullptr);
  return delegation->state;
}

}  // namespace

TEST_CASE("paths are plain prefixes") {
  using Paths = std::vector<std::string>;
  const auto [paths, name, admitted] = GENERATE(table<Paths, std::string, bool>({
      {{""}, "anything", true},
      {{}, "anything", false},
      {{"v/", "w"}, "v/1", true},
      {{"v/", "w"}, "v", false},
      {{"v/", "w"}, "w1", true},
      {{"v/", "w"}, "x", false},
      {{"v*"}, "v1", false},
      {{"v*"}, "v*1", true},
      {{"V"}, "v", false},
      {{"1.0"}, "1.0", true},
      {{"1.0"}, "1.00", true},
      {{"1.0"}, "1", false},
  }));
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate(), paths);
  repository.set_target("targets/a", name, kTarget);
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  CAPTURE(paths, name);
  CHECK(trusted.admits(RoleName::of("targets/a"), name) == admitted);
  CHECK(shows(trusted, "targets/a", name) == admitted);
}

TEST_CASE("a child's path counts only if it begins with one of its parent's that counts") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate(), {"v/"});
  repository.add_delegation("targets/a/b", TestSigner::generate(), {"v/b", "z"});
  repository.add_delegation("targets/a/b/c", TestSigner::generate(), {"v/b"});
  repository.add_delegation("targets/a/b/d", TestSigner::generate(), {"", "v/", "z"});
  for (const std::string name : {"v/b1", "v/c1", "z1"}) {
    repository.set_target("targets/a/b", name, kTarget);
    repository.set_target("targets/a/b/c", name, kTarget);
    repository.set_target("targets/a/b/d", name, kTarget);
  }
  repository.set_target("targets/a", "v/a1", kTarget);
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(trusted.delegations().size() == 4);
  // No path of d begins with "v/b". Readers do not cut wider paths to what the parent has; they drop them.
  for (const std::string name : {"v/b1", "v/c1", "z1"}) CHECK_FALSE(shows(trusted, "targets/a/b/d", name));
  for (const std::string role : {"targets/a/b", "targets/a/b/c"}) {
    CHECK(shows(trusted, role, "v/b1"));
    CHECK_FALSE(shows(trusted, role, "v/c1"));
    CHECK_FALSE(shows(trusted, role, "z1"));
  }
  CHECK(shows(trusted, "targets/a", "v/a1"));
  CHECK_FALSE(shows(trusted, "targets/a/b", "v/a1"));
}

TEST_CASE("a role delegates to its own children and to nobody else") {
  const std::string claimed =
      GENERATE(values<std::string>({"targets/b", "targets/releases", "targets/b/a", "targets/a"}));
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  const auto thief = TestSigner::generate();
  tuf::Targets& body = repository.targets["targets/a"];
  body.keys.emplace(thief->public_key().id(), thief->public_key().object());
  body.roles.push_back({RoleName::of(claimed), {thief->public_key().id()}, 1, {""}});
  repository.touch("targets/a");
  repository.publish();
  CAPTURE(claimed);
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(trusted.delegations().size() == 1);
  CHECK((claimed == "targets/a") == (trusted.find_delegation(RoleName::of(claimed)) != nullptr));
}

TEST_CASE("one role's file cannot stand in for another's") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.add_delegation("targets/b", TestSigner::generate());
  repository.set_target("targets/a", "1.0", kTarget);
  repository.set_target("targets/b", "2.0", kTarget);
  repository.publish();
  SECTION("by the server's hand") {
    repository.store("targets/b", repository.newest("targets/a").value());
    CHECK_ERROR(test::load(repository), ErrorCode::kHashMismatch, "targets/b");
  }
  SECTION("by whoever holds the snapshot key") {
    repository.store("targets/b", repository.newest("targets/a").value());
    repository.publish_snapshot();
    const tuf::TrustedRepository trusted = test::load(repository);
    CHECK(state_of(trusted, "targets/b") == State::kBelowThreshold);
    CHECK_FALSE(shows(trusted, "targets/b", "1.0"));
  }
  SECTION("a delegation for targets itself") {
    repository.store("targets", repository.newest("targets/a").value());
    repository.publish_snapshot();
    CHECK_ERROR(test::load(repository), ErrorCode::kBadSignature, "targets");
  }
}

TEST_CASE("a key that was taken out of a delegation no longer signs for it, though it once did") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.set_target("targets/a", "1.0", kTarget);
  repository.publish();
  REQUIRE(shows(test::load(repository), "targets/a", "1.0"));

  repository.remove_delegation("targets/a");
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(state_of(trusted, "targets/a") == State::kBelowThreshold);
  CHECK(trusted.find_delegation(RoleName::of("targets/a"))->stored_version == 1);
  CHECK_FALSE(trusted.find_delegation(RoleName::of("targets/a"))->metadata.has_value());
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
}

TEST_CASE("a delegation below its threshold says nothing, nor do its children") {
  RepositoryMaker repository;
  const auto a = TestSigner::generate();
  const auto b = TestSigner::generate();
  repository.add_delegation("targets/a", {a, b}, {""}, 2);
  repository.add_delegation("targets/a/b", TestSigner::generate());
  repository.set_target("targets/a", "1.0", kTarget);
  repository.set_target("targets/a/b", "1.0", kTarget);
  repository.publish();
  tuf::TrustedRepository trusted = test::load(repository);
  CHECK(shows(trusted, "targets/a", "1.0"));
  CHECK(shows(trusted, "targets/a/b", "1.0"));

  repository.signers.at("targets/a").pop_back();
  repository.touch("targets/a");
  repository.publish();
  trusted = test::load(repository);
  CHECK(state_of(trusted, "targets/a") == State::kBelowThreshold);
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
  CHECK_FALSE(shows(trusted, "targets/a/b", "1.0"));
  CHECK(trusted.find_delegation(RoleName::of("targets/a/b")) == nullptr);
}

TEST_CASE("an expired delegation says nothing, nor do its children; others still do") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.add_delegation("targets/a/b", TestSigner::generate());
  repository.add_delegation("targets/c", TestSigner::generate());
  for (const std::string role : {"targets/a", "targets/a/b", "targets/c"})
    repository.set_target(role, "1.0", kTarget);
  repository.targets.at("targets/a").expires = repository.now + Days{1};
  repository.publish();
  test::LoadOptions options;
  options.now = repository.now + Days{1} - std::chrono::seconds{1};
  CHECK(shows(test::load(repository, options), "targets/a/b", "1.0"));

  options.now = repository.now + Days{1};
  const tuf::TrustedRepository trusted = test::load(repository, options);
  CHECK(state_of(trusted, "targets/a") == State::kExpired);
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
  CHECK(trusted.find_delegation(RoleName::of("targets/a/b")) == nullptr);
  CHECK_FALSE(shows(trusted, "targets/a/b", "1.0"));
  CHECK(shows(trusted, "targets/c", "1.0"));
}

TEST_CASE("a delegation whose certificate has expired since goes on working") {
  RepositoryMaker repository;
  const auto signer = TestSigner::generate();
  test::CertificateSpec spec = repository.root_certificate();
  spec.common_name = "jenkins";
  spec.not_after = repository.now - Days{1};
  repository.add_delegation("targets/a", {signer}, {""}, 1, {RepositoryMaker::certified(*signer, spec)});
  repository.set_target("targets/a", "1.0", kTarget);
  repository.publish();
  CHECK(shows(test::load(repository), "targets/a", "1.0"));
}

TEST_CASE("a delegation without usable keys says nothing") {
  RepositoryMaker repository;
  const auto signer = TestSigner::generate();
  repository.add_delegation("targets/a", signer);
  repository.set_target("targets/a", "1.0", kTarget);
  repository.publish();
  tuf::DelegationRole& role = repository.targets.at("targets").roles.front();
  SECTION("its last key was removed") {
    role.key_ids.clear();
  }
  SECTION("its key is not listed") {
    repository.targets.at("targets").keys.clear();
  }
  repository.touch("targets");
  repository.publish();
  CHECK(state_of(test::load(repository), "targets/a") == State::kBelowThreshold);
}

TEST_CASE("a delegation that was never published is empty") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(state_of(trusted, "targets/a") == State::kEmpty);
  CHECK(trusted.find_delegation(RoleName::of("targets/a"))->stored_version == 0);
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
}

TEST_CASE("a delegation whose file cannot be read is named with its cause; others still speak") {
  RepositoryMaker repository;
  for (const std::string role : {"targets/a", "targets/c"}) {
    repository.add_delegation(role, TestSigner::generate());
    repository.set_target(role, "1.0", kTarget);
  }
  repository.publish();
  SECTION("not a file of that kind") {
    repository.store("targets/a", repository.newest("snapshot").value());
    repository.publish_snapshot();
  }
  SECTION("not JSON") {
    repository.store("targets/a", "<html>");
    repository.publish_snapshot();
  }
  SECTION("a version beyond the last one") {
    repository.targets.at("targets/a").version = std::int64_t{1} << 31;
    repository.touch("targets/a");
    repository.publish();
  }
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(state_of(trusted, "targets/a") == State::kMalformed);
  const tuf::Delegation& delegation = *trusted.find_delegation(RoleName::of("targets/a"));
  CHECK(delegation.problem->code() == ErrorCode::kMalformedMetadata);
  CHECK(std::string(delegation.problem->what()).find("targets/a of " + repository.gun.text()) !=
        std::string::npos);
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
  CHECK(shows(trusted, "targets/c", "1.0"));
}

TEST_CASE("a listed delegation that cannot be had is missing, and comes once and in turn") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.set_target("targets/a", "1.0", kTarget);
  repository.publish();
  tuf::TrustedRepository trusted(repository.gun, repository.now);
  trusted.accept_first_root(repository.newest("root").value(), nullptr);
  trusted.accept_timestamp(repository.newest("timestamp").value());
  trusted.accept_snapshot(repository.newest("snapshot").value());
  trusted.accept_targets(repository.newest("targets").value());
  SECTION("missing") {
    trusted.accept_delegation(RoleName::of("targets/a"), std::nullopt);
    CHECK(state_of(trusted, "targets/a") == State::kMissing);
    CHECK(trusted.find_delegation(RoleName::of("targets/a"))->problem->code() ==
          ErrorCode::kRepositoryBroken);
    CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
  }
  SECTION("in turn") {
    tuf::TrustedRepository trusted(repository.gun, repository.now);
    trusted.accept_first_root(repository.newest("root").value(), nullptr);
    trusted.accept_timestamp(repository.newest("timestamp").value());
    trusted.accept_snapshot(repository.newest("snapshot").value());
    trusted.accept_targets(repository.newest("targets").value());
    CHECK_ERROR(trusted.accept_delegation(RoleName::of("targets/x"), std::nullopt), ErrorCode::kInternal);
    CHECK_ERROR(trusted.accept_delegation(RoleName::of("targets/a/b"), std::nullopt), ErrorCode::kInternal);
    trusted.accept_delegation(RoleName::of("targets/a"), repository.newest("targets/a"));
    CHECK_ERROR(trusted.accept_delegation(RoleName::of("targets/a"), repository.newest("targets/a")),
                ErrorCode::kInternal);
  }
}

TEST_CASE("a delegation holds the keys of its role only, or thousands of roles would hold thousands each") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.add_delegation("targets/b", {TestSigner::generate(), TestSigner::generate()});
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  for (const auto& [role, keys] : {std::pair<std::string, std::size_t>{"targets/a", 1}, {"targets/b", 2}}) {
    const tuf::Delegation* delegation = trusted.find_delegation(RoleName::of(role));
    CHECK(delegation->keys.size() == keys);
    for (const tuf::KeyId& id : delegation->role.key_ids) CHECK(delegation->keys.contains(id));
  }
}

TEST_CASE("targets may name so many delegations and no more", "[bulk]") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  auto& roles = repository.targets.at("targets").roles;
  const auto fill_to = [&](std::size_t count) {
    while (roles.size() < count) {
      roles.push_back(roles.front());
      roles.back().name = RoleName::of("targets/r" + std::to_string(roles.size()));
    }
    repository.touch("targets");
    repository.publish();
  };
  fill_to(4096);
  CHECK(test::load(repository).delegations().size() == 4096);
  fill_to(4097);
  CHECK_ERROR(test::load(repository), ErrorCode::kMalformedMetadata, "too many roles");
}

TEST_CASE("a stale file of a role that was removed is not asked for") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.set_target("targets/a", "1.0", kTarget);
  repository.publish();
  repository.remove_delegation("targets/a");
  repository.publish();
  REQUIRE(repository.snapshot.meta.contains("targets/a"));
  const tuf::TrustedRepository trusted = test::load(repository);
  CHECK(trusted.delegations().empty());
  CHECK_FALSE(trusted.admits(RoleName::of("targets/a"), "1.0"));
  CHECK_FALSE(shows(trusted, "targets/a", "1.0"));
}

TEST_CASE("order of priority and parents first") {
  RepositoryMaker repository;
  for (const std::string role : {"targets/z", "targets/a", "targets/z/y", "targets/m"}) {
    repository.add_delegation(role, TestSigner::generate());
    repository.set_target(role, "1.0", kTarget);
  }
  repository.publish();
  const tuf::TrustedRepository trusted = test::load(repository);
  std::vector<std::string> order;
  for (const tuf::Delegation& delegation : trusted.delegations())
    order.push_back(delegation.role.name.text());
  CHECK(order == std::vector<std::string>{"targets/z", "targets/a", "targets/m", "targets/z/y"});
}
