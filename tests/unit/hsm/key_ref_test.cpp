#include "hsm/key_ref.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/test_data.h"

using hsm::KeyFilePath;
using hsm::KeyIdPrefix;
using hsm::parse_key_ref;
using hsm::TokenKeyUri;
using tuf::ErrorCode;

TEST_CASE("what starts with pkcs11: is a URI") {
  CHECK(std::get<TokenKeyUri>(parse_key_ref("pkcs11:token=ci;object=k1")).text ==
        "pkcs11:token=ci;object=k1");
  CHECK(std::get<TokenKeyUri>(parse_key_ref("PKCS11:token=ci")).text == "PKCS11:token=ci");
  CHECK(std::get<TokenKeyUri>(parse_key_ref("pkcs11:")).text == "pkcs11:");
}

TEST_CASE("A URI that is printed for use has no PIN, but asks for the empty one") {
  CHECK(hsm::without_pin("pkcs11:token=ci?pin-value=86420975") == "pkcs11:token=ci");
  CHECK(hsm::without_pin("PKCS11:token=ci?module-path=/m.so&pin-value=1&pin-source=/p") ==
        "PKCS11:token=ci?module-path=/m.so&pin-source=/p");
  for (const std::string same : {"pkcs11:token=ci", "pkcs11:token=ci?pin-value=", "ci.pem?pin-value=1"})
    CHECK(hsm::without_pin(same) == same);
}

TEST_CASE("digits name a key of the trust directory, in any case") {
  CHECK(std::get<KeyIdPrefix>(parse_key_ref("9deed25")).digits == "9deed25");
  CHECK(std::get<KeyIdPrefix>(parse_key_ref("9DEED25")).digits == "9deed25");
  CHECK(std::get<KeyIdPrefix>(parse_key_ref(std::string(64, 'a'))).digits == std::string(64, 'a'));
}

TEST_CASE(
    "digits are a key ID whatever the working directory holds; a file of that name is named with a slash") {
  const test::TempDir dir;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  for (const std::string& name : {std::string("abcd"), std::string("9DEED25"), std::string(64, 'a')}) {
    CAPTURE(name);
    test::write_file(dir / name, "x");
    CHECK(std::holds_alternative<KeyIdPrefix>(parse_key_ref(name)));
    CHECK(std::get<KeyFilePath>(parse_key_ref("./" + name)).path == "./" + name);
  }
  for (const std::string& name : {std::string("abc"), std::string(65, 'a'), std::string("key")}) {
    CAPTURE(name);
    test::write_file(dir / name, "x");
    CHECK(std::get<KeyFilePath>(parse_key_ref(name)).path == name);
  }
  std::filesystem::current_path(before);
}

TEST_CASE("a path to nothing is told apart from nonsense") {
  CHECK(test::code_of([] { parse_key_ref("./nothing/here"); }) == ErrorCode::kFileUnreadable);
  CHECK(test::code_of([] { parse_key_ref("nothing.pem"); }) == ErrorCode::kFileUnreadable);
  for (const std::string& text :
       std::vector<std::string>{"", "abc", "alice", "pkcs11", std::string(65, 'a')}) {
    CAPTURE(text);
    CHECK(test::code_of([&] { parse_key_ref(text); }) == ErrorCode::kInvalidKeyRef);
  }
}

TEST_CASE("no refusal of a mistyped token URI repeats the PIN in it") {
  for (const std::string text :
       {" pkcs11:token=ci?pin-value=86420975", "\"pkcs11:token=ci?pin-value=86420975\"",
        "pkcs1:?pin-value=86420975", "pkcs11;token=ci;pin-value=86420975", "token=ci?pin-value=86420975",
        "pkcs11=token=ci/k.pem?pin-value=86420975", "token=ci/x&pin=86420975.key", "?86420975",
        "pkcs 11:/x;86420975"}) {
    CAPTURE(text.substr(0, 12));
    const auto error = test::error_of([&] { parse_key_ref(text); });
    REQUIRE(error);
    CHECK_THAT(error->what(), !Catch::Contains("86420975"));
    CHECK_THAT(error->hint(), !Catch::Contains("86420975"));
  }
}
