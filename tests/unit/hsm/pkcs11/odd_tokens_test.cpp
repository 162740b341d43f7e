// Tokens as vendors make them: names and numbers that differ between the parts of a key, ways to log in of
// their own, and flags that say less than is there. On the scripted module.
#include "hsm/key_ring.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/fake_module.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using hsm::TokenUri;
using test::FakeModule;
using test::TokenBench;
using tuf::ErrorCode;

constexpr const char* kPin = "1234";
constexpr const char* kProtected = "flags=0x100";

/// What `token list` prints of the token's keys.
std::vector<std::string> listed(const FakeModule& fake, const std::string& pin) {
  TokenBench bench(fake.dir().path(), pin);
  std::vector<std::string> uris;
  for (const hsm::TokenInfo& token : bench.tokens().list(TokenUri::parse(fake.uri()))) {
    for (const hsm::TokenKeyInfo& key : token.keys) uris.push_back(key.uri);
  }
  return uris;
}

/// Signs as `sign --key` does: the key is looked for among what shows, and then opened by its ID.
bool ring_signs(const FakeModule& fake, const std::string& uri, const std::string& pin = kPin) {
  TokenBench bench(fake.dir().path(), pin);
  hsm::KeyRing ring;
  ring.add(bench.tokens().key_source(TokenUri::parse(uri)));
  return ring.keys().size() == 1 && test::signs(*ring.signer(ring.keys().front().canonical_id));
}

std::optional<tuf::Error> failure_to_sign(const FakeModule& fake, const std::string& pin = kPin,
                                          const std::string& query = "") {
  TokenBench bench(fake.dir().path(), pin);
  return test::error_of([&] {
    const auto key = bench.open(fake.uri(";object=key") + query);
    const bool one = test::signs(*key, "one");
    const bool two = test::signs(*key, "two");
    CHECK((one && two));
  });
}

}  // namespace

TEST_CASE("what is listed of a key signs when pasted, however the token calls its parts") {
  const std::string script =
      GENERATE(as<std::string>(), "", "public-label=SIGN pubkey",
               "public-label=Public key for Digital Signature;certificate=X.509 Certificate",
               "no-public;certificate=Certificate for Digital Signature", "no-public;certificate=key",
               "public-id=2", "public-id=2;certificate=key", "no-public;certificate=key;public-id=9");
  CAPTURE(script);
  const FakeModule fake(script);
  const std::string pin = GENERATE(as<std::string>(), kPin, "");  // for the listing
  const auto uris = listed(fake, pin);
  const bool hidden = pin.empty() && script.find("no-public") == 0;  // there is nothing to see without log-in
  REQUIRE(uris.size() == (hidden ? 0 : 1));
  for (const std::string& uri : uris) {
    CAPTURE(uri);
    CHECK(ring_signs(fake, uri));
    TokenBench bench(fake.dir().path(), kPin);
    CHECK(test::signs(*bench.open(uri)));
  }
}

TEST_CASE("a key may be named as its public half or its certificate is, and only so") {
  const FakeModule fake("public-label=SIGN pubkey;certificate=Certificate for Digital Signature");
  for (const char* name :
       {"object=key", "object=SIGN%20pubkey", "object=Certificate%20for%20Digital%20Signature",
        "object=SIGN%20pubkey;id=%01", "id=%01"}) {
    CAPTURE(name);
    CHECK(ring_signs(fake, fake.uri(std::string(";") + name)));
  }
  TokenBench bench(fake.dir().path(), kPin);
  for (const char* name : {"object=SIGN", "object=SIGN%20pubkey;id=%02"}) {
    CAPTURE(name);
    CHECK(test::code_of([&] { bench.open(fake.uri(std::string(";") + name)); }) == ErrorCode::kKeyNotFound);
  }
}

TEST_CASE("a token with a way of its own to log in is logged in to by it, and the PIN stays where it is") {
  const std::string pin = GENERATE(as<std::string>(), kPin, "");
  const FakeModule fake(std::string(kProtected) + ";without-pin=0");
  CHECK_FALSE(failure_to_sign(fake, pin));
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("a key that wants a log-in for every signature gets it by the token's own way, too") {
  const FakeModule fake(std::string(kProtected) + ";without-pin=0;always-authenticate");
  CHECK_FALSE(failure_to_sign(fake, ""));
  CHECK(fake.calls("C_Login") == 3);
}

TEST_CASE("a token that only claims such a way gets its PIN, once") {
  const std::string rv = GENERATE("0x7", "0x54");  // CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED
  const FakeModule fake(std::string(kProtected) + ";without-pin=" + rv);
  CHECK_FALSE(failure_to_sign(fake));
  CHECK(fake.calls("C_Login") == 2);

  const FakeModule wrong(std::string(kProtected) + ";without-pin=" + rv);
  const auto error = failure_to_sign(wrong, "9999");
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kWrongPin);
  CHECK(wrong.calls("C_Login") == 2);  // without a PIN, then with it
}

