#include "tuf/keys/certificate.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/keys/pem.h"

using std::chrono::seconds;
using test::CertificateSpec;
using test::kNow;
using test::TestSigner;
using tuf::Days;
using tuf::PublicKey;

namespace {

const std::string kGun = "registry.example.com/team/app";

CertificateSpec spec(const std::string& common_name = kGun) {
  CertificateSpec spec;
  spec.common_name = common_name;
  spec.not_before = kNow - Days{1};
  spec.not_after = kNow + Days{3650};
  return spec;
}

const TestSigner& signer() {
  static const std::shared_ptr<TestSigner> key = TestSigner::generate();
  return *key;
}

std::string pem(const CertificateSpec& spec) {
  return test::make_certificate(signer(), spec);
}

/// Of the key that a root would list with exactly that text; empty if it may vouch.
std::string problem(const std::string& text, std::optional<tuf::Time> now = kNow) {
  const auto key = PublicKey::from_object({"ecdsa-x509", tuf::to_base64(tuf::as_bytes(text))});
  if (!key) return "no key";
  return tuf::root_certificate_problem(*key, kGun, now).value_or("");
}

std::string problem(const CertificateSpec& spec, std::optional<tuf::Time> now = kNow) {
  return problem(pem(spec), now);
}

std::string wrapped_at(const std::string& certificate, std::size_t columns) {
  const std::string body = tuf::to_base64(tuf::parse_pem(certificate).front().content);
  std::string text = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t i = 0; i < body.size(); i += columns) text += body.substr(i, columns) + "\n";
  return text + "-----END CERTIFICATE-----\n";
}

using Catch::Contains;

}  // namespace

TEST_CASE("a root certificate is for the repository or a prefix with a star") {
  for (const std::string name : {"registry.example.com/team/app", "registry.example.com/team/app*",
                                 "registry.example.com/team/*", "registry.example.com/team/ap*", "r*", "*"}) {
    CAPTURE(name);
    CHECK(problem(spec(name)).empty());
  }
  for (const std::string name :
       {"", "registry.example.com/team/ap", "registry.example.com/team/app2",
        "registry.example.com/team/app/*", "Registry.example.com/team/app", "registry.example.com/team/app ",
        "registry.example.com/*/app", "*app", "**", "registry.example.com/team/?pp"}) {
    CAPTURE(name);
    CHECK_THAT(problem(spec(name)), Contains("is for"));
  }
  using namespace std::string_literals;
  CHECK_THAT(problem(spec("registry.example.com/team/app\0.evil"s)), Contains("is for"));
}

TEST_CASE("a repository name longer than OpenSSL's limit for common names is matched") {
  const std::string gun = "registry.example.com/" + std::string(180, 'a');
  const PublicKey key = PublicKey::from_certificate(pem(spec(gun)));
  CHECK_FALSE(tuf::root_certificate_problem(key, gun, kNow).has_value());
}

TEST_CASE("a root certificate is valid at the time of the run, with a day of leeway at the start") {
  CertificateSpec dated = spec();
  dated.not_before = kNow;
  dated.not_after = kNow + Days{10};
  const std::string text = pem(dated);
  CHECK(problem(text, dated.not_before).empty());
  CHECK(problem(text, dated.not_before - Days{1}).empty());
  CHECK_THAT(problem(text, dated.not_before - Days{1} - seconds{1}), Contains("not valid before"));
  CHECK(problem(text, dated.not_after).empty());
  CHECK_THAT(problem(text, dated.not_after + seconds{1}), Contains("expired"));
  CHECK(problem(text, std::nullopt).empty());
}

TEST_CASE("a CA cannot vouch as a leaf, nor a leaf stand among the issuers") {
  CertificateSpec ca = spec();
  ca.ca = true;
  CHECK_THAT(problem(ca), Contains("one leaf"));
  CHECK(problem(pem(spec()) + pem(ca)).empty());
  CHECK(problem(pem(spec()) + pem(ca) + pem(ca)).empty());
  CHECK_THAT(problem(pem(spec()) + pem(spec())), Contains("one leaf"));
  CHECK_THAT(problem(pem(ca) + pem(spec())), Contains("one leaf"));
}

