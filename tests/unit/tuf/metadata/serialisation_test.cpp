// Section 2.5: what the server takes with 200 and cannot serve again. It hashes its own re-serialisation of
// what was posted, so every file must be exactly what Go writes for the same content.
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/base64.h"
#include "tuf/base/printable.h"
#include "tuf/edit/repository_draft.h"

using test::make_target;
using test::RepositoryMaker;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::Json;
using tuf::RepositoryDraft;
using tuf::RoleName;
using namespace std::string_literals;

namespace {

const RoleName kTargets = RoleName::of("targets");

/// A writer of JSON that shares nothing with tuf/: as Go's encoder after a canonical pass, byte by byte.
std::string go_string(const std::string& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    REQUIRE(c >= 0x20);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
    } else if (text.compare(i, 3, "\xe2\x80\xa8") == 0 || text.compare(i, 3, "\xe2\x80\xa9") == 0) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

std::string go_json(const Json& value) {
  if (value.is_object()) {
    std::string out;
    for (const auto& [name, member] : value.items())
      out += (out.empty() ? "{" : ",") + go_string(name) + ":" + go_json(member);
    return out.empty() ? "{}" : out + "}";
  }
  if (value.is_array()) {
    std::string out;
    for (const Json& element : value) out += (out.empty() ? "[" : ",") + go_json(element);
    return out.empty() ? "[]" : out + "]";
  }
  return value.is_string() ? go_string(value) : value.dump();
}

std::vector<std::string> names_of(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [name, member] : object.items()) names.push_back(name);
  return names;
}

using Names = std::vector<std::string>;

/// Every row of "accepted with 200 and breaking" for a targets file.
void check_is_servable(const std::string& bytes) {
  const Json file = Json::parse(bytes);
  // Envelope: order, no space, no newline, no indentation, nothing more.
  CHECK(bytes.starts_with("{\"signed\":{\"_type\":\"Targets\",\"delegations\":"));
  CHECK(names_of(file) == Names{"signatures", "signed"});
  std::string expected = "{\"signed\":" + go_json(file["signed"]) + ",\"signatures\":[";
  const char* separator = "";
  for (const Json& signature : file["signatures"]) {
    CHECK(names_of(signature) == Names{"keyid", "method", "sig"});
    const std::string method = signature["method"];
    CHECK((method == "ecdsa" || method == "rsapss" || method == "eddsa"));
    expected += separator + "{\"keyid\":"s + go_json(signature["keyid"]) + ",\"method\":" + go_json(method) +
                ",\"sig\":" + go_json(signature["sig"]) + "}";
    separator = ",";
  }
  CHECK(bytes == expected + "]}");
  // Members: all of them and no other.
  const Json& body = file["signed"];
  CHECK(names_of(body) == Names{"_type", "delegations", "expires", "targets", "version"});
  CHECK(names_of(body["delegations"]) == Names{"keys", "roles"});
  CHECK(body["delegations"]["keys"].is_object());
  CHECK(body["delegations"]["roles"].is_array());
  for (const auto& [id, key] : body["delegations"]["keys"].items()) {
    CHECK(names_of(key) == Names{"keytype", "keyval"});
    CHECK(names_of(key["keyval"]) == Names{"private", "public"});
    CHECK(key["keyval"]["private"].is_null());
  }
  for (const Json& role : body["delegations"]["roles"]) {
    CHECK((names_of(role) == Names{"keyids", "name", "paths", "threshold"} ||
           names_of(role) == Names{"keyids", "name", "threshold"}));
    CHECK(role["keyids"].is_array());
    if (role.contains("paths")) CHECK_FALSE(role["paths"].empty());
  }
  CHECK(body["targets"].is_object());
  for (const auto& [name, target] : body["targets"].items()) {
    CHECK((names_of(target) == Names{"hashes", "length"} ||
           names_of(target) == Names{"custom", "hashes", "length"}));
    CHECK(target["length"].is_number_integer());
  }
  // Time: Z, no fraction.
  const std::string expires = body["expires"];
  CHECK(expires.size() == 20);
  CHECK(tuf::format_time(tuf::parse_time(expires).value()) == expires);
}

