// What counts towards a threshold: distinct key pairs, each in the one scheme that its type allows (threats 3
// and 4).
#include <openssl/rsa.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"
#include "tuf/keys/ecdsa_signature.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::PublicKey;
using tuf::Signature;

namespace {

/// A repository whose `targets` role lists `keys` with that threshold; its file carries what `sign` returns.
struct Case {
  std::vector<PublicKey> keys;
  int threshold = 1;

  template <class Sign>
  void load(Sign sign) const {
    RepositoryMaker repository;
    tuf::RoleKeys& role = repository.root.roles.at("targets");
    role = {{}, threshold};
    for (const PublicKey& key : keys) {
      role.key_ids.push_back(key.id());
      repository.root.keys.emplace(key.id(), key.object());
    }
    ++repository.root.version;
    repository.store("root", repository.sign_role("root"));
    ++repository.targets.at("targets").version;
    const std::string text = tuf::encode_signed(repository.targets.at("targets"));
    repository.store("targets", tuf::encode_file(text, sign(tuf::as_bytes(text))));
    repository.publish_snapshot();
    test::load(repository);
  }
};

Signature signature_by(const std::shared_ptr<TestSigner>& signer, const PublicKey& listed,
                       tuf::ByteView text) {
  return {listed.id().hex(), std::string(tuf::signature_method(listed.type())), signer->sign(text)};
}

PublicKey certified(const TestSigner& signer, const std::string& name) {
  test::CertificateSpec spec;
  spec.common_name = name;
  spec.not_before = test::kNow - tuf::Days{1};
  spec.not_after = test::kNow + tuf::Days{1};
  return RepositoryMaker::certified(signer, spec);
}

using Signatures = std::vector<Signature>;

}  // namespace

TEST_CASE("two different keys meet a threshold of two") {
  const auto a = TestSigner::generate();
  const auto b = TestSigner::generate(TestSigner::Kind::kP384);
  const Case two{{a->public_key(), b->public_key()}, 2};
  two.load([&](tuf::ByteView text) {
    return Signatures{signature_by(a, a->public_key(), text), signature_by(b, b->public_key(), text)};
  });
  CHECK_ERROR(
      two.load([&](tuf::ByteView text) { return Signatures{signature_by(a, a->public_key(), text)}; }),
      ErrorCode::kBadSignature, "targets");
  CHECK_ERROR(two.load([](tuf::ByteView) { return Signatures{}; }), ErrorCode::kBadSignature);
}

TEST_CASE("one key that signs twice counts once") {
  const auto a = TestSigner::generate();
  const auto b = TestSigner::generate();
  const Case two{{a->public_key(), b->public_key()}, 2};
  CHECK_ERROR(two.load([&](tuf::ByteView text) {
    return Signatures{signature_by(a, a->public_key(), text), signature_by(a, a->public_key(), text)};
  }),
              ErrorCode::kBadSignature);
  CHECK_ERROR(two.load([&](tuf::ByteView text) {  // under the other's name
    return Signatures{signature_by(a, a->public_key(), text), signature_by(a, b->public_key(), text)};
  }),
              ErrorCode::kBadSignature);
}

TEST_CASE("one key pair, bare and in certificates, counts once, in whatever order") {
  const auto a = TestSigner::generate();
  std::vector<PublicKey> forms = {a->public_key(), certified(*a, "one"), certified(*a, "two")};
  for (std::size_t i = 0; i < forms.size(); ++i) {
    std::rotate(forms.begin(), forms.begin() + 1, forms.end());
    const Case two{forms, 2};
    CHECK_ERROR(two.load([&](tuf::ByteView text) {
      return Signatures{signature_by(a, forms[0], text), signature_by(a, forms[1], text),
                        signature_by(a, forms[2], text)};
    }),
                ErrorCode::kBadSignature);
    const Case one{forms, 1};
    one.load([&](tuf::ByteView text) { return Signatures{signature_by(a, forms[2], text)}; });
  }
}

TEST_CASE("an ID that the role lists twice counts once") {
  const auto a = TestSigner::generate();
  const Case two{{a->public_key(), a->public_key()}, 2};
  CHECK_ERROR(two.load([&](tuf::ByteView text) {
    return Signatures{signature_by(a, a->public_key(), text), signature_by(a, a->public_key(), text)};
  }),
              ErrorCode::kBadSignature);
}

TEST_CASE("an ID that the role lists a thousand times costs one verification") {
  const auto a = TestSigner::generate();
  const tuf::KeyId id = a->public_key().id();
  const tuf::RoleAuthority authority({{id, a->public_key().object()}}, std::vector(1000, id), 1);
  CHECK(authority.keys().size() == 1);
}

TEST_CASE("useless signatures beside a good one do no harm") {
  const auto a = TestSigner::generate();
  const auto stranger = TestSigner::generate();
  const Case one{{a->public_key()}, 1};
  one.load([&](tuf::ByteView text) {
    const Signature good = signature_by(a, a->public_key(), text);
    Signature broken = good;
    broken.value[5] ^= 1;
    Signature unknown_method = good;
    unknown_method.method = "quantum";
    Signature no_id = good;
    no_id.keyid = "../../etc/passwd";
    return Signatures{
        broken,       unknown_method, no_id, signature_by(stranger, stranger->public_key(), text),
        {"", "", {}}, good,           good};
  });
}

