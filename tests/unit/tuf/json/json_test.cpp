#include "tuf/json/json.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"

using tuf::ErrorCode;
using namespace std::string_literals;

namespace {

std::string hex_of(std::string_view text) {
  return tuf::to_hex(tuf::as_bytes(text));
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("canonical and wire form of every vector are those of the official client") {
  const tuf::Json vectors = tuf::Json::parse(test::read_data("vectors/canonical.json"));
  REQUIRE(vectors.size() == 11);
  for (const tuf::Json& vector : vectors) {
    CAPTURE(vector["input"]);
    const std::string canonical =
        tuf::canonical_json(tuf::parse_json(vector["input"].get<std::string>(), "vector"));
    CHECK(hex_of(canonical) == vector["canonical_hex"].get<std::string>());
    CHECK(tuf::to_hex(tuf::sha256(tuf::as_bytes(canonical))) ==
          vector["canonical_sha256"].get<std::string>());
    CHECK(hex_of(tuf::wire_form(canonical)) == vector["wire_hex"].get<std::string>());
    CHECK(tuf::has_wire_form(canonical) == vector["postable"].get<bool>());
  }
}

TEST_CASE("what Go reads as an integer becomes that integer") {
  const auto [text, canonical] = GENERATE(table<std::string, std::string>({
      {"7", "7"},
      {"-7", "-7"},
      {"0", "0"},
      {"7.7e1", "77"},
      {"770E-1", "77"},
      {"1.0", "1"},
      {"9007199254740992", "9007199254740992"},
      {"-9007199254740992", "-9007199254740992"},
      {"9.007199254740992e15", "9007199254740992"},
      {" [ 1 , 2 ] ", "[1,2]"},
      {"\t{\r\n\"b\" : null, \"a\":true}\n", R"({"a":true,"b":null})"},
      {R"("\u00e9\ud83d\ude00\/")", "\"\xc3\xa9\xf0\x9f\x98\x80/\""},
      {R"({"":0})", R"({"":0})"},
  }));
  CAPTURE(text);
  CHECK(tuf::canonical_json(tuf::parse_json(text, "text")) == canonical);
}

TEST_CASE("text that is not strict JSON is refused") {
  const std::string text = GENERATE(values<std::string>({
      "",
      " ",
      "{",
      "[1,]",
      "[1 2]",
      "{\"a\":1,}",
      "{\"a\" 1}",
      "{a:1}",
      "{'a':1}",
      "nul",
      "NaN",
      "Infinity",
      "01",
      "+1",
      ".5",
      "1.",
      "0x10",
      "// comment\n1",
      "/* comment */ 1",
      "{}{}",
      "{} x",
      "{},",
      "{}]",
      "1 2",
      "\"a\nb\"",
      "\"a\tb\"",
      "\"unfinished",
      "\"\\x41\"",
      "\"\\u12\"",
      // a zero byte is not the end of the text
      "{}\0"s,
      "{}\0{\"signed\":1}"s,
      "\0"s,
      "\"a\0b\""s,
      // byte order marks and other encodings
      "\xef\xbb\xbf{}",
      "\xff\xfe{\0}\0"s,
      // invalid UTF-8: stray, cut, overlong, surrogate, beyond U+10FFFF
      "\"\x80\"",
      "\"\xc3\"",
      "\"\xc0\xaf\"",
      "\"\xe0\x80\xaf\"",
      "\"\xed\xa0\x80\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\xff\"",
      // lone surrogates
      R"("\ud800")",
      R"("\udc00")",
      R"("\ud800\ud800")",
      R"("\ud800x")",
      // duplicates, also when one of them is spelt with an escape
      R"({"a":1,"a":1})",
      R"({"a":1,"b":{"c":1,"d":2,"c":3}})",
      R"({"a":1,"\u0061":2})",
      R"({"":1,"":2})",
      // numbers that are no exact integers in a double
      "1.5",
      "-0.1",
      "1e-1",
      "9007199254740993",
      "-9007199254740993",
      "18446744073709551615",
      "18446744073709551616",
      "9.1e15",
      "1e400",
      "-1e400",
  }));
  CAPTURE(text);
  CHECK_ERROR(tuf::parse_json(text, "the text"), ErrorCode::kMalformedMetadata, "the text: ");
}

TEST_CASE("nesting is read to the limit and not one deeper") {
  for (const auto& [open, close] : {std::pair("["s, "]"s), std::pair("{\"a\":"s, "}"s)}) {
    CHECK_NOTHROW(tuf::parse_json(nested(tuf::kMaxJsonDepth, open, close), "text"));
    CHECK_ERROR(tuf::parse_json(nested(tuf::kMaxJsonDepth + 1, open, close), "text"),
                ErrorCode::kMalformedMetadata, "deep");
    CHECK_ERROR(tuf::parse_json(nested(1'000'000, open, close), "text"), ErrorCode::kMalformedMetadata,
                "deep");
  }
}

TEST_CASE("values are read to the limit and not one more", "[bulk]") {
  const auto zeros = [](std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i) text += ",0";
    return text + "]";
  };
  CHECK(tuf::parse_json(zeros(tuf::kMaxJsonValues - 1), "text").size() == tuf::kMaxJsonValues - 1);
  CHECK_ERROR(tuf::parse_json(zeros(tuf::kMaxJsonValues), "text"), ErrorCode::kMalformedMetadata,
              "too many values");
  // Of other people's documents what is counted is memory.
  constexpr std::size_t kFit = tuf::kMaxForeignJsonMemory / (3 * sizeof(tuf::Json));
  CHECK(tuf::parse_foreign_json(zeros(kFit - 10), "text").size() == kFit - 10);
  CHECK_ERROR(tuf::parse_foreign_json(zeros(kFit + 1), "text"), ErrorCode::kMalformedMetadata,
              "too many values");
}

TEST_CASE("what is small in the text and large in memory is refused before it is there", "[bulk]") {
  const auto [item, count] = GENERATE(table<std::string, int>(
      {{"[]", 1'500'000}, {R"({"":0})", 450'000}, {R"("0123456789abcdef")", 600'000}, {"0", 2'000'000}}));
  std::string text = "[" + item;
  for (int i = 1; i < count; ++i) text += "," + item;
  text += "]";
  CAPTURE(item);
  CHECK_ERROR(tuf::parse_json(text, "text"), ErrorCode::kMalformedMetadata, "too many values");
  CHECK_ERROR(tuf::parse_foreign_json(text, "text"), ErrorCode::kMalformedMetadata, "too many values");
  CHECK_FALSE(tuf::fits_json_bounds(text));
  CHECK(tuf::fits_json_bounds("[" + item + "]"));
}

TEST_CASE("a role of 40,000 tags that are bound can be read", "[bulk]") {
  std::string text = R"({"signed":{"targets":{)";
  for (int i = 0; i < 40'000; ++i) {
    text += (i ? ",\"v1.0." : "\"v1.0.") + std::to_string(i) +
            R"(":{"custom":{"countersign.bound/v1":"0123456789012345678901"},"hashes":{"sha256":")" +
            std::string(43, 'A') + R"(="},"length":1573})";
  }
  text += "}}}";
  CHECK(tuf::fits_json_bounds(text));
}