std::string drafted(const RepositoryMaker& repository, const std::function<void(RepositoryDraft&)>& change) {
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  change(draft);
  const auto transaction = draft.sign(repository.signer_for());
  REQUIRE(transaction.files().front().role == kTargets);
  // What comes out verifies, and our own reader writes it again as it is.
  const std::string bytes(transaction.files().front().bytes);
  const auto metadata = tuf::decode<tuf::Targets>(bytes, "targets");
  CHECK(tuf::encode_signed(metadata.body) == metadata.signed_text);
  CHECK(tuf::encode_file(metadata.signed_text, metadata.signatures) == bytes);
  return bytes;
}

Json nested(std::size_t depth) {
  Json value = 1;
  for (std::size_t i = 0; i < depth; ++i) value = Json::array({value});
  return value;
}

tuf::Target with_custom(const Json& custom) {
  tuf::Target target = make_target("one");
  target.custom = custom;
  return target;
}

}  // namespace

TEST_CASE("nasty target names come out as Go writes them") {
  const std::string name = GENERATE(values<std::string>({"1.0",
                                                         "a<b>&c",
                                                         "a\"b\\c",
                                                         "z\xc3\xbc\xe4\xb8\xad\xf0\x9f\x98\x80",
                                                         "a\xe2\x80\xa8"
                                                         "b",
                                                         "\xe2\x80\xa9",
                                                         "a/b",
                                                         "\\/",
                                                         "\\u003c",
                                                         "\\\\",
                                                         "\"",
                                                         "'",
                                                         " ",
                                                         "  a ",
                                                         "{\"signed\":1}",
                                                         "a,b:c",
                                                         "\xe2\x80\xa7\xe2\x80\xaa",
                                                         "\xef\xbb\xbf",
                                                         "\xef\xbf\xbd",
                                                         "\xef\xbf\xbf",
                                                         "\xf4\x8f\xbf\xbf",
                                                         "\xc2\x80",
                                                         "\xcc\x81",
                                                         "-1",
                                                         "1e5",
                                                         "null"}));
  CAPTURE(name);
  const std::string bytes = drafted(RepositoryMaker(), [&](RepositoryDraft& draft) {
    draft.set_target(kTargets, name, make_target("one"));
  });
  check_is_servable(bytes);
  CHECK(bytes.find(go_string(name) + ":{\"hashes\"") != std::string::npos);
}

TEST_CASE("names that no file can hold are refused before anything is signed") {
  const RepositoryMaker repository;
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  for (const std::string& name :
       {""s, "a\nb"s, "a\tb"s, "a\0b"s, "\x1f"s, "\x7f"s, "\xff"s, "\xed\xa0\x80"s}) {
    CHECK_ERROR(draft.set_target(kTargets, name, make_target("one")), ErrorCode::kInvalidTag,
                "the target name \"" + tuf::printable(name) + "\"");
  }
  CHECK(draft.empty());
}

TEST_CASE("custom data comes out sorted and escaped, whatever it was like") {
  const std::string custom = GENERATE(
      values<std::string>({R"({"b":1,"a":2,"A":3,"_":4,"é":5,"":6})", R"(["<",">","&"," "])",
                           R"({"<b>":{"&":"\"\\/"}})", "\"text\"", "7.7e1", "0", "-5", "9007199254740992",
                           "true", "false", "[]", "{}", "[{},[],null]", R"({"z":{"y":{"x":[3,2,1]}}})"}));
  CAPTURE(custom);
  const std::string bytes = drafted(RepositoryMaker(), [&](RepositoryDraft& draft) {
    draft.set_target(kTargets, "1.0", with_custom(tuf::parse_json(custom, "custom")));
  });
  check_is_servable(bytes);
}

TEST_CASE("custom data that readers would choke on is refused before anything is signed") {
  const RepositoryMaker repository;
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  for (const Json& custom : {Json(1.5), Json{{"a", {1, 2.25}}}, Json("a\nb"), Json{{"a\tb", 1}}, Json("\xff"),
                             Json(std::int64_t{9007199254740993}), Json(std::uint64_t{18446744073709551615u}),
                             Json::binary({1}), nested(29)}) {
    CHECK_ERROR(draft.set_target(kTargets, "1.0", with_custom(custom)), ErrorCode::kUsage, "1.0");
  }
  CHECK(draft.empty());
  draft.set_target(kTargets, "1.0", with_custom(nested(28)));
  const auto transaction = draft.sign(repository.signer_for());
  CHECK_NOTHROW(tuf::decode<tuf::Targets>(transaction.files().front().bytes, "targets"));
}