TEST_CASE("a signature by a key outside of the role is worth nothing") {
  const auto a = TestSigner::generate();
  const auto stranger = TestSigner::generate();
  const Case one{{a->public_key()}, 1};
  CHECK_ERROR(one.load([&](tuf::ByteView text) {
    return Signatures{signature_by(stranger, stranger->public_key(), text),
                      signature_by(stranger, a->public_key(), text)};
  }),
              ErrorCode::kBadSignature);
}

TEST_CASE("the keys of other roles of the same root do not sign for targets") {
  for (const std::string role : {"root", "snapshot", "timestamp"}) {
    CAPTURE(role);
    RepositoryMaker repository;
    repository.set_target("targets", "1.0", test::make_target("one"));
    ++repository.targets.at("targets").version;
    const std::string text = tuf::encode_signed(repository.targets.at("targets"));
    TestSigner& signer = repository.signer(role);
    const tuf::KeyId id = repository.root.roles.at(role).key_ids.front();
    repository.store("targets",
                     tuf::encode_file(text, {{id.hex(), "ecdsa", signer.sign(tuf::as_bytes(text))}}));
    repository.publish_snapshot();
    CHECK_ERROR(test::load(repository), ErrorCode::kBadSignature);
  }
}

TEST_CASE("ECDSA signatures count as r and s over SHA-256, whatever the method's capitals") {
  const auto a = TestSigner::generate(TestSigner::Kind::kP384);
  const Case one{{a->public_key()}, 1};
  const auto load = [&](const std::string& method, auto sign) {
    one.load([&](tuf::ByteView text) {
      return Signatures{{a->public_key().id().hex(), method, sign(text)}};
    });
  };
  load("ecdsa", [&](tuf::ByteView text) { return a->sign(text); });
  load("ECDSA", [&](tuf::ByteView text) { return a->sign(text); });
  CHECK_ERROR(load("ecdsa", [&](tuf::ByteView text) { return a->sign_raw(text, EVP_sha256()); }),
              ErrorCode::kBadSignature);
  CHECK_ERROR(
      load("ecdsa", [&](tuf::ByteView text) { return tuf::der_to_rs(a->sign_raw(text, EVP_sha384()), 48); }),
      ErrorCode::kBadSignature);
  for (const std::string method : {"rsapss", "eddsa", "none", ""}) {
    CHECK_ERROR(load(method, [&](tuf::ByteView text) { return a->sign(text); }), ErrorCode::kBadSignature);
  }
}

TEST_CASE(
    "RSA signatures count as PSS with a salt of 32 bytes or as PKCS#1 v1.5, each under its own method") {
  const auto a = TestSigner::from_pem(test::read_data("vectors/keys/rsa-2048.key.pem"));
  const Case one{{a->public_key()}, 1};
  const auto load = [&](const std::string& method, auto sign) {
    one.load([&](tuf::ByteView text) {
      return Signatures{{a->public_key().id().hex(), method, sign(text)}};
    });
  };
  const auto pss = [&](tuf::ByteView text) { return a->sign(text); };
  const auto pkcs1 = [&](tuf::ByteView text) { return a->sign_raw(text, EVP_sha256(), RSA_PKCS1_PADDING); };
  load("rsapss", pss);
  load("RSAPSS", pss);
  load("rsapkcs1v15", pkcs1);
  CHECK_ERROR(load("rsapkcs1v15", pss), ErrorCode::kBadSignature);
  CHECK_ERROR(load("rsapss", pkcs1), ErrorCode::kBadSignature);
  CHECK_ERROR(
      load("rsapss",
           [&](tuf::ByteView text) { return a->sign_raw(text, EVP_sha256(), RSA_PKCS1_PSS_PADDING, 20); }),
      ErrorCode::kBadSignature);
  CHECK_ERROR(
      load("rsapss",
           [&](tuf::ByteView text) { return a->sign_raw(text, EVP_sha384(), RSA_PKCS1_PSS_PADDING); }),
      ErrorCode::kBadSignature);
}

TEST_CASE("a role whose threshold is above its keys cannot be met") {
  const auto a = TestSigner::generate();
  for (const int threshold : {2, 1000, 2147483647}) {
    const Case greedy{{a->public_key()}, threshold};
    CHECK_ERROR(
        greedy.load([&](tuf::ByteView text) { return Signatures{signature_by(a, a->public_key(), text)}; }),
        ErrorCode::kBadSignature);
  }
}

TEST_CASE("a role without keys cannot be met") {
  const auto a = TestSigner::generate();
  const Case none{{}, 1};
  CHECK_ERROR(
      none.load([&](tuf::ByteView text) { return Signatures{signature_by(a, a->public_key(), text)}; }),
      ErrorCode::kBadSignature);
}
