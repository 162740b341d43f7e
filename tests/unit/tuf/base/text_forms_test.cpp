// Hexadecimal, base64 and times: one text for one value, everything else refused.
#include "tests/support/catch.h"
#include "tuf/base/base64.h"
#include "tuf/base/hex.h"
#include "tuf/base/time.h"
#include "tuf/keys/key_id.h"

using namespace std::string_literals;

TEST_CASE("hexadecimal is lower case and whole") {
  CHECK(tuf::to_hex(tuf::Bytes{0x00, 0x0f, 0xa5, 0xff}) == "000fa5ff");
  CHECK(tuf::from_hex("000fa5ff") == tuf::Bytes{0x00, 0x0f, 0xa5, 0xff});
  CHECK(tuf::from_hex("") == tuf::Bytes{});
  for (const std::string text : {"0", "0A", "0g", "0x", " 00", "00 ", "00\n", "-1", "\xc3\xa9"}) {
    CAPTURE(text);
    CHECK_FALSE(tuf::from_hex(text).has_value());
  }
  CHECK_FALSE(tuf::from_hex("0\0"s).has_value());
}

TEST_CASE("base64 of RFC 4648 is read and written") {
  const auto [plain, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"},
                                                                       {"\xfb\xff\xfe", "+//+"}}));
  CHECK(tuf::to_base64(tuf::as_bytes(plain)) == text);
  const auto decoded = tuf::from_base64(text);
  REQUIRE(decoded);
  CHECK(tuf::as_text(*decoded) == plain);
}

TEST_CASE("base64 that is not the one text of its bytes is refused") {
  const std::string text = GENERATE(values<std::string>(
      {"Z",    "Zg",   "Zg=",          "Zg===",  "=",      "==",    "====",       "Zg==Zg==",
       "Z===", "Zh==", "Zm9=",         "Zm9v\n", "\nZm9v", "Zm 9v", "Zm9vYg==\n", "Zm9v====",
       "-_-_", "Zm9*", "Zm9v\r\n\r\n", "    ",   "Zg=A",   "=AAA",  "A=AA",       "\xff\xff\xff\xff"}));
  CAPTURE(text);
  CHECK_FALSE(tuf::from_base64(text).has_value());
}

TEST_CASE("base64 keeps every byte and every length") {
  tuf::Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(tuf::from_base64(tuf::to_base64(bytes)) == bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
  }
}

TEST_CASE("a key ID is 64 lower-case hex digits") {
  const std::string id(64, 'a');
  CHECK(tuf::KeyId::parse(id)->hex() == id);
  CHECK(tuf::KeyId::parse(id)->short_form() == "aaaaaaa");
  for (const std::string& bad :
       {""s, id.substr(1), id + "a", std::string(64, 'A'), id.substr(1) + "g", id.substr(1) + "\n"}) {
    CHECK_FALSE(tuf::KeyId::parse(bad).has_value());
  }
}

TEST_CASE("times are read as RFC 3339 says and written in one form") {
  const auto [text, written] = GENERATE(table<std::string, std::string>({
      {"2026-11-21T22:00:00Z", "2026-11-21T22:00:00Z"},
      {"2029-11-20T21:12:27.5108588Z", "2029-11-20T21:12:27Z"},
      {"2029-11-20T21:12:27.999999999Z", "2029-11-20T21:12:27Z"},
      {"2029-11-20T21:12:27.1Z", "2029-11-20T21:12:27Z"},
      {"2026-11-21T22:00:00+02:00", "2026-11-21T20:00:00Z"},
      {"2026-11-21T22:00:00-05:30", "2026-11-22T03:30:00Z"},
      {"2026-11-21T22:00:00+00:00", "2026-11-21T22:00:00Z"},
      {"2026-11-21T22:00:00-00:00", "2026-11-21T22:00:00Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
  }));
  CAPTURE(text);
  const auto time = tuf::parse_time(text);
  REQUIRE(time);
  CHECK(tuf::format_time(*time) == written);
}

TEST_CASE("an offset does not lead out of the years that can be written") {
  CHECK(tuf::format_time(*tuf::parse_time("9999-12-31T23:59:59-01:00")) == "9999-12-31T23:59:59Z");
  CHECK(tuf::format_time(*tuf::parse_time("9999-12-31T23:59:59+01:00")) == "9999-12-31T22:59:59Z");
  CHECK(tuf::format_time(*tuf::parse_time("0000-01-01T00:00:00+01:00")) == "0000-01-01T00:00:00Z");
}

TEST_CASE("what is not an RFC 3339 time is refused") {
  const std::string text = GENERATE(values<std::string>({"",
                                                         "2026",
                                                         "2026-11-21",
                                                         "2026-11-21T22:00:00",
                                                         "2026-11-21T22:00Z",
                                                         "2026-11-21 22:00:00Z",
                                                         "2026-11-21t22:00:00Z",
                                                         "2026-11-21T22:00:00z",
                                                         "2026-11-21T22:00:00ZZ",
                                                         "2026-11-21T22:00:00Z ",
                                                         " 2026-11-21T22:00:00Z",
                                                         "2026-11-21T22:00:00.Z",
                                                         "2026-11-21T22:00:00,5Z",
                                                         "2026-11-21T22:00:00+0200",
                                                         "2026-11-21T22:00:00+02",
                                                         "2026-11-21T22:00:00+24:00",
                                                         "2026-11-21T22:00:00+02:60",
                                                         "2026-11-21T22:00:00+-2:00",
                                                         "2026-11-21T24:00:00Z",
                                                         "2026-11-21T22:60:00Z",
                                                         "2026-11-21T22:00:60Z",
                                                         "2026-13-21T22:00:00Z",
                                                         "2026-00-21T22:00:00Z",
                                                         "2026-11-31T22:00:00Z",
                                                         "2026-11-00T22:00:00Z",
                                                         "2026-02-29T22:00:00Z",
                                                         "26-11-21T22:00:00Z",
                                                         "12026-11-21T22:00:00Z",
                                                         "+026-11-21T22:00:00Z",
                                                         "-026-11-21T22:00:00Z",
                                                         "2026-1-21T22:00:00Z",
                                                         "2026-11-21T2:00:00Z",
                                                         "2026-11-21T22:-1:00Z",
                                                         "2026-11-21T22:00:00"s + '\0' + "Z"}));
  CAPTURE(text);
  CHECK_FALSE(tuf::parse_time(text).has_value());
}