TEST_CASE("targets that no client can compare are refused before anything is signed") {
  const RepositoryMaker repository;
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  const auto set = [&](auto change) {
    tuf::Target target = make_target("one");
    change(target);
    draft.set_target(kTargets, "1.0", target);
  };
  CHECK_ERROR(set([](tuf::Target& t) { t.hashes.clear(); }), ErrorCode::kInvalidDigest);
  CHECK_ERROR(set([](tuf::Target& t) { t.hashes["sha256"].pop_back(); }), ErrorCode::kInvalidDigest);
  CHECK_ERROR(set([](tuf::Target& t) { t.hashes["sha256"].push_back(0); }), ErrorCode::kInvalidDigest);
  CHECK_ERROR(set([](tuf::Target& t) {
                t.hashes = {{"sha512", tuf::Bytes(64)}};
              }),
              ErrorCode::kInvalidDigest);
  CHECK_ERROR(set([](tuf::Target& t) { t.hashes["sha512"] = tuf::Bytes(63); }), ErrorCode::kInvalidDigest);
  CHECK_ERROR(set([](tuf::Target& t) { t.hashes["sha384"] = tuf::Bytes(48); }), ErrorCode::kInvalidDigest);
  for (const std::int64_t length : {std::int64_t{0}, std::int64_t{-1}, tuf::kMaxJsonInteger + 1}) {
    CHECK_ERROR(set([&](tuf::Target& t) { t.length = length; }), ErrorCode::kSizeMismatch);
  }
  CHECK(draft.empty());
  set([](tuf::Target& t) { t.hashes["sha512"] = tuf::Bytes(64); });
  set([](tuf::Target& t) { t.length = tuf::kMaxJsonInteger; });
}

TEST_CASE("delegations come out with every member that Go writes") {
  RepositoryMaker repository;
  const auto rsa = TestSigner::generate(TestSigner::Kind::kRsa2048);
  test::CertificateSpec spec = repository.root_certificate();
  spec.common_name = "a & b <c>";
  const std::string bytes = drafted(repository, [&](RepositoryDraft& draft) {
    draft.add_delegation(RoleName::of("targets/a"), {rsa->public_key()}, {"<&>", "\"", "é"});
    draft.add_delegation(RoleName::of("targets/b"),
                         {RepositoryMaker::certified(*TestSigner::generate(), spec)}, {""});
    draft.add_delegation(RoleName::of("targets/c"), {TestSigner::generate()->public_key()}, {});
  });
  check_is_servable(bytes);
}

TEST_CASE("a file that an odd writer left is put right by the next signature") {
  RepositoryMaker repository;
  repository.set_target("targets", "1.0", with_custom(tuf::parse_json(R"({"b":1,"a":2})", "custom")));
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.publish();
  const Json good = Json::parse(repository.newest("targets").value());
  Json body = good["signed"];
  SECTION("as it is") {}
  SECTION("roles null") {
    body["delegations"]["roles"] = nullptr;
  }
  SECTION("no delegations") {
    body.erase("delegations");
  }
  SECTION("no targets") {
    body.erase("targets");
  }
  SECTION("keyids null") {
    body["delegations"]["roles"][0]["keyids"] = nullptr;
  }
  SECTION("empty paths") {
    body["delegations"]["roles"][0]["paths"] = Json::array();
  }
  SECTION("unknown members") {
    body["x"] = {{"y", 1}};
  }
  SECTION("time with zeros") {
    body["expires"] = "2029-11-20T21:12:27.100Z";
  }
  SECTION("time with an offset") {
    body["expires"] = "2029-11-20T21:12:27+00:00";
  }
  SECTION("keys without private") {
    for (auto& key : body["delegations"]["keys"]) key["keyval"].erase("private");
  }
  const std::string text = tuf::canonical_json(body);
  const tuf::Bytes signature = repository.signer("targets").sign(tuf::as_bytes(text));
  const std::string id = repository.root.roles.at("targets").key_ids.front().hex();
  // Indented, members in the wrong order, upper-case method, a newline at the end.
  const Json odd = {
      {"signatures", {{{"keyid", id}, {"method", "ECDSA"}, {"sig", tuf::to_base64(signature)}}}},
      {"signed", body}};
  repository.store("targets", odd.dump(1) + "\n");
  repository.publish_snapshot();
  check_is_servable(drafted(
      repository, [](RepositoryDraft& draft) { draft.set_target(kTargets, "2.0", make_target("two")); }));
}
