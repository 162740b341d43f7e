#include "tuf/base/words.h"

#include "tests/support/catch.h"

TEST_CASE("ASCII's letters alone are made small, and the locale has no say in it") {
  CHECK(tuf::in_lower_case("AZaz@[`{09-é\xc9") == "azaz@[`{09-é\xc9");
  CHECK(tuf::in_lower_case("").empty());
}

TEST_CASE("words are compared without their case as a whole or at the beginning of a text") {
  CHECK(tuf::equals_ignoring_case("Content-Length", "content-LENGTH"));
  CHECK_FALSE(tuf::equals_ignoring_case("content-length:", "content-length"));
  CHECK_FALSE(tuf::equals_ignoring_case("[", "{"));       // a bit apart, as letters are
  CHECK_FALSE(tuf::equals_ignoring_case("K", "\u212a"));  // the Kelvin sign
  CHECK(tuf::starts_ignoring_case("PKCS11:token=x", "pkcs11:"));
  CHECK_FALSE(tuf::starts_ignoring_case("pkcs11", "pkcs11:"));
  CHECK(tuf::starts_ignoring_case("x", ""));
}
