#include "tuf/metadata/target_map.h"

#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/base64.h"
#include "tuf/metadata/codec.h"
#include "tuf/metadata/scan_targets.h"

using tuf::Json;
using tuf::Target;
using tuf::TargetMap;
using namespace std::string_literals;

namespace {

using Names = std::vector<std::string>;

const std::string kHash(43, 'A');

std::string entry(const std::string& name, int length, const std::string& custom = "") {
  return '"' + name + R"(":{)" + (custom.empty() ? "" : R"("custom":)" + custom + ",") +
         R"("hashes":{"sha256":")" + kHash + R"(="},"length":)" + std::to_string(length) + "}";
}

/// Of a text in wire form.
TargetMap read(const std::string& entries) {
  const tuf::SharedText file = R"({"signed":{"targets":{)" + entries + R"(}},"signatures":[]})";
  auto scanned = tuf::scan_targets(file);
  REQUIRE(scanned);
  return {file, std::move(scanned->starts)};
}

Names names_of(const TargetMap& map) {
  Names names;
  for (const TargetMap::Entry& held : map) names.push_back(held.name());
  return names;
}

std::string text_of(const TargetMap& map) {
  std::string text;
  map.append_to(text);
  return text;
}

Target of_length(int length) {
  return {{{"sha256", tuf::Bytes(32)}}, length, std::nullopt};
}

}  // namespace

TEST_CASE("what was read is found by name, and nothing else is") {
  const TargetMap map = read(entry("1.0", 1) + "," + entry("1.0.1", 2) + "," + entry("2", 3));
  CHECK(map.size() == 3);
  CHECK(names_of(map) == Names{"1.0", "1.0.1", "2"});
  CHECK(map.find("1.0").value() == of_length(1));
  CHECK(map.find("1.0.1").value() == of_length(2));
  CHECK(map.find("2").value() == of_length(3));
  for (const std::string name : {"", "1", "1.0.", "1.0.0", "1.0.2", "10", "3", "\""})
    CHECK_FALSE(map.contains(name));
}

TEST_CASE("an entry says its digest and its custom data without being read whole") {
  Target whole = test::make_target("one");
  whole.hashes["sha512"] = tuf::Bytes(64, 7);
  whole.custom = Json{{"a", "x\"\\<&>"}, {"b", {1, "},\"length\":5}"}}};
  TargetMap made;
  made.set("one", whole);
  const std::string text = text_of(made);
  const TargetMap map = read(tuf::wire_form(text.substr(1, text.size() - 2)));
  for (const TargetMap& each : {map, made}) {
    const auto held = each.find_entry("one").value();
    CHECK(held.target() == whole);
    CHECK(held.sha256().value() == *whole.sha256());
    CHECK(held.digest() == whole.digest());
    CHECK(held.custom() == tuf::canonical_json(*whole.custom));
  }
  CHECK(read(entry("x", 1)).find_entry("x")->custom().empty());
  CHECK(read(entry("x", 1, "{}")).find("x")->custom.value() == Json::object());
}

TEST_CASE("names with escapes are found, and ordered, by what they say") {
  const TargetMap map = read(entry(R"(\")", 1) + "," + entry("#", 2) + "," + entry(R"(a\u003c)", 3) + "," +
                             entry("a=", 4) + "," + entry(R"(a\\)", 5));
  CHECK(names_of(map) == Names{"\"", "#", "a<", "a=", "a\\"});
  int length = 0;
  for (const std::string& name : names_of(map)) CHECK(map.find(name)->length == ++length);
  CHECK(text_of(map).find("a<") != std::string::npos);
}

TEST_CASE("changes take their places among what was read") {
  TargetMap map = read(entry("b", 1) + "," + entry("d", 2) + "," + entry("f", 3));
  const TargetMap before = map;
  map.set("a", of_length(10));
  map.set("d", of_length(11));
  map.set("e", of_length(12));
  map.set("g", of_length(13));
  CHECK(map.erase("b"));
  CHECK_FALSE(map.erase("b"));
  CHECK_FALSE(map.erase("c"));
  CHECK(map.size() == 5);
  CHECK(names_of(map) == Names{"a", "d", "e", "f", "g"});
  CHECK(map.find("d")->length == 11);
  CHECK(map.find("f")->length == 3);
  CHECK_FALSE(map.contains("b"));
  CHECK(text_of(map) == "{" + entry("a", 10) + "," + entry("d", 11) + "," + entry("e", 12) + "," +
                            entry("f", 3) + "," + entry("g", 13) + "}");
  CHECK(map.erase("a"));
  CHECK(map.erase("d"));
  map.set("b", of_length(14));
  CHECK(names_of(map) == Names{"b", "e", "f", "g"});
  CHECK(map.size() == 4);
  CHECK(before.size() == 3);
  CHECK(text_of(before) == "{" + entry("b", 1) + "," + entry("d", 2) + "," + entry("f", 3) + "}");
}

