#include "tuf/keys/ecdsa_signature.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tuf/base/hex.h"

using tuf::Bytes;
using tuf::ErrorCode;

namespace {

Bytes hex(const std::string& text) {
  return tuf::from_hex(text).value();
}

}  // namespace

TEST_CASE("r and s keep their value between fixed width and DER") {
  const auto [rs, der] = GENERATE(table<std::string, std::string>({
      {"00010002", "3006020101020102"},  // padding is taken off
      {"00800080",
       "300802020080"
       "02020080"},  // the sign bit needs a zero
      {"7fff8000", "300902027fff0203008000"},
      {"ffffffff", "300a020300ffff020300ffff"},
  }));
  CAPTURE(rs);
  CHECK(tuf::rs_to_der(hex(rs), 2) == hex(der));
  CHECK(tuf::der_to_rs(hex(der), 2) == hex(rs));
}

TEST_CASE("a signature of the wrong width or with a zero half is none") {
  for (const std::string rs :
       {"", "0001", "000102", "000100020003", "0001000200", "00000001", "00010000", "00000000"}) {
    CAPTURE(rs);
    CHECK_FALSE(tuf::rs_to_der(hex(rs), 2).has_value());
  }
}

TEST_CASE("DER that is not a signature of the curve's width is refused") {
  for (const std::string der : {"", "30", "3000", "3003020101", "300602010102010200", "3006020101020102ff",
                                "300902030100000202"
                                "0001",
                                "0000", "300602018102010f", "30080203010000020101"}) {
    CAPTURE(der);
    CHECK_ERROR(tuf::der_to_rs(hex(der), 2), ErrorCode::kInternal);
  }
}
