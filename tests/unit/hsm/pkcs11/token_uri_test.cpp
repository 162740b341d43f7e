#include "hsm/pkcs11/token_uri.h"
#include "hsm/key_ref.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"

namespace {

using hsm::TokenUri;
using tuf::ErrorCode;

std::string refusal(const std::string& text) {
  const auto error = test::error_of([&] { TokenUri::parse(text); });
  if (!error) return "accepted";
  CHECK(error->code() == ErrorCode::kInvalidKeyRef);
  return error->what() + std::string(" / ") + error->hint();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a token URI is read attribute by attribute") {
  const TokenUri uri = TokenUri::parse(
      "pkcs11:token=My%20token;object=k%3a1;id=%01%ff;serial=0a1b;manufacturer=SoftHSM%20project;model="
      "SoftHSM%20v2"
      ";type=private?module-path=/usr/lib/x.so&pin-source=/run/secrets/pin&pin-value=12%3334");
  CHECK(uri.token == "My token");
  CHECK(uri.object == "k:1");
  CHECK(uri.id == tuf::Bytes{0x01, 0xff});
  CHECK(uri.serial == "0a1b");
  CHECK(uri.manufacturer == "SoftHSM project");
  CHECK(uri.model == "SoftHSM v2");
  CHECK(uri.module_path == "/usr/lib/x.so");
  CHECK(uri.pin_source == "/run/secrets/pin");
  REQUIRE(uri.pin_value);
  CHECK(uri.pin_value->reveal().view() == "12334");
  CHECK(uri.names_key());
  CHECK(uri.names_token());
}

TEST_CASE("a token URI may name a token alone, or nothing") {
  CHECK_FALSE(TokenUri::parse("pkcs11:token=ci").names_key());
  CHECK_FALSE(TokenUri::parse("pkcs11:").names_token());
  CHECK(TokenUri::parse("pkcs11:?module-path=/m.so").module_path == "/m.so");
}

TEST_CASE("pin-source may be written as a path or as a file URI") {
  CHECK(TokenUri::parse("pkcs11:token=t?pin-source=/a").pin_source == "/a");
  CHECK(TokenUri::parse("pkcs11:token=t?pin-source=file:/a").pin_source == "/a");
  CHECK(TokenUri::parse("pkcs11:token=t?pin-source=file:///a").pin_source == "/a");
}

TEST_CASE("a token URI that is not understood in full is refused") {
  CHECK(contains(refusal("pkcs11:token=ci;slot-id=3"), "never chosen by its slot"));
  CHECK(contains(refusal("pkcs11:slot-description=x"), "never chosen by its slot"));
  CHECK(contains(refusal("pkcs11:token=ci;lable=k1"), "unknown attribute 'lable'"));
  CHECK(contains(refusal("pkcs11:token=ci;library-name=2"), "unknown attribute"));
  CHECK(contains(refusal("pkcs11:token=ci;library-version=two"), "version"));
  CHECK(contains(refusal("pkcs11:library-description=%20"), "'library-description' is blank"));
  CHECK(contains(refusal("pkcs11:library-manufacturer=" + std::string(33, 'x')),
                 "longer than a token can hold"));
  CHECK(contains(refusal("pkcs11:token=ci;x-vendor=2"), "unknown attribute"));
  CHECK(contains(refusal("pkcs11:token=ci?x-query=2"), "unknown attribute"));
  CHECK(contains(refusal("pkcs11:token=ci?module-name=softhsm2"), "module-path"));
  CHECK(contains(refusal("pkcs11:token=ci;type=public"), "type=private"));
  CHECK(contains(refusal("pkcs11:token=ci;type=cert"), "type=private"));
  CHECK(contains(refusal("pkcs11:token=ci?object=k"), "before the '?'"));
  CHECK(contains(refusal("pkcs11:token=ci;pin-value=1"), "after the '?'"));
  CHECK(contains(refusal("pkcs11:token=ci;pinfile=/x"), "pin-source"));
  CHECK(contains(refusal("pkcs11:token=ci;token=cd"), "twice"));
  CHECK(contains(refusal("pkcs11:token="), "empty"));
  CHECK(contains(refusal("pkcs11:token=%20"), "'token' is blank"));
  CHECK(contains(refusal("pkcs11:token=ci;serial=%20%20"), "'serial' is blank"));
  CHECK(contains(refusal("pkcs11:token=ci;;object=k"), "empty component"));
  CHECK(contains(refusal("pkcs11:token=ci;"), "empty component"));
  CHECK(contains(refusal("pkcs11:token=ci?"), "empty component"));
  CHECK(contains(refusal("pkcs11:token"), "name=value"));
  CHECK(contains(refusal("pkcs11:token=my token"), "%20"));
  CHECK(contains(refusal("pkcs11:token=t\xc3\xbc"), "percent-encoded"));
  CHECK(contains(refusal("pkcs11:token=%zz"), "hexadecimal"));
  CHECK(contains(refusal("pkcs11:token=%4"), "hexadecimal"));
  CHECK(contains(refusal("pkcs11:token=a%00b"), "zero byte"));
  CHECK(contains(refusal("pkcs11:token=" + std::string(33, 'x')), "longer than a token can hold"));
  CHECK(contains(refusal("pkcs11:token=" + std::string(9000, 'x')), "longer than"));
  CHECK(contains(refusal("pkcs11:token=ci?module-path=softhsm.so"), "absolute"));
  CHECK(contains(refusal("pkcs11:token=ci?pin-source=%7C/bin/get-pin"), "program"));
  CHECK(contains(refusal("pkcs11:token=ci?pin-source=pin.txt"), "absolute"));
  CHECK(contains(refusal("pkcs11x:token=ci"), "begin with pkcs11:"));
}

TEST_CASE("capitals in the scheme and in what is percent-encoded change nothing") {
  const TokenUri uri = TokenUri::parse("pkcs11:token=a%3ab;object=%c3%bc;id=%fe?module-path=/m%2fx.so");
  for (const std::string text : {"PKCS11:token=a%3Ab;object=%C3%BC;id=%FE?module-path=/m%2Fx.so",
                                 "Pkcs11:token=a%3ab;object=%C3%bc;id=%fE?module-path=/m/x.so",
                                 "pKCS11:token=%61%3a%62;object=%c3%BC;id=%Fe?module-path=%2fm%2Fx.so"}) {
    CAPTURE(text);
    CHECK(hsm::is_token_uri(text));
    CHECK(TokenUri::parse(text) == uri);
  }
  CHECK_FALSE(hsm::is_token_uri("pkcs12:token=ci"));
  CHECK_FALSE(hsm::is_token_uri("PKCS11"));
}

TEST_CASE("a token URI may demand of the library what RFC 7512 names") {
  const TokenUri uri = TokenUri::parse(
      "pkcs11:library-manufacturer=SoftHSM;library-description=Implementation%20of%20PKCS11;library-version="
      "2.6");
  CHECK(uri.library_manufacturer == "SoftHSM");
  CHECK(uri.library_description == "Implementation of PKCS11");
  CHECK(uri.library_version == "2.6");
  CHECK(uri.names_library());
  CHECK(TokenUri::parse("pkcs11:library-version=2").library_version == "2.0");
  CHECK_FALSE(TokenUri::parse("pkcs11:token=ci").names_library());
}

TEST_CASE("an empty pin-value asks for the empty PIN") {
  const TokenUri uri = TokenUri::parse("pkcs11:token=ci?pin-value=");
  REQUIRE(uri.pin_value);
  CHECK(uri.pin_value->empty());
  CHECK(uri.to_string() == "pkcs11:token=ci?pin-value=");
  CHECK_FALSE(TokenUri::parse("pkcs11:token=ci").pin_value);
}

TEST_CASE("no refusal of a token URI repeats the PIN in it") {
  for (const std::string text :
       {"pkcs11:token=ci;slot-id=3?pin-value=86420975",
        "pkcs11:token=ci?pin-value=86420975&pin-value=86420975", "pkcs11:token=ci?pin-value=86420975&",
        "pkcs11:token=ci?86420975", "pkcs11:token=ci?pin-value=86420975%zz",
        "pkcs11:token=ci;pin-value=86420975", "pkcs11:token=ci&pin-value=86420975",
        "pkcs11:type=private&pin-value=86420975", "pkcs11:object=k&pin=86420975",
        "pkcs11:token=ci?module-path=/m.so;pin-value=86420975",
        "pkcs11:token=ci?pin-source=/p?pin-value=86420975", "pkcs11:token=ci?module-path=/m.so;pin=86420975",
        "pkcs11:token=ci;pin-value:86420975=", "pkcs11:token=ci;86420975=x",
        "pkcs11:token=ci?pin-value86420975=x"}) {
    INFO(text.substr(0, 30));
    const std::string message = refusal(text);
    CHECK(message != "accepted");
    CHECK_FALSE(contains(message, "86420975"));
  }
}

TEST_CASE("a printed token URI reads back as the same thing, without the PIN") {
  for (const std::string text :
       {"pkcs11:token=ci",
        "pkcs11:", "pkcs11:token=My%20token;object=k%3A1%3B%3D%2F;id=%00%01%FE?module-path=/m%20x.so",
        "pkcs11:serial=1;manufacturer=M;model=X;id=01?pin-source=/run/a%26b", "pkcs11:object=%C3%BC%25",
        "pkcs11:library-manufacturer=M%20x;library-description=D;library-version=2.61"}) {
    INFO(text);
    const TokenUri uri = TokenUri::parse(text);
    CHECK(TokenUri::parse(uri.to_string()) == uri);
  }
  const TokenUri secret = TokenUri::parse("pkcs11:token=ci?pin-value=86420975");
  CHECK(secret.to_string() == "pkcs11:token=ci");
}