TEST_CASE("a map may lose everything, and come from nothing") {
  TargetMap map = read(entry("a", 1) + "," + entry("b", 2));
  CHECK(map.erase("b"));
  CHECK(map.erase("a"));
  CHECK(map.empty());
  CHECK(map.begin() == map.end());
  CHECK(text_of(map) == "{}");
  map.set("c", of_length(3));
  CHECK(text_of(map) == "{" + entry("c", 3) + "}");
  TargetMap none;
  CHECK(text_of(none) == "{}");
  CHECK_FALSE(none.find("a"));
  CHECK(read("").empty());
  none.set("a", of_length(1));
  CHECK(none.erase("a"));
  CHECK(none.begin() == none.end());
}

TEST_CASE("only targets of the one shape are read as they stand") {
  const auto is_scanned = [](const std::string& target) {
    return tuf::scan_targets(R"({"signed":{"targets":{"x":)" + target + R"(}},"signatures":[]})").has_value();
  };
  const std::string sha256 = R"("sha256":")" + kHash + R"(=")";
  const std::string sha512 = R"("sha512":")" + std::string(86, 'A') + R"(==")";
  const std::string hashes = R"("hashes":{)" + sha256 + "}";
  CHECK(is_scanned("{" + hashes + R"(,"length":1})"));
  CHECK(is_scanned("{" + hashes + R"(,"length":-1})"));
  CHECK(is_scanned(R"({"hashes":{)" + sha256 + "," + sha512 + R"(},"length":0})"));
  CHECK(is_scanned(R"({"custom":{"a":[]},)" + hashes + R"(,"length":1})"));
  for (const std::string& other :
       {"{" + hashes + "}", R"({"length":1})"s, R"({"hashes":{},"length":1})"s, "{}"s, "null"s,
        R"({"hashes":null,"length":1})"s, "{" + hashes + R"(,"length":"1"})",
        "{" + hashes + R"(,"length":1,"more":1})", R"({"HASHES":1,)" + hashes + R"(,"length":1})",
        R"({"custom":null,)" + hashes + R"(,"length":1})", R"({"custom":"a",)" + hashes + R"(,"length":1})",
        R"({"custom":[],)" + hashes + R"(,"length":1})",
        R"({"hashes":{"md5":"AAAA",)" + sha256 + R"(},"length":1})",
        R"({"hashes":{)" + sha512 + R"(},"length":1})",
        R"({"hashes":{)" + sha256 + R"(,"sha384":"AAAA"},"length":1})"}) {
    CAPTURE(other);
    CHECK_FALSE(is_scanned(other));
  }
}

TEST_CASE("a hash is read as it stands only if it is strict base64 of the right length") {
  const auto is_scanned = [](const std::string& hash, const std::string& more = "") {
    return tuf::scan_targets(R"({"signed":{"targets":{"x":{"hashes":{"sha256":")" + hash + '"' + more +
                             R"(},"length":1}}},"signatures":[]})")
        .has_value();
  };
  const auto is_sha512 = [&](const std::string& hash) {
    return is_scanned(kHash + "=", R"(,"sha512":")" + hash + '"');
  };
  const std::string ends =
      GENERATE(values<std::string>({"A", "B", "C", "D", "E", "I", "Q", "g", "w", "8", "=", "/", "-"}));
  const std::string one = std::string(42, 'z') + ends + "=";
  CHECK(is_scanned(one) == tuf::from_base64(one).has_value());
  const std::string other = std::string(85, '+') + ends + "==";
  CHECK(is_sha512(other) == tuf::from_base64(other).has_value());
  for (const std::string& bad :
       {kHash, kHash + "A", kHash + "==", std::string(40, 'A'), std::string(48, 'A'),
        std::string(42, 'A') + "==", std::string(44, 'A'), " " + std::string(42, 'A') + "=",
        std::string(20, 'A') + "=" + std::string(22, 'A') + "=",
        std::string(20, 'A') + "_" + std::string(22, 'A') + "="}) {
    CAPTURE(bad);
    CHECK_FALSE(is_scanned(bad));
  }
  CHECK_FALSE(is_sha512(std::string(87, 'A') + "="));
  CHECK_FALSE(is_sha512(std::string(88, 'A')));
}

