// Whoever answers for the trust server can make any root. What is pinned must have signed it.
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tuf/keys/certificate.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;

namespace {

tuf::KeyId root_id(const RepositoryMaker& repository) {
  return repository.root.roles.at("root").key_ids.front();
}

tuf::KeyId root_canonical_id(const RepositoryMaker& repository) {
  return tuf::PublicKey::from_object(repository.root.keys.at(root_id(repository)))->canonical_id();
}

void load_pinned(const RepositoryMaker& repository, const tuf::TrustPin& pin) {
  test::LoadOptions options;
  options.pin = &pin;
  test::load(repository, options);
}

}  // namespace

TEST_CASE("a pin accepts the root of the pinned key under either of its IDs") {
  const RepositoryMaker repository;
  load_pinned(repository, {{root_id(repository)}, {}});
  load_pinned(repository, {{root_canonical_id(repository)}, {}});
  load_pinned(repository, {{root_id(RepositoryMaker()), root_id(repository)}, {}});
}

TEST_CASE("a pin refuses the root of every other key") {
  const RepositoryMaker repository;
  CHECK_ERROR(load_pinned(repository, {{root_id(RepositoryMaker())}, {}}), ErrorCode::kPinMismatch);
  CHECK_ERROR(load_pinned(repository, {}), ErrorCode::kPinMismatch);
}

TEST_CASE("a root that only lists the pinned certificate and is signed by another is refused") {
  const RepositoryMaker victim;
  const tuf::TrustPin by_id{{root_id(victim)}, {}};
  const tuf::TrustPin by_canonical_id{{root_canonical_id(victim)}, {}};

  RepositoryMaker attacker;
  attacker.root.keys.emplace(root_id(victim), victim.root.keys.at(root_id(victim)));
  attacker.root.roles.at("root").key_ids.push_back(root_id(victim));
  attacker.touch("root");
  attacker.publish();
  test::load(attacker);  // whole in itself

  CHECK_ERROR(load_pinned(attacker, by_id), ErrorCode::kPinMismatch);
  CHECK_ERROR(load_pinned(attacker, by_canonical_id), ErrorCode::kPinMismatch);
}

TEST_CASE("a signature under the pinned key's ID by another key is not that of the pinned key") {
  const RepositoryMaker victim;
  const tuf::TrustPin pin{{root_id(victim)}, {}};
  RepositoryMaker attacker;
  attacker.root.keys.emplace(root_id(victim), victim.root.keys.at(root_id(victim)));
  attacker.root.roles.at("root").key_ids.push_back(root_id(victim));
  ++attacker.root.version;
  const std::string text = tuf::encode_signed(attacker.root);
  const tuf::Bytes forged = attacker.signer("root").sign(tuf::as_bytes(text));
  attacker.store("root", tuf::encode_file(text, {{root_id(attacker).hex(), "ecdsa", forged},
                                                 {root_id(victim).hex(), "ecdsa", forged}}));
  attacker.publish_snapshot();
  CHECK_ERROR(load_pinned(attacker, pin), ErrorCode::kPinMismatch);
}

TEST_CASE("a CA pin accepts certificates that chain to it, code signing or not") {
  const auto ca = TestSigner::generate();
  RepositoryMaker repository;
  test::CertificateSpec ca_spec = repository.root_certificate();
  ca_spec.common_name = "Example Root CA";
  ca_spec.ca = true;
  ca_spec.extended_key_usage.clear();
  const tuf::TrustPin pin{{}, test::make_certificate(*ca, ca_spec)};
  CHECK_ERROR(load_pinned(repository, pin), ErrorCode::kPinMismatch);  // self-signed

  for (const std::string usage : {"codeSigning", "serverAuth", ""}) {
    test::CertificateSpec spec = repository.root_certificate();
    spec.issuer = ca.get();
    spec.issuer_name = ca_spec.common_name;
    spec.extended_key_usage = usage;
    repository.rotate("root", TestSigner::generate(), spec);
    repository.publish();
    load_pinned(repository, pin);
  }
}

