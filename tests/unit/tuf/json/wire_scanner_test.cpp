#include "tuf/json/wire_scanner.h"

#include "tests/support/catch.h"
#include "tests/support/test_data.h"

using namespace std::string_literals;

namespace {

bool is_taken(std::string_view text) {
  tuf::WireScanner scanner(text);
  return scanner.take_value() && scanner.at_end();
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

/// Every value of which the text is the wire form, and no other, is what the general reader makes of it.
void check_agreement(const std::string& text) {
  CAPTURE(text);
  if (!is_taken(text)) return;
  const std::string canonical = tuf::canonical_json(tuf::parse_json(text, "text"));
  CHECK(tuf::wire_form(canonical) == text);
  CHECK(tuf::canonical_form(text) == canonical);
}

}  // namespace

TEST_CASE("the wire form of every vector is taken, whole, and gives its canonical form back") {
  for (const tuf::Json& vector : tuf::Json::parse(test::read_data("vectors/canonical.json"))) {
    if (!vector["postable"].get<bool>()) continue;
    const std::string canonical =
        tuf::canonical_json(tuf::parse_json(vector["input"].get<std::string>(), "vector"));
    CAPTURE(canonical);
    CHECK(is_taken(tuf::wire_form(canonical)));
    CHECK(tuf::canonical_form(tuf::wire_form(canonical)) == canonical);
  }
}

TEST_CASE("a text in wire form is taken") {
  const std::string text = GENERATE(values<std::string>({
      "0",
      "-1",
      "9007199254740992",
      "-9007199254740992",
      "true",
      "false",
      "null",
      R"("")",
      R"("a\"b\\c/d")",
      R"("\u003c\u003e\u0026\u2028\u2029")",
      "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
      "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xe2\x80\xa7\xe2\x80\xaa\"",
      "[]",
      "{}",
      R"([1,"a",[],{},null])",
      R"({"":0,"A":1,"_":2,"a":{"b":[{}]},"aa":3,"~":4})",
      "{\"\xc2\x80\":1,\"\xe4\xb8\xad\":2}",
  }));
  CAPTURE(text);
  CHECK(is_taken(text));
  check_agreement(text);
}

TEST_CASE("good JSON in another form is not taken") {
  const std::string text = GENERATE(values<std::string>({
      " 1",
      "1 ",
      "[1, 2]",
      "{\"a\" :1}",
      "{\"a\":1}\n",
      "[\n]",
      "-0",
      "1.0",
      "1e3",
      "770E-1",
      "1.5",
      R"("\/")",
      R"("\u0041")",
      R"("\n")",
      R"("\u003C")",
      R"("\u0022")",
      R"("\u00e9")",
      R"("\ud83d\ude00")",
      "\"<\"",
      "\">\"",
      "\"&\"",
      "\"\xe2\x80\xa8\"",
      "\"\xe2\x80\xa9\"",
      R"({"b":1,"a":2})",
      R"({"aa":1,"a":2})",
      R"({"a":1,"A":2})",
      R"({"<":1})",
      "{\"\xe4\xb8\xad\":1,\"a\":2}",
  }));
  CAPTURE(text);
  CHECK_NOTHROW(tuf::Json::parse(text));
  CHECK_FALSE(is_taken(text));
}

TEST_CASE("what is no strict JSON is not taken") {
  const std::string text = GENERATE(values<std::string>({
      "",
      "{",
      "[",
      "[1",
      "[1,",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{\"a\"",
      "{\"a\":",
      "{\"a\":1",
      "{\"a\":1,",
      "{\"a\":1,}",
      "{,}",
      "{a:1}",
      "{1:1}",
      "nul",
      "truer",
      "NaN",
      "-",
      "+1",
      "01",
      "-01",
      ".5",
      "1.",
      "0x10",
      "{}{}",
      "1,",
      "\"",
      "\"a",
      "\"\\",
      "\"\\u",
      "\"\\u003",
      "\"\\x\"",
      "{}\0"s,
      "\0"s,
      "\"a\0b\""s,
      "\"a\nb\"",
      "\"\x1f\"",
      "\xef\xbb\xbf{}",
      "\"\x80\"",
      "\"\xc3\"",
      "\"\xc0\xaf\"",
      "\"\xc1\xbf\"",
      "\"\xe0\x80\xaf\"",
      "\"\xe0\x9f\xbf\"",
      "\"\xed\xa0\x80\"",
      "\"\xed\xbf\xbf\"",
      "\"\xf0\x8f\xbf\xbf\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\xf5\x80\x80\x80\"",
      "\"\xff\"",
      "\"\xe2\x80",
      R"({"a":1,"a":1})",
      R"({"":1,"":2})",
      R"({"b":{"c":1,"c":3}})",
      R"({"\u003c":1,"\u003c":2})",
      "9007199254740993",
      "-9007199254740993",
      "18446744073709551616",
  }));
  CAPTURE(text);
  CHECK_FALSE(is_taken(text));
}

TEST_CASE("members are ordered by what their names say, not by how it is written") {
  // '"' is 0x22 and '<' 0x3c, though both are written with a backslash, which is 0x5c.
  CHECK(is_taken(R"({"\"":1,"#":2})"));
  CHECK_FALSE(is_taken(R"({"#":1,"\"":2})"));
  CHECK(is_taken(R"({"a;":1,"a\u003c":2,"a=":3})"));
  CHECK_FALSE(is_taken(R"({"a=":1,"a\u003c":2})"));
  CHECK(is_taken(R"({"[":1,"\\":2,"]":3})"));
  CHECK(is_taken("{\"\xe2\x80\xa7\":1,\"\\u2028\":2,\"\\u2029\":3,\"\xe2\x80\xaa\":4}"));
}

TEST_CASE("it takes as deep nesting, and as many values, as the general reader", "[bulk]") {
  for (const auto& [open, close] : {std::pair("["s, "]"s), std::pair("{\"a\":"s, "}"s)}) {
    CHECK(is_taken(nested(tuf::kMaxJsonDepth, open, close)));
    CHECK_FALSE(is_taken(nested(tuf::kMaxJsonDepth + 1, open, close)));
    CHECK_FALSE(is_taken(nested(1'000'000, open, close)));
  }
  std::string siblings = "[" + nested(tuf::kMaxJsonDepth - 1, "[", "]");
  CHECK(is_taken(siblings + "," + nested(tuf::kMaxJsonDepth - 1, "{\"a\":", "}") + "]"));

  const auto members = [](const std::string& value, std::size_t count) {
    std::string text = "[" + value;
    for (std::size_t i = 1; i < count; ++i) text += "," + value;
    return text + "]";
  };
  for (const std::string value : {"0", "[]", "{}", R"("")", "true", "false", "null"}) {
    CHECK(is_taken(members(value, tuf::kMaxScannedValues - 1)));
    CHECK_FALSE(is_taken(members(value, tuf::kMaxScannedValues)));
  }
}

TEST_CASE("whatever is changed in a text in wire form is in wire form still, or not taken") {
  const std::string text =
      "{\"A\\\"\":[-1,20,\"\\u003c\xc3\xa9\"],\"a\":{\"b\":null,\"c\":true},\"\xe4\xb8\xad\\\\\":{}}";
  REQUIRE(is_taken(text));
  check_agreement(text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = text;
      changed[at] = static_cast<char>(value);
      check_agreement(changed);
    }
    check_agreement(text.substr(0, at) + text.substr(at + 1));
    check_agreement(text.substr(0, at) + text[at] + text.substr(at));
  }
}
