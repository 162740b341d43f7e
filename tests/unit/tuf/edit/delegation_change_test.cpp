#include "tuf/edit/delegation_change.h"

#include "tests/support/catch.h"
#include "tests/support/drafting.h"
#include "tests/support/errors.h"
#include "tuf/edit/repository_draft.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::RoleName;
using tuf::Targets;

namespace {

const RoleName kA = RoleName::of("targets/a");
const RoleName kB = RoleName::of("targets/b");

/// Two roles: `a` with the keys one and shared, `b` with shared.
struct Parent {
  Parent() {
    tuf::add_to_delegation(body, kA, {one->public_key(), shared->public_key()}, {"v", "w"}, std::nullopt,
                           test::kNow);
    tuf::add_to_delegation(body, kB, {shared->public_key()}, {""}, std::nullopt, test::kNow);
  }
  std::shared_ptr<TestSigner> one = TestSigner::generate();
  std::shared_ptr<TestSigner> shared = TestSigner::generate();
  Targets body;
};

}  // namespace

TEST_CASE("a key leaves the role, and the file once no other role uses it") {
  Parent parent;
  CHECK(tuf::remove_from_delegation(parent.body, kA, {parent.shared->public_key().id()}, {}));
  CHECK(parent.body.find_role(kA)->key_ids == std::vector{parent.one->public_key().id()});
  CHECK(parent.body.keys.size() == 2);  // b uses it
  CHECK(tuf::remove_delegation(parent.body, kB));
  CHECK(parent.body.keys.size() == 1);
  CHECK_FALSE(tuf::remove_delegation(parent.body, kB));
}

TEST_CASE("a key in a certificate is taken out by the ID of either form") {
  Parent parent;
  const tuf::PublicKey certificate =
      RepositoryMaker::certified(*parent.one, RepositoryMaker().root_certificate());
  tuf::add_to_delegation(parent.body, kB, {certificate}, {}, std::nullopt, test::kNow);
  const bool by_canonical_id = GENERATE(false, true);
  const tuf::KeyId id = by_canonical_id ? certificate.canonical_id() : certificate.id();
  CHECK(tuf::remove_from_delegation(parent.body, kB, {id}, {}));
  CHECK(parent.body.find_role(kB)->key_ids == std::vector{parent.shared->public_key().id()});
}

TEST_CASE("paths leave a role, which may be left without any") {
  Parent parent;
  CHECK(tuf::remove_from_delegation(parent.body, kA, {}, {"v", "unknown"}));
  CHECK(parent.body.find_role(kA)->paths == std::vector<std::string>{"w"});
  CHECK_FALSE(tuf::remove_from_delegation(parent.body, kA, {}, {"v"}));
  CHECK(tuf::remove_from_delegation(parent.body, kA, {}, {"w"}));
}

TEST_CASE("a role keeps as many keys as its threshold, and nothing is changed by what is refused") {
  Parent parent;
  CHECK_ERROR(tuf::remove_from_delegation(parent.body, kB, {parent.shared->public_key().id()}, {}),
              ErrorCode::kInvalidRole, "with 0 usable keys");
  CHECK(parent.body.find_role(kB)->key_ids.size() == 1);
  CHECK_ERROR(tuf::remove_from_delegation(parent.body, RoleName::of("targets/c"), {}, {}),
              ErrorCode::kRoleNotFound);
}

TEST_CASE("a draft knows which stored file the remaining keys have not signed") {
  RepositoryMaker maker = test::with_jenkins();
  const auto next = TestSigner::generate();
  const RoleName jenkins = RoleName::of("targets/jenkins");
  const tuf::TrustedRepository base = test::load(maker);
  tuf::RepositoryDraft draft(base);
  CHECK_FALSE(draft.loses_file(jenkins));
  draft.add_delegation(jenkins, {next->public_key()}, {});
  CHECK_FALSE(draft.loses_file(jenkins));
  draft.remove_from_delegation(jenkins, {test::signer_of(maker, "targets/jenkins")->public_key().id()}, {});
  CHECK(draft.loses_file(jenkins));
  draft.renew(jenkins);
  CHECK_FALSE(draft.loses_file(jenkins));
  const auto transaction = draft.sign(test::only({test::signer_of(maker, "targets"), next}));
  CHECK(test::published(maker, transaction).find_target(jenkins, "1.0"));
}

TEST_CASE("a new root key is signed for by the old one and by itself") {
  RepositoryMaker maker = test::with_jenkins();
  const tuf::TrustedRepository base = test::load(maker);
  const auto next = TestSigner::generate();
  const tuf::PublicKey certificate = RepositoryMaker::certified(*next, maker.root_certificate());
  tuf::RepositoryDraft draft(base);
  CHECK(draft.rotate(RoleName::of("root"), certificate.object()));
  CHECK_ERROR(draft.sign(test::only({next})), ErrorCode::kKeyNotFound, "root");
  CHECK_ERROR(draft.sign(test::only({test::signer_of(maker, "root")})), ErrorCode::kKeyNotFound, "root");
  const auto transaction = draft.sign(test::only({test::signer_of(maker, "root"), next}));
  test::LoadOptions options;
  options.known_root = base.root().bytes;
  const tuf::TrustedRepository after = test::published(maker, transaction, options);
  CHECK(after.root().body.version == 2);
  CHECK(after.root().body.role(RoleName::of("root")).key_ids == std::vector{certificate.id()});
  tuf::RepositoryDraft again(after);
  CHECK_FALSE(again.rotate(RoleName::of("root"), certificate.object()));
  CHECK_ERROR(again.rotate(RoleName::of("root"), next->public_key().object()),
              ErrorCode::kBadRootCertificate);
}

TEST_CASE("new keys of targets come with targets that they have signed") {
  RepositoryMaker maker = test::with_jenkins();
  const tuf::TrustedRepository base = test::load(maker);
  const auto next = TestSigner::generate();
  tuf::RepositoryDraft draft(base);
  CHECK(draft.rotate(RoleName::of("targets"), next->public_key().object()));
  const auto transaction = draft.sign(test::only({test::signer_of(maker, "root"), next}));
  CHECK(test::roles_of(transaction) == std::vector<std::string>{"root", "targets"});
  CHECK(test::published(maker, transaction).find_target(RoleName::of("targets/jenkins"), "1.0"));
}

TEST_CASE("a key stands under one ID in a role that needs several signatures") {
  Parent parent;
  RepositoryMaker maker;
  const tuf::PublicKey certified = RepositoryMaker::certified(*parent.one, maker.root_certificate());
  const auto add = [&](std::optional<int> threshold) {
    return tuf::add_to_delegation(parent.body, kA, {certified}, {}, threshold, test::kNow);
  };
  CHECK_ERROR(add(2), ErrorCode::kInvalidRole, "one key twice");
  CHECK(add(std::nullopt));  // one signature is enough
  try {
    tuf::add_to_delegation(parent.body, kA, {}, {}, 2, test::kNow);
    FAIL("added");
  } catch (const tuf::Error& error) {
    CHECK(error.hint().ends_with(" --key " + certified.id().hex()));
  }
  CHECK(tuf::remove_from_delegation(parent.body, kA, {certified.id()}, {}));
  CHECK(tuf::add_to_delegation(parent.body, kA, {}, {}, 2, test::kNow));
}