TEST_CASE("other people's documents may hold any number, and no member twice") {
  const tuf::Json json = tuf::parse_foreign_json(R"({"a":1.5,"b":18446744073709551615,"c":-9e300})", "text");
  CHECK(json["a"] == 1.5);
  CHECK(json["b"] == std::uint64_t{18446744073709551615U});
  CHECK_ERROR(tuf::parse_foreign_json(R"({"a":1,"a":2})", "text"), ErrorCode::kMalformedMetadata,
              "duplicate");
  CHECK_ERROR(tuf::parse_foreign_json(nested(33, "[", "]"), "text"), ErrorCode::kMalformedMetadata, "deep");
}

TEST_CASE("what is not kept of a document costs nothing, however much it is, and is read all the same",
          "[bulk]") {
  const auto keeps = [](std::size_t depth, std::string_view name) { return depth == 0 || name == "kept"; };
  std::string much = "[0";
  for (int i = 0; i < 2'000'000; ++i) much += ",0";
  much += "," + nested(1000, "[", "]") + "]";
  const std::string text = R"({"o":{"x":)" + much + R"(,"kept":{"y":{"kept":1},"kept":2},"z":3},"p":4})";
  CHECK(tuf::parse_foreign_json(text, "text", keeps) ==
        tuf::Json::parse(R"({"o":{"kept":{"kept":2}},"p":4})"));
  CHECK_ERROR(tuf::parse_foreign_json(R"({"o":{"x":[1,]}})", "text", keeps), ErrorCode::kMalformedMetadata,
              "not valid JSON");
}

TEST_CASE("a hostile member name cannot forge lines of an error message") {
  try {
    tuf::parse_json(R"({"\nERROR":1,"\nERROR":2})", "text");
    FAIL("accepted");
  } catch (const tuf::Error& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
  }
}

TEST_CASE("members stand in the order of their bytes, upper case before lower, ASCII before the rest") {
  const tuf::Json value = tuf::parse_json(R"({"é":1,"a":2,"_":3,"Z":4,"aa":5,"":6,"中":7,"~":8})", "text");
  CHECK(tuf::canonical_json(value) == R"({"":6,"Z":4,"_":3,"a":2,"aa":5,"~":8,"é":1,"中":7})");
}

TEST_CASE("a value with a fraction has no canonical form") {
  CHECK_ERROR(tuf::canonical_json(tuf::Json(1.5)), ErrorCode::kInternal);
  CHECK_ERROR(tuf::canonical_json(tuf::Json::array({tuf::Json::binary({1})})), ErrorCode::kInternal);
}

TEST_CASE("the wire form escapes exactly what Go escapes") {
  CHECK(tuf::wire_form("\"<>&\xe2\x80\xa8\xe2\x80\xa9\"") == R"("\u003c\u003e\u0026\u2028\u2029")");
  for (const std::string same :
       {"/", "\x7f", "'", "\xe2\x80\xa7", "\xe2\x80\xaa", "\xe2\x80", "\xe2", "\\\""}) {
    CHECK(tuf::wire_form(same) == same);
  }
  CHECK(tuf::has_wire_form("\x7f\xc2\x85 "));
  CHECK_FALSE(tuf::has_wire_form("a\nb"));
  CHECK_FALSE(tuf::has_wire_form("\0"s));
  CHECK_FALSE(tuf::has_wire_form("\x1f"));
}
