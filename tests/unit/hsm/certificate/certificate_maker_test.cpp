#include "hsm/certificate/certificate_maker.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/process.h"
#include "tests/unit/hsm/file/key_files.h"
#include "tuf/keys/certificate.h"
#include "tuf/keys/pem.h"

using hsm::PrivateKey;
using tuf::Days;
using tuf::ErrorCode;
using tuf::Gun;
using tuf::PublicKey;

namespace {

const tuf::Time kNow = *tuf::parse_time("2026-11-21T22:00:00Z");
const std::string kNowForOpenssl = std::to_string(kNow.time_since_epoch().count() + 60);

PrivateKey vector_key(const std::string& name) {
  return test::open_only_key(test::read_data("vectors/keys/" + name + ".key.pem"));
}

std::string any_certificate_key() {
  return GENERATE(as<std::string>(), "ecdsa-p224", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048");
}

/// What `openssl x509 -text` prints.
std::string printed(const std::string& pem) {
  const test::TempDir dir;
  test::write_file(dir / "c.pem", pem);
  return test::run_or_throw({"openssl", "x509", "-in", "c.pem", "-noout", "-text", "-nameopt", "RFC2253"}, {},
                            dir.path());
}

}  // namespace

TEST_CASE("a root certificate satisfies every rule of Notary for its GUN") {
  PrivateKey key = vector_key(any_certificate_key());
  const Gun gun = Gun::of("registry.example.com/team/app");
  const std::string pem = make_root_certificate(key, gun, kNow);
  const PublicKey certificate = PublicKey::from_certificate(pem);
  CHECK(certificate.canonical_id() == key.public_key().canonical_id());
  CHECK(tuf::root_certificate_problem(certificate, gun.text(), kNow) == std::nullopt);
  CHECK(tuf::root_certificate_problem(certificate, "registry.example.com/other", kNow) != std::nullopt);
  CHECK(tuf::certificate_expiry(certificate) == kNow + Days(3650));
  CHECK(tuf::chains_to(certificate, pem, kNow));
}

TEST_CASE("openssl verifies every certificate that we make") {
  PrivateKey key = vector_key(any_certificate_key());
  const test::TempDir dir;
  test::write_file(dir / "c.pem", GENERATE(true, false)
                                      ? make_root_certificate(key, Gun::of("registry.example.com/app"), kNow)
                                      : make_delegation_certificate(key, "ci", kNow, Days(30)));
  const test::ProcessResult verify = test::run({"openssl", "verify", "-x509_strict", "-check_ss_sig",
                                                "-attime", kNowForOpenssl, "-CAfile", "c.pem", "c.pem"},
                                               {}, dir.path());
  CAPTURE(verify.output, verify.errors);
  CHECK(verify.exit_code == 0);
}

TEST_CASE("a root certificate has the members that notary gives it") {
  PrivateKey key = vector_key("ecdsa-p256");
  const std::string text =
      printed(make_root_certificate(key, Gun::of("registry.example.com/team/app"), kNow));
  CAPTURE(text);
  for (const char* part :
       {"Version: 3", "Signature Algorithm: ecdsa-with-SHA256", "Issuer: CN=registry.example.com/team/app",
        "Subject: CN=registry.example.com/team/app", "Not Before: Nov 21 22:00:00 2026 GMT",
        "Not After : Nov 18 22:00:00 2036 GMT", "X509v3 Key Usage: critical",
        "Digital Signature, Key Encipherment", "X509v3 Extended Key Usage: \n                Code Signing",
        "X509v3 Basic Constraints: critical", "CA:FALSE"}) {
    CHECK_THAT(text, Catch::Contains(part));
  }
}

TEST_CASE("an RSA certificate is signed with PSS, SHA-256 and a salt of 32 bytes") {
  PrivateKey key = vector_key("rsa-2048");
  const std::string text = printed(make_delegation_certificate(key, "ci", kNow, Days(30)));
  CAPTURE(text);
  for (const char* part : {"Signature Algorithm: rsassaPss", "Hash Algorithm: sha256",
                           "Mask Algorithm: mgf1 with sha256", "Salt Length: 0x20"}) {
    CHECK_THAT(text, Catch::Contains(part));
  }
  CHECK_THAT(text, Catch::Contains("Public Key Algorithm: rsaEncryption"));
}

TEST_CASE("a GUN of more than 64 characters fits into a root certificate") {
  PrivateKey key = vector_key("ecdsa-p256");
  const Gun gun = Gun::of("registry.example.com/" + std::string(200, 'a'));
  const PublicKey certificate = PublicKey::from_certificate(make_root_certificate(key, gun, kNow));
  CHECK(tuf::root_certificate_problem(certificate, gun.text(), kNow) == std::nullopt);
}

TEST_CASE("two certificates of one key differ in their serial numbers") {
  PrivateKey key = vector_key("ecdsa-p256");
  const Gun gun = Gun::of("registry.example.com/app");
  const PublicKey first = PublicKey::from_certificate(make_root_certificate(key, gun, kNow));
  const PublicKey second = PublicKey::from_certificate(make_root_certificate(key, gun, kNow));
  CHECK(first.id() != second.id());
  CHECK(first.canonical_id() == second.canonical_id());
}

TEST_CASE("a delegation certificate has the name and the days that were asked for") {
  PrivateKey key = vector_key("ecdsa-p256");
  const std::string pem = make_delegation_certificate(key, "build \u00fc 1", kNow, Days(90));
  CHECK_THAT(printed(pem), Catch::Contains("Subject: CN=build \\C3\\BC 1"));
  const PublicKey certificate = PublicKey::from_certificate(pem);
  CHECK(tuf::certificate_expiry(certificate) == kNow + Days(90));
  CHECK(tuf::delegation_certificate_problem(certificate, kNow) == std::nullopt);
  CHECK(tuf::delegation_certificate_problem(certificate, kNow + Days(91)) != std::nullopt);
}

TEST_CASE("a request verifies and names its key") {
  PrivateKey key = vector_key(any_certificate_key());
  const test::TempDir dir;
  test::write_file(dir / "r.csr", make_certificate_request(key, "ci"));
  const test::ProcessResult result =
      test::run({"openssl", "req", "-in", "r.csr", "-verify", "-noout", "-text"}, {}, dir.path());
  CAPTURE(result.output, result.errors);
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.errors + result.output, Catch::Contains("verify OK"));
  CHECK_THAT(result.output, Catch::Contains("CN = ci") && Catch::Contains("Code Signing"));
  const std::string spki =
      test::run_or_throw({"openssl", "req", "-in", "r.csr", "-noout", "-pubkey"}, {}, dir.path());
  CHECK(tuf::parse_pem(spki).at(0).content == key.public_key().spki());
}

TEST_CASE("what cannot become a certificate is refused") {
  PrivateKey key = vector_key("ecdsa-p256");
  CHECK(test::code_of([&] { make_delegation_certificate(key, "", kNow, Days(1)); }) == ErrorCode::kUsage);
  CHECK(test::code_of([&] { make_delegation_certificate(key, "a\nb", kNow, Days(1)); }) == ErrorCode::kUsage);
  CHECK(test::code_of([&] { make_delegation_certificate(key, "\xff", kNow, Days(1)); }) == ErrorCode::kUsage);
  CHECK(test::code_of([&] { make_delegation_certificate(key, "ci", kNow, Days(0)); }) == ErrorCode::kUsage);
  CHECK(test::code_of([&] { make_delegation_certificate(key, "ci", kNow, Days(36501)); }) ==
        ErrorCode::kUsage);
  CHECK(test::code_of([&] { make_certificate_request(key, ""); }) == ErrorCode::kUsage);
  PrivateKey ed25519 = vector_key("ed25519");
  CHECK(test::code_of([&] { make_delegation_certificate(ed25519, "ci", kNow, Days(1)); }) ==
        ErrorCode::kKeyUnsupported);
}
