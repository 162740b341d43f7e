// Keys made on the token by us, seen by us and by pkcs11-tool.
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/fake_module.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using hsm::KeyAlgorithm;
using hsm::TokenUri;
using test::SoftHsm;
using test::TokenBench;
using tuf::ErrorCode;

std::string lines_about_private_key(const std::string& listing) {
  const std::size_t start = listing.find("Private Key Object");
  return start == std::string::npos ? ""
                                    : listing.substr(start, listing.find("Public Key Object", start) - start);
}

}  // namespace

TEST_CASE("a key made on the token signs, was born there and never leaves; pkcs11-tool agrees") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  const auto [algorithm, description] =
      GENERATE(table<KeyAlgorithm, std::string>({{KeyAlgorithm::kP256, "EC P-256"},
                                                 {KeyAlgorithm::kP384, "EC P-384"},
                                                 {KeyAlgorithm::kRsa2048, "RSA 2048"},
                                                 {KeyAlgorithm::kRsa3072, "RSA 3072"}}));
  INFO(description);
  std::string uri;
  std::string key_id;
  {
    TokenBench bench(hsm.dir().path());
    const auto key =
        bench.tokens().generate_key(TokenUri::parse(SoftHsm::uri("token=ci")), "release", algorithm);
    CHECK(key->public_key().description() == description);
    CHECK(test::signs(*key));
    const hsm::KeyOrigin origin = key->origin();
    CHECK(origin.local == true);
    CHECK(origin.never_extractable == true);
    CHECK(origin.extractable == false);
    CHECK(origin.sensitive == true);
    CHECK(bench.warnings.empty());
    uri = key->uri();
    key_id = key->public_key().id().hex();
  }
  CHECK(TokenUri::parse(uri).id.size() == 16);
  const std::string listing =
      lines_about_private_key(hsm.tool("ci", {"--list-objects", "--type", "privkey"}));
  INFO(listing);
  CHECK(listing.find("release") != std::string::npos);
  CHECK(listing.find("sensitive, always sensitive, never extractable, local") != std::string::npos);
  const std::size_t usage = listing.find("Usage:");
  REQUIRE(usage != std::string::npos);
  const std::string rights = listing.substr(usage, listing.find('\n', usage) - usage);
  CHECK(rights.find("sign") != std::string::npos);
  for (const char* other : {"decrypt", "unwrap", "derive"}) CHECK(rights.find(other) == std::string::npos);

  TokenBench later(hsm.dir().path());
  const auto again = later.open(uri);
  CHECK(again->public_key().id().hex() == key_id);
  CHECK(test::signs(*again));
}

TEST_CASE("a label that is taken is not given to a second key") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "release", "01");
  TokenBench bench(hsm.dir().path());
  const TokenUri token = TokenUri::parse(SoftHsm::uri("token=ci"));
  const auto error =
      test::error_of([&] { bench.tokens().generate_key(token, "release", KeyAlgorithm::kP256); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyAmbiguous);
  CHECK(bench.tokens().list(token).at(0).keys.size() == 1);
}

TEST_CASE("a key is made on one named token and under a name of its own") {
  const SoftHsm hsm;
  hsm.add_token("a");
  hsm.add_token("b");
  TokenBench bench(hsm.dir().path());
  const auto generate = [&](const std::string& uri, const std::string& label) {
    return test::code_of(
        [&] { bench.tokens().generate_key(TokenUri::parse(uri), label, KeyAlgorithm::kP256); });
  };
  CHECK(generate(SoftHsm::uri(""), "k") == ErrorCode::kTokenAmbiguous);
  CHECK(generate(SoftHsm::uri("token=a;object=x"), "k") == ErrorCode::kInvalidKeyRef);
  CHECK(generate(SoftHsm::uri("token=a"), "") == ErrorCode::kInvalidKeyRef);
}