TEST_CASE("a bare key cannot vouch") {
  const auto bare = tuf::root_certificate_problem(signer().public_key(), kGun, kNow);
  REQUIRE(bare);
  CHECK_THAT(*bare, Contains("bare key"));
}

TEST_CASE("a weak signature disqualifies, a short RSA key is no key") {
  CertificateSpec weak = spec();
  weak.digest = "SHA1";
  CHECK_THAT(problem(weak), Contains("SHA1"));
  CHECK_THAT(problem(pem(weak), std::nullopt), Contains("SHA1"));
  weak.digest = "SHA512";
  CHECK(problem(weak).empty());
}

TEST_CASE("the text of a root certificate is exactly what an encoder writes") {
  const std::string exact = pem(spec());
  REQUIRE(problem(exact).empty());
  std::string windows;
  for (char c : exact) windows += c == '\n' ? "\r\n" : std::string(1, c);
  const std::string header = "-----BEGIN CERTIFICATE-----\n";
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"no final newline", exact.substr(0, exact.size() - 1)},
      {"two final newlines", exact + "\n"},
      {"CRLF", windows},
      {"76 columns", wrapped_at(exact, 76)},
      {"one line", wrapped_at(exact, 100000)},
      {"63 columns", wrapped_at(exact, 63)},
      {"text before", "subject: me\n" + exact},
      {"text after", exact + "that was it\n"},
      {"blank line before", "\n" + exact},
      {"headers", header + "role: root\n\n" + exact.substr(header.size())},
      {"trailing blanks", exact.substr(0, exact.size() - 1) + " \n"},
      {"another kind of block behind",
       exact + tuf::format_pem({"PUBLIC KEY", {}, signer().public_key().spki()})},
      {"garbage as an issuer", exact + tuf::format_pem({"CERTIFICATE", {}, {1, 2, 3}})},
  };
  for (const auto& [name, text] : forms) {
    CAPTURE(name);
    CHECK_FALSE(problem(text).empty());
  }
}

TEST_CASE("bytes behind a certificate in its block are refused") {
  tuf::PemBlock block = tuf::parse_pem(pem(spec())).front();
  block.content.push_back(0);
  CHECK(problem(tuf::format_pem(block)) == "no key");
}

TEST_CASE("recorded root certificates pass, at the time of recording") {
  const auto root = tuf::decode<tuf::Root>(test::read_data("vectors/repo/3.root.json"), "root");
  for (const tuf::KeyId& id : root.body.roles.at("root").key_ids) {
    const auto key = PublicKey::from_object(root.body.keys.at(id));
    REQUIRE(key);
    CHECK_FALSE(tuf::root_certificate_problem(*key, kGun, kNow).has_value());
    CHECK(tuf::root_certificate_problem(*key, kGun, kNow + Days{3700}).has_value());
    CHECK(tuf::root_certificate_problem(*key, "example.com/team/app", kNow).has_value());
    CHECK(tuf::certificate_expiry(*key) > kNow + Days{3640});
  }
}

TEST_CASE("a certificate put into a delegation is valid now and strongly signed, its name is free") {
  const auto delegation_problem = [](const CertificateSpec& s) {
    return tuf::delegation_certificate_problem(PublicKey::from_certificate(pem(s)), kNow).value_or("");
  };
  CHECK(delegation_problem(spec("anybody")).empty());
  CertificateSpec changed = spec("anybody");
  changed.not_after = kNow - seconds{1};
  CHECK_THAT(delegation_problem(changed), Contains("expired"));
  changed = spec("anybody");
  changed.not_before = kNow + Days{2};
  CHECK_THAT(delegation_problem(changed), Contains("not valid before"));
  changed = spec("anybody");
  changed.digest = "SHA1";
  CHECK_THAT(delegation_problem(changed), Contains("SHA1"));
  CHECK_FALSE(tuf::delegation_certificate_problem(signer().public_key(), kNow).has_value());
  CHECK_FALSE(tuf::certificate_expiry(signer().public_key()).has_value());
}