TEST_CASE("after a refusal by the token's own way no PIN is tried") {
  const auto [rv, code] = GENERATE(table<std::string, ErrorCode>({
      {"0xa0",
       ErrorCode::kWrongPin},  // CKR_PIN_INCORRECT: somebody has mistyped it, or nothing counted as a PIN
      {"0xa2", ErrorCode::kWrongPin},     // CKR_PIN_LEN_RANGE
      {"0x50", ErrorCode::kTokenFailed},  // CKR_FUNCTION_CANCELED
      {"0x30", ErrorCode::kTokenFailed},  // CKR_DEVICE_ERROR
  }));
  const FakeModule fake(std::string(kProtected) + ";without-pin=" + rv);
  const auto error = failure_to_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == code);
  CHECK_THAT(error->what(), Catch::Contains("no PIN was tried"));
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("without a PIN at hand a token that only claims its own way says what failed") {
  const FakeModule fake(kProtected);
  const auto error = failure_to_sign(fake, "");
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK_THAT(error->what(), Catch::Contains("CKR_ARGUMENTS_BAD"));
  CHECK_THAT(error->hint(), Catch::Contains("COUNTERSIGN_PIN_FILE"));
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("a lock that the token reports stands before its own way to log in") {
  const FakeModule fake("flags=0x40100;without-pin=0");
  const auto error = failure_to_sign(fake, "");
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kPinLocked);
  CHECK(fake.calls("C_Login") == 0);
}

TEST_CASE("a token that does not say that it has a PIN gets the one at hand, once") {
  const FakeModule fake("no-pin-flag");
  CHECK_FALSE(failure_to_sign(fake));
  CHECK(fake.calls("C_Login") == 1);
  const FakeModule wrong("no-pin-flag");
  CHECK(failure_to_sign(wrong, "9999")->code() == ErrorCode::kWrongPin);
  CHECK(wrong.calls("C_Login") == 1);
  const FakeModule blank("no-pin-flag;fail=C_Login@*:0x102");  // CKR_USER_PIN_NOT_INITIALIZED
  CHECK(failure_to_sign(blank)->code() == ErrorCode::kTokenFailed);
  CHECK(blank.calls("C_Login") == 1);
  const FakeModule without("no-pin-flag");
  CHECK_THAT(failure_to_sign(without, "")->what(), Catch::Contains("CKR_USER_PIN_NOT_INITIALIZED"));
  CHECK(without.calls("C_Login") == 0);
}

TEST_CASE("the empty PIN is given where the URI asks for it, and nowhere else") {
  const FakeModule fake("pin-length=0");
  CHECK_FALSE(failure_to_sign(fake, "", "&pin-value="));
  CHECK(fake.calls("C_Login") == 1);
  const FakeModule before_variable("pin-length=0");
  CHECK_FALSE(failure_to_sign(before_variable, "9999", "&pin-value="));

  const FakeModule careful("pin-length=0");
  TokenBench bench(careful.dir().path(), "");
  bench.secrets = hsm::SecretSource(std::map<std::string, std::string>{{"COUNTERSIGN_PIN", ""}});
  const auto error = test::error_of([&] { bench.open(careful.uri(";object=key")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kSecretMissing);
  CHECK_THAT(error->hint(), Catch::Contains("an empty pin-value"));
  CHECK(careful.calls("C_Login") == 0);
  // What is listed with it can be pasted.
  const auto tokens = bench.tokens().list(TokenUri::parse(careful.uri() + "&pin-value="));
  CHECK_THAT(tokens.at(0).keys.at(0).uri, Catch::Contains("pin-value="));
}

TEST_CASE("a byte order mark in COUNTERSIGN_PIN costs no try") {
  const FakeModule fake;
  CHECK_FALSE(failure_to_sign(fake,
                              "\xef\xbb\xbf"
                              "1234"));
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("a token is chosen by what its library says of itself") {
  const FakeModule fake;
  for (const char* library :
       {"library-manufacturer=countersign%20tests", "library-description=scripted%20module",
        "library-version=0.0", "library-version=0",
        "library-description=scripted%20module;library-version=0.0"}) {
    CAPTURE(library);
    CHECK(
        ring_signs(fake, "pkcs11:object=key;" + std::string(library) + "?module-path=" + FakeModule::path()));
  }
  for (const char* library :
       {"library-manufacturer=Yubico", "library-description=scripted", "library-version=2.6"}) {
    CAPTURE(library);
    TokenBench bench(fake.dir().path(), kPin);
    const auto error = test::error_of([&] {
      bench.open("pkcs11:object=key;" + std::string(library) + "?module-path=" + FakeModule::path());
    });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kTokenNotFound);
    CHECK_THAT(error->what(), Catch::Contains("library-"));
  }
  CHECK(fake.calls("C_Login") == 5);
}