TEST_CASE("a token that cannot make such a key says so") {
  const test::FakeModule fake;
  TokenBench bench(fake.dir().path(), "1234");
  CHECK(test::code_of([&] {
          bench.tokens().generate_key(TokenUri::parse(fake.uri()), "k", KeyAlgorithm::kRsa2048);
        }) == ErrorCode::kKeyUnsupported);
  CHECK(test::code_of([&] {
          bench.tokens().generate_key(TokenUri::parse(fake.uri()), "k", KeyAlgorithm::kP384);
        }) == ErrorCode::kKeyUnsupported);
  CHECK(fake.calls("C_GenerateKeyPair") == 0);
}

TEST_CASE("a new key that could be read out is destroyed") {
  const test::FakeModule fake("extractable");
  TokenBench bench(fake.dir().path(), "1234");
  const auto error = test::error_of(
      [&] { bench.tokens().generate_key(TokenUri::parse(fake.uri()), "fresh", KeyAlgorithm::kP256); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(fake.calls("C_DestroyObject") == 2);
  CHECK(bench.tokens().list(TokenUri::parse(fake.uri())).at(0).keys.size() == 1);
}

TEST_CASE("a new key of which the token will not swear that it was made there is kept, with a warning") {
  const test::FakeModule fake("imported");
  TokenBench bench(fake.dir().path(), "1234");
  const auto key = bench.tokens().generate_key(TokenUri::parse(fake.uri()), "fresh", KeyAlgorithm::kP256);
  CHECK(key->origin().local == false);
  CHECK(bench.warnings == std::vector<std::string>{"NO_ORIGIN_EVIDENCE"});
}

TEST_CASE("a listing shows every token, and of its keys what can be seen without and with the PIN") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_token("other", "11112222");
  hsm.add_key("ci", "EC:prime256v1", "release", "01");
  hsm.add_key("ci", "EC:edwards25519", "odd", "02");
  const TokenUri any = TokenUri::parse(SoftHsm::uri(""));
  {
    TokenBench bench(hsm.dir().path(), "");
    const auto tokens = bench.tokens().list(any);
    REQUIRE(tokens.size() == 3);  // and SoftHSM's blank slot
    const auto ci =
        std::find_if(tokens.begin(), tokens.end(), [](const auto& token) { return token.label == "ci"; });
    REQUIRE(ci != tokens.end());
    CHECK(ci->initialised);
    CHECK(ci->login_required);
    CHECK(ci->pin_initialised);
    CHECK_FALSE(ci->pin_locked);
    CHECK(ci->model == "SoftHSM v2");
    CHECK(ci->problem.empty());
    REQUIRE(ci->keys.size() == 2);
    for (const hsm::TokenKeyInfo& key : ci->keys) {
      CHECK_FALSE(key.private_in_view);
      CHECK(key.has_public_object);
      CHECK(key.origin.local == std::nullopt);
      CHECK(key.public_key.has_value() == (key.label == "release"));
      CHECK(key.problem.empty() == (key.label == "release"));
    }
    CHECK_FALSE(tokens.back().initialised);
  }
  {
    // The PIN fits one token; with two in view it is given to none, or the other one's counter would suffer.
    TokenBench bench(hsm.dir().path());
    bench.tokens().list(any);
    CHECK(bench.warnings == std::vector<std::string>{"LOGIN_SKIPPED"});
  }
  TokenBench bench(hsm.dir().path());
  const auto tokens = bench.tokens().list(TokenUri::parse(SoftHsm::uri("token=ci")));
  REQUIRE(tokens.size() == 1);
  REQUIRE(tokens[0].keys.size() == 2);
  for (const hsm::TokenKeyInfo& key : tokens[0].keys) {
    CHECK(key.private_in_view);
    CHECK(key.origin.local == true);
    CHECK(key.origin.never_extractable == true);
    if (key.label == "release") CHECK(test::signs(*bench.open(key.uri)));
  }
}