TEST_CASE("a file is read as it stands only with signed and signatures, in that order") {
  const auto is_scanned = [](const std::string& file) { return tuf::scan_targets(file).has_value(); };
  CHECK(is_scanned(R"({"signed":{"targets":{}},"signatures":[]})"));
  CHECK(is_scanned(R"({"signed":{"_type":1,"targets":{},"version":2},"signatures":null})"));
  for (const std::string file :
       {R"({"signatures":[],"signed":{"targets":{}}})", R"({"signed":{"targets":{}}})",
        R"({"signatures":[]})", R"({"signed":{"targets":{}},"signatures":[],"x":1})",
        R"({"signed":{"targets":{}},"signatures":[]}x)",
        R"({"signed":{"targets":{}},"signatures":[],"signatures":[]})",
        R"({"signed":{"targets":{}},"signed":{},"signatures":[]})", R"({"signed":{},"signatures":[]})",
        R"({"signed":{"targets":null},"signatures":[]})", R"({"signed":[],"signatures":[]})",
        R"({"signed":{"targets":{},"a":1},"signatures":[]})", "", "[]"}) {
    CAPTURE(file);
    CHECK_FALSE(is_scanned(file));
  }
}

TEST_CASE("As many tags as docs/proof.md says are read as they stand, and take little more than their text",
          "[bulk]") {
  struct Row {
    int tags;
    std::string custom;
  };
  const std::string bound = R"("countersign.bound/v1":"0123456789012345678901")";
  const std::string provenance =
      R"(,"countersign.provenance/v1":{"actor":"somebody","ci":"github","commit":"0123456789012345678901234567890123456789",)"
      R"("created":"2026-11-30T12:00:00Z","ref":"refs/heads/main","repository":"https://github.example/team/app",)"
      R"("run":"https://github.example/team/app/actions/runs/1234567890","workflow":".github/workflows/release.yml"})";
  const auto row = GENERATE_COPY(
      values<Row>({{250'000, ""}, {120'000, "{" + bound + "}"}, {26'000, "{" + bound + provenance + "}"}}));
  const auto count = static_cast<std::size_t>(row.tags);
  std::string entries;
  for (int i = 0; i < row.tags; ++i)
    entries += (i ? "," : "") + entry("v1.0." + std::to_string(100'000 + i), 1573, row.custom);
  const auto file_of = [](const std::string& targets) {
    return R"({"signed":{"_type":"Targets","expires":"2029-11-21T22:00:00Z","targets":{)" + targets +
           R"(},"version":1},"signatures":[]})";
  };
  const std::string file = file_of(entries);
  CAPTURE(row.tags, file.size());
  CHECK(tuf::is_within_bounds(file));
  const auto metadata = tuf::decode<tuf::Targets>(file, "file");
  CHECK(metadata.body.targets.size() == count);
  CHECK(metadata.body.targets.find("v1.0.120000")->custom.has_value() == !row.custom.empty());
  CHECK(metadata.memory < 72 << 20);
  CHECK_FALSE(tuf::is_within_bounds(file_of(" " + entries)));  // has to be built
}

TEST_CASE("custom data that would be more than may be built is left to the general reader", "[bulk]") {
  const auto memory_of = [](const std::string& custom, int tags) -> std::optional<std::size_t> {
    std::string entries;
    for (int i = 0; i < tags; ++i) entries += (i ? "," : "") + entry(std::to_string(10 + i), 1, custom);
    const std::string file = R"({"signed":{"_type":"Targets","expires":"2029-11-21T22:00:00Z","targets":{)" +
                             entries + R"(},"version":1},"signatures":[]})";
    if (!tuf::is_within_bounds(file)) return std::nullopt;
    return tuf::decode<tuf::Targets>(file, "file").memory;
  };
  const auto lists = [](int count) {
    std::string text = R"({"a":[0)";
    for (int i = 1; i < count; ++i) text += ",[]";
    return text + "]}";
  };
  CHECK(memory_of(lists(1000), 1).value() > 1000 * tuf::kMaxJsonValueMemory);
  CHECK(memory_of(lists(100'000), 1).value() > 100'000 * tuf::kMaxJsonValueMemory);
  CHECK(memory_of(lists(100'000), 3).value() <= tuf::kMaxJsonMemoryWithText);
  const auto texts = [](int count) {
    const std::string one = "\"012345678901234567890123456789\"";
    std::string text = R"({"a":[)" + one;
    for (int i = 1; i < count; ++i) text += "," + one;
    return text + "]}";
  };
  CHECK(memory_of(texts(100'000), 1));
  CHECK_FALSE(memory_of(texts(350'000), 1));
  CHECK_FALSE(memory_of(texts(117'000), 3));  // each would do
}
