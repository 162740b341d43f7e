// What it takes to turn a draft into a transaction: keys at hand, thresholds met, signatures that verify.
#include "tests/support/catch.h"
#include "tests/support/drafting.h"
#include "tests/support/errors.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/edit/sign_metadata.h"

using test::make_target;
using test::only;
using test::published;
using test::RepositoryMaker;
using test::roles_of;
using test::signer_of;
using test::TestSigner;
using test::with_jenkins;
using tuf::Days;
using tuf::ErrorCode;
using tuf::RepositoryDraft;
using tuf::RoleName;

namespace {

const RoleName kJenkins = RoleName::of("targets/jenkins");

using Roles = std::vector<std::string>;

/// A token that does not do what it should.
class BrokenSigner final : public tuf::Signer {
 public:
  enum class How { kFlipped, kOtherKey, kOtherMessage, kEmpty, kDer };
  BrokenSigner(std::shared_ptr<TestSigner> real, How how) : real_(std::move(real)), how_(how) {}

  const tuf::PublicKey& public_key() const override { return real_->public_key(); }
  tuf::Bytes sign(tuf::ByteView message) override {
    switch (how_) {
      case How::kFlipped: {
        tuf::Bytes signature = real_->sign(message);
        signature[10] ^= 1;
        return signature;
      }
      case How::kOtherKey:
        return TestSigner::generate()->sign(message);
      case How::kOtherMessage:
        return real_->sign(message.first(message.size() - 1));
      case How::kEmpty:
        return {};
      case How::kDer:
        return real_->sign_raw(message, EVP_sha256());
    }
    return {};
  }

 private:
  std::shared_ptr<TestSigner> real_;
  How how_;
};

}  // namespace

TEST_CASE("a threshold is met by as many of the role's keys as it asks for, or nothing is made") {
  RepositoryMaker repository;
  const auto a = TestSigner::generate();
  const auto b = TestSigner::generate(TestSigner::Kind::kRsa2048);
  const auto c = TestSigner::generate();
  repository.add_delegation("targets/jenkins", {a, b, c}, {""}, 2);
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "1.0", make_target("one"));
  CHECK_ERROR(draft.sign(only({})), ErrorCode::kKeyNotFound, "targets/jenkins");
  CHECK_ERROR(draft.sign(only({a})), ErrorCode::kKeyNotFound, "2 of 3");
  CHECK_ERROR(draft.sign(only({TestSigner::generate(), TestSigner::generate()})), ErrorCode::kKeyNotFound);
  for (const auto& signers : {std::vector{a, b}, std::vector{b, c}, std::vector{a, b, c}}) {
    const auto transaction = draft.sign(only(signers));
    CHECK(published(repository, transaction).find_target(kJenkins, "1.0"));
    const auto metadata = tuf::decode<tuf::Targets>(transaction.files()[0].bytes, "file");
    CHECK(metadata.signatures.size() == signers.size());
  }
}

TEST_CASE("one key pair under two IDs of a role signs under both and counts once") {
  RepositoryMaker repository;
  const auto a = TestSigner::generate();
  test::CertificateSpec spec = repository.root_certificate();
  spec.common_name = "a";
  repository.add_delegation("targets/jenkins", {a, TestSigner::generate()}, {""}, 2,
                            {a->public_key(), RepositoryMaker::certified(*a, spec)});
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "1.0", make_target("one"));
  CHECK_ERROR(draft.sign(only({a})), ErrorCode::kKeyNotFound, "1 at hand");
}

TEST_CASE("keys that are not at hand are not missed, and no signature is made in vain") {
  class Counting final : public tuf::Signer {
   public:
    explicit Counting(std::shared_ptr<TestSigner> real) : real_(std::move(real)) {}
    const tuf::PublicKey& public_key() const override { return real_->public_key(); }
    tuf::Bytes sign(tuf::ByteView message) override {
      ++count;
      return real_->sign(message);
    }
    int count = 0;

   private:
    std::shared_ptr<TestSigner> real_;
  };
  RepositoryMaker repository;
  const auto a = TestSigner::generate();
  repository.add_delegation("targets/jenkins", {a, TestSigner::generate()}, {""}, 2);
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "1.0", make_target("one"));
  const auto counting = std::make_shared<Counting>(a);
  const tuf::SignerFor signer_for = [&](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    return id == a->public_key().canonical_id() ? counting : nullptr;
  };
  CHECK_ERROR(draft.sign(signer_for), ErrorCode::kKeyNotFound);
  CHECK(counting->count == 0);
}

TEST_CASE("what no server could serve again is refused before a key is asked for") {
  bool asked = false;
  const tuf::SignerFor signer_for = [&](const tuf::KeyId&) {
    asked = true;
    return TestSigner::generate();
  };
  CHECK_ERROR(tuf::sign_metadata("targets/jenkins", "{\"targets\":{\"1.0\x1b[2J\":{}}}",
                                 {TestSigner::generate()->public_key()}, 1, signer_for),
              ErrorCode::kMalformedMetadata, "targets/jenkins holds a control character");
  CHECK_FALSE(asked);
}

TEST_CASE("a signature that does not verify never leaves the house") {
  using How = BrokenSigner::How;
  const How how = GENERATE(How::kFlipped, How::kOtherKey, How::kOtherMessage, How::kEmpty, How::kDer);
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "2.0", make_target("two"));
  const auto broken = std::make_shared<BrokenSigner>(signer_of(repository, "targets/jenkins"), how);
  CHECK_ERROR(draft.sign([&](const tuf::KeyId&) { return broken; }), ErrorCode::kBadTokenSignature,
              "targets/jenkins");
}

TEST_CASE("a snapshot whose key is at hand is published too, and only then") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "2.0", make_target("two"));
  const auto transaction =
      draft.sign(only({signer_of(repository, "targets/jenkins"), signer_of(repository, "snapshot")}));
  CHECK(roles_of(transaction) == Roles{"targets/jenkins", "snapshot"});
  const auto snapshot = tuf::decode<tuf::Snapshot>(transaction.files()[1].bytes, "snapshot");
  CHECK(snapshot.body.version == base.snapshot().body.version + 1);
  CHECK(snapshot.body.expires == test::kNow + Days{1095});
  CHECK(snapshot.body.meta.size() == base.snapshot().body.meta.size());
  CHECK(snapshot.body.meta.at("targets/jenkins").hashes ==
        tuf::describe_file(transaction.files()[0].bytes).hashes);
  CHECK(snapshot.body.meta.at("root").hashes == base.snapshot().body.meta.at("root").hashes);
  test::LoadOptions options;
  options.seen = test::seen_in(base);
  CHECK(published(repository, transaction, options).find_target(kJenkins, "2.0"));
}