TEST_CASE("a CA pin is not satisfied by a certificate of the CA that did not sign the root") {
  const auto ca = TestSigner::generate();
  RepositoryMaker attacker;
  test::CertificateSpec ca_spec = attacker.root_certificate();
  ca_spec.common_name = "Example Root CA";
  ca_spec.ca = true;
  ca_spec.extended_key_usage.clear();
  test::CertificateSpec spec = attacker.root_certificate();
  spec.issuer = ca.get();
  spec.issuer_name = ca_spec.common_name;
  const tuf::PublicKey honest = RepositoryMaker::certified(*TestSigner::generate(), spec);
  attacker.root.keys.emplace(honest.id(), honest.object());
  attacker.root.roles.at("root").key_ids.push_back(honest.id());
  attacker.touch("root");
  attacker.publish();
  CHECK_ERROR(load_pinned(attacker, {{}, test::make_certificate(*ca, ca_spec)}), ErrorCode::kPinMismatch);
}

TEST_CASE("a CA pin refuses chains through weak signatures, foreign CAs and expired CAs") {
  const auto ca = TestSigner::generate();
  RepositoryMaker repository;
  test::CertificateSpec ca_spec = repository.root_certificate();
  ca_spec.common_name = "Example Root CA";
  ca_spec.ca = true;
  ca_spec.extended_key_usage.clear();
  test::CertificateSpec leaf_spec = repository.root_certificate();

  const auto chained = [&](const test::CertificateSpec& intermediate_spec) {
    const auto intermediate = TestSigner::generate();
    const auto leaf = TestSigner::generate();
    leaf_spec.issuer = intermediate.get();
    leaf_spec.issuer_name = intermediate_spec.common_name;
    return tuf::PublicKey::from_certificate(test::make_certificate(*leaf, leaf_spec) +
                                            test::make_certificate(*intermediate, intermediate_spec));
  };
  test::CertificateSpec intermediate = ca_spec;
  intermediate.common_name = "Example Issuing CA";
  intermediate.issuer = ca.get();
  intermediate.issuer_name = ca_spec.common_name;
  const std::string ca_pem = test::make_certificate(*ca, ca_spec);
  CHECK(tuf::chains_to(chained(intermediate), ca_pem, test::kNow));
  CHECK(tuf::chains_to(chained(intermediate),
                       "any text\n" + test::make_certificate(*TestSigner::generate(), ca_spec) + ca_pem,
                       test::kNow));

  test::CertificateSpec weak = intermediate;
  weak.digest = "SHA1";
  CHECK_FALSE(tuf::chains_to(chained(weak), ca_pem, test::kNow));
  test::CertificateSpec expired = intermediate;
  expired.not_after = test::kNow - tuf::Days{1};
  CHECK_FALSE(tuf::chains_to(chained(expired), ca_pem, test::kNow));
  test::CertificateSpec no_ca = intermediate;
  no_ca.ca = false;
  CHECK_FALSE(tuf::chains_to(chained(no_ca), ca_pem, test::kNow));
  CHECK_FALSE(tuf::chains_to(chained(intermediate), test::make_certificate(*TestSigner::generate(), ca_spec),
                             test::kNow));
  CHECK_FALSE(tuf::chains_to(TestSigner::generate()->public_key(), ca_pem, test::kNow));
  CHECK_ERROR(tuf::chains_to(chained(intermediate), "no certificate", test::kNow), ErrorCode::kConfig);
}

TEST_CASE("a second root key whose certificate is for another repository is ignored") {
  RepositoryMaker repository;
  const auto stranger = TestSigner::generate();
  test::CertificateSpec foreign = repository.root_certificate();
  foreign.common_name = "registry.example.com/other";
  const tuf::PublicKey key = RepositoryMaker::certified(*stranger, foreign);
  repository.root.keys.emplace(key.id(), key.object());
  repository.root.roles.at("root").key_ids.push_back(key.id());
  repository.signers.at("root").push_back(stranger);
  repository.touch("root");
  repository.publish();
  test::load(repository);

  SECTION("it cannot satisfy a pin, though it signed") {
    CHECK_ERROR(load_pinned(repository, {{key.id()}, {}}), ErrorCode::kPinMismatch);
  }
  SECTION("it cannot fill a threshold") {
    repository.root.roles.at("root").threshold = 2;
    repository.touch("root");
    repository.publish();
    CHECK_ERROR(test::load(repository), ErrorCode::kBadSignature);
  }
  SECTION("it cannot sign the next root alone") {
    test::LoadOptions options;
    options.known_root = repository.newest("root");
    repository.rotate("root");
    auto& signers = repository.signers.at("root");
    signers = {signers.front(), stranger};  // without the old key
    repository.publish();
    CHECK_ERROR(test::load(repository, options), ErrorCode::kBadSignature);
  }
}
