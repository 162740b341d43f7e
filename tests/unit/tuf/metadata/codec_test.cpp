// What the codec takes for metadata: every member taken away, replaced and swollen, one at a time.
#include "tuf/metadata/codec.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/base64.h"

using tuf::ErrorCode;
using tuf::Json;

namespace {

const test::RepositoryMaker& made() {
  static const test::RepositoryMaker repository = [] {
    test::RepositoryMaker maker;
    maker.add_delegation("targets/jenkins", test::TestSigner::generate(), {"", "v/"});
    tuf::Target target = test::make_target("one");
    target.custom = Json{{"b", 1}, {"a", "<&>"}};
    maker.set_target("targets", "1.0", target);
    maker.publish();
    return maker;
  }();
  return repository;
}

Json file(const std::string& role) {
  return Json::parse(made().newest(role).value());
}

void decode_as(const std::string& role, const Json& document) {
  if (role == "root") {
    tuf::decode<tuf::Root>(document.dump(), role);
  } else if (role == "snapshot") {
    tuf::decode<tuf::Snapshot>(document.dump(), role);
  } else if (role == "timestamp") {
    tuf::decode<tuf::Timestamp>(document.dump(), role);
  } else {
    tuf::decode<tuf::Targets>(document.dump(), role);
  }
}

std::string pointer_to_first(const std::string& role, const std::string& container) {
  return container + "/" + file(role).at(Json::json_pointer(container)).items().begin().key();
}

/// Members without which a file is none.
std::vector<std::string> required_members(const std::string& role) {
  std::vector<std::string> members = {
      "/signed",         "/signatures",         "/signed/_type",        "/signed/version",
      "/signed/expires", "/signatures/0/keyid", "/signatures/0/method", "/signatures/0/sig"};
  const auto add = [&](std::initializer_list<std::string> more) { members.insert(members.end(), more); };
  if (role == "root") {
    const std::string key = pointer_to_first(role, "/signed/keys");
    add({"/signed/keys", "/signed/roles", "/signed/roles/root", "/signed/roles/targets",
         "/signed/roles/snapshot", "/signed/roles/timestamp", "/signed/roles/root/keyids",
         "/signed/roles/root/threshold", key + "/keytype", key + "/keyval", key + "/keyval/public"});
  } else if (role == "snapshot") {
    add({"/signed/meta", "/signed/meta/root", "/signed/meta/targets", "/signed/meta/targets/hashes",
         "/signed/meta/targets/length", "/signed/meta/targets/hashes/sha256"});
  } else if (role == "timestamp") {
    add({"/signed/meta", "/signed/meta/snapshot", "/signed/meta/snapshot/hashes",
         "/signed/meta/snapshot/length", "/signed/meta/snapshot/hashes/sha256"});
  } else {
    add({"/signed/targets/1.0/hashes", "/signed/targets/1.0/length", "/signed/delegations/roles/0/name",
         "/signed/delegations/roles/0/keyids", "/signed/delegations/roles/0/threshold"});
  }
  return members;
}

Json without(const Json& document, const std::string& pointer) {
  const Json::json_pointer at(pointer);
  Json changed = document;
  changed.at(at.parent_pointer()).erase(at.back());
  return changed;
}

Json with(const Json& document, const std::string& pointer, const Json& value) {
  Json changed = document;
  changed[Json::json_pointer(pointer)] = value;
  return changed;
}

const std::vector<std::string> kRoles = {"root", "targets", "snapshot", "timestamp"};

}  // namespace

TEST_CASE("a file as it should be is read") {
  for (const std::string& role : kRoles) decode_as(role, file(role));
}

TEST_CASE("no required member may be missing") {
  const std::string role = GENERATE(from_range(kRoles));
  for (const std::string& member : required_members(role)) {
    CAPTURE(role, member);
    CHECK_ERROR(decode_as(role, without(file(role), member)), ErrorCode::kMalformedMetadata, role);
  }
}

TEST_CASE("no required member may be of another kind") {
  const std::string role = GENERATE(from_range(kRoles));
  for (const std::string& member : required_members(role)) {
    const Json present = file(role).at(Json::json_pointer(member));
    for (const Json& other :
         {Json(nullptr), Json(true), Json(-1), Json("%"), Json::array({1}), Json{{"x", 1}}}) {
      const bool nullable = other.is_null() && (member == "/signatures" || member.ends_with("/keyids") ||
                                                member == "/signed/targets/1.0/hashes");
      const bool text = other.is_string() && (member.ends_with("/keyid") || member.ends_with("/method") ||
                                              member.ends_with("/keytype"));
      const bool negative = other == -1 && member == "/signed/targets/1.0/length";
      if (nullable || text || negative) continue;
      CAPTURE(role, member, other.dump());
      CHECK_ERROR(decode_as(role, with(file(role), member, other)), ErrorCode::kMalformedMetadata, role);
    }
  }
}

TEST_CASE("a member that readers without regard to case would take for another is refused beside it too") {
  // Go folds U+017F to s and U+212A to k. Names of roles, tags and hashes are no members: they are compared
  // exactly.
  for (const auto& [role, other] :
       std::vector<std::pair<std::string, std::string>>{{"root", "/Signed"},
                                                        {"root", "/signed/Roles"},
                                                        {"root", "/signed/Consistent_Snapshot"},
                                                        {"root", "/signed/roles/root/\u212aeyids"},
                                                        {"targets", "/signed/TARGETS"},
                                                        {"targets", "/signed/target\u017f"},
                                                        {"targets", "/signed/delegationS"},
                                                        {"targets", "/signed/delegations/Roles"},
                                                        {"targets", "/signed/delegations/roles/0/PATHS"},
                                                        {"targets", "/signed/targets/1.0/Custom"},
                                                        {"targets", "/signed/targets/1.0/ha\u017fhes"},
                                                        {"targets", "/signatures/0/\u212aEYID"},
                                                        {"snapshot", "/signed/META"},
                                                        {"timestamp", "/signed/Version"}}) {
    CAPTURE(role, other);
    CHECK_ERROR(decode_as(role, with(file(role), other, nullptr)), ErrorCode::kMalformedMetadata,
                "some readers");
  }
  for (const auto& [role, other] :
       std::vector<std::pair<std::string, std::string>>{{"root", "/signed/roles/ROOT"},
                                                        {"targets", "/signed/targets/1.0/hashes/SHA256"},
                                                        {"targets", "/signed/target"},
                                                        {"targets", "/signed/targetss"},
                                                        {"targets", "/signed/t\u017fargets"}}) {
    CAPTURE(role, other);
    const Json value = role == "root" ? file(role).at("/signed/roles/root"_json_pointer) : Json("AAAA");
    CHECK_NOTHROW(decode_as(role, with(file(role), other, value)));
  }
}

TEST_CASE("a member in other capitals is another member") {
  for (const auto& [role, member, other] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"targets", "/signed/_type", "/signed/_Type"},
           {"targets", "/signed", "/Signed"},
           {"root", "/signed/keys", "/signed/Keys"},
           {"snapshot", "/signed/meta", "/signed/META"},
           {"timestamp", "/signed/version", "/signed/Version"}}) {
    CAPTURE(role, other);
    const Json value = file(role).at(Json::json_pointer(member));
    CHECK_ERROR(decode_as(role, with(without(file(role), member), other, value)),
                ErrorCode::kMalformedMetadata);
  }
}

TEST_CASE("a file of one kind is not taken for one of another") {
  for (const std::string& role : kRoles) {
    for (const std::string& as : kRoles) {
      if (role == as) continue;
      CAPTURE(role, as);
      CHECK_ERROR(decode_as(as, file(role)), ErrorCode::kMalformedMetadata);
    }
  }
  for (const std::string type : {"targets", "TARGETS", "Targets ", "", "Root"}) {
    CHECK_ERROR(decode_as("targets", with(file("targets"), "/signed/_type", type)),
                ErrorCode::kMalformedMetadata);
  }
}

TEST_CASE("versions run from one to the limit") {
  const std::string role = GENERATE(from_range(kRoles));
  for (const std::int64_t version : {std::int64_t{1}, tuf::kVersionLimit - 1}) {
    CHECK_NOTHROW(decode_as(role, with(file(role), "/signed/version", version)));
  }
  for (const std::int64_t version :
       {std::int64_t{0}, std::int64_t{-1}, tuf::kVersionLimit, std::int64_t{2147483647},
        std::int64_t{4294967297}, tuf::kMaxJsonInteger, -tuf::kMaxJsonInteger}) {
    CAPTURE(role, version);
    CHECK_ERROR(decode_as(role, with(file(role), "/signed/version", version)), ErrorCode::kMalformedMetadata,
                "version");
  }
}

TEST_CASE("thresholds are positive and fit") {
  for (const auto& [role, member] :
       {std::pair<std::string, std::string>{"root", "/signed/roles/targets/threshold"},
        {"targets", "/signed/delegations/roles/0/threshold"}}) {
    CHECK_NOTHROW(decode_as(role, with(file(role), member, 2)));
    for (const std::int64_t threshold :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 31, std::int64_t{1} << 32}) {
      CAPTURE(role, threshold);
      CHECK_ERROR(decode_as(role, with(file(role), member, threshold)), ErrorCode::kMalformedMetadata,
                  "threshold");
    }
  }
}

TEST_CASE("a key stands under the ID of its content only") {
  for (const auto& [role, keys] : {std::pair<std::string, std::string>{"root", "/signed/keys"},
                                   {"targets", "/signed/delegations/keys"}}) {
    const std::string first = pointer_to_first(role, keys);
    const Json key = file(role).at(Json::json_pointer(first));
    CHECK_ERROR(decode_as(role, with(file(role), keys + "/" + std::string(64, 'a'), key)),
                ErrorCode::kMalformedMetadata, "another ID");
    CHECK_ERROR(decode_as(role, with(file(role), first + "/keytype", "ed25519")),
                ErrorCode::kMalformedMetadata);
    CHECK_ERROR(decode_as(role, with(file(role), keys + "/x", key)), ErrorCode::kMalformedMetadata);
  }
}

TEST_CASE("key objects need no member private, and keys of unknown kinds are carried") {
  const std::string first = pointer_to_first("root", "/signed/keys");
  CHECK_NOTHROW(decode_as("root", without(file("root"), first + "/keyval/private")));
  const tuf::KeyObject odd{"post-quantum", "AAAA"};
  const Json key = {{"keytype", odd.keytype}, {"keyval", {{"private", nullptr}, {"public", odd.value}}}};
  const auto root = tuf::decode<tuf::Root>(
      with(file("root"), "/signed/keys/" + tuf::key_id(odd).hex(), key).dump(), "root");
  CHECK(root.body.keys.at(tuf::key_id(odd)) == odd);
  CHECK(tuf::encode_signed(root.body) == root.signed_text);
}

TEST_CASE("every key of a top role is listed") {
  CHECK_ERROR(decode_as("root", with(file("root"), "/signed/roles/targets/keyids/0", std::string(64, 'a'))),
              ErrorCode::kMalformedMetadata, "not listed");
  CHECK_ERROR(decode_as("root", with(file("root"), "/signed/roles/targets/keyids/0", "short")),
              ErrorCode::kMalformedMetadata);
}

TEST_CASE("delegations have grammatical names and stand once") {
  const std::string name =
      GENERATE(values<std::string>({"root", "targets", "snapshot", "", "targets/", "targets/../x",
                                    "targets/A", "releases", "targets/a//b", "targets/a\n"}));
  CAPTURE(name);
  CHECK_ERROR(decode_as("targets", with(file("targets"), "/signed/delegations/roles/0/name", name)),
              ErrorCode::kMalformedMetadata, "name");
  const Json role = file("targets")["signed"]["delegations"]["roles"][0];
  CHECK_ERROR(decode_as("targets", with(file("targets"), "/signed/delegations/roles/-", role)),
              ErrorCode::kMalformedMetadata, "twice");
}

TEST_CASE("what official writers leave out or write as null is read") {
  const Json targets = file("targets");
  for (const std::string member :
       {"/signed/targets", "/signed/delegations", "/signed/delegations/keys", "/signed/delegations/roles",
        "/signed/delegations/roles/0/paths", "/signed/targets/1.0/custom"}) {
    CAPTURE(member);
    CHECK_NOTHROW(decode_as("targets", without(targets, member)));
    CHECK_NOTHROW(decode_as("targets", with(targets, member, nullptr)));
  }
  CHECK_NOTHROW(decode_as("targets", with(targets, "/signed/delegations/roles/0/keyids", nullptr)));
  CHECK_NOTHROW(decode_as("targets", with(targets, "/signatures", nullptr)));
  CHECK_NOTHROW(decode_as("root", without(file("root"), "/signed/consistent_snapshot")));
  CHECK_NOTHROW(decode_as("snapshot", without(file("snapshot"), "/signed/meta/root/hashes/sha512")));
}

TEST_CASE("absurd counts are refused before they cost anything") {
  const auto many = [](std::size_t count, const Json& value) {
    return Json(std::vector<Json>(count, value));
  };
  const Json id = std::string(64, 'a');
  const Json signature = file("targets")["signatures"][0];
  const auto signatures_by = [&](std::size_t keys, std::size_t each) {
    Json signatures = Json::array();
    for (std::size_t i = 0; i < keys * each; ++i) {
      signatures.push_back(signature);
      signatures.back()["keyid"] = std::to_string(i / each);
    }
    return with(file("targets"), "/signatures", signatures);
  };
  CHECK_NOTHROW(decode_as("targets", signatures_by(64, 4)));
  CHECK_ERROR(decode_as("targets", signatures_by(257, 1)), ErrorCode::kMalformedMetadata, "too many");
  CHECK_ERROR(decode_as("targets", signatures_by(1, 5)), ErrorCode::kMalformedMetadata, "too many");
  CHECK_ERROR(
      decode_as("targets", with(file("targets"), "/signed/delegations/roles/0/keyids", many(257, id))),
      ErrorCode::kMalformedMetadata, "too many");
  Json roles = Json::array();
  Json role = file("targets")["signed"]["delegations"]["roles"][0];
  for (int i = 0; i < 4097; ++i) {
    role["name"] = "targets/r" + std::to_string(i);
    roles.push_back(role);
  }
  CHECK_ERROR(decode_as("targets", with(file("targets"), "/signed/delegations/roles", roles)),
              ErrorCode::kMalformedMetadata, "too many");
  Json keys = Json::object();
  for (int i = 0; i < 1025; ++i) {
    const tuf::KeyObject key{"odd", std::to_string(i)};
    keys[tuf::key_id(key).hex()] = {{"keytype", key.keytype},
                                    {"keyval", {{"private", nullptr}, {"public", key.value}}}};
  }
  CHECK_ERROR(decode_as("targets", with(file("targets"), "/signed/delegations/keys", keys)),
              ErrorCode::kMalformedMetadata, "too many");
}

TEST_CASE("a file that is longer than any may be is not even parsed") {
  CHECK_ERROR(tuf::decode<tuf::Targets>(std::string(tuf::kMaxMetadataLength + 1, ' '), "targets"),
              ErrorCode::kMalformedMetadata, "longer than");
}

TEST_CASE("hashes are base64 and a file entry has a whole SHA-256 and a length") {
  for (const auto& [role, entry] : {std::pair<std::string, std::string>{"snapshot", "/signed/meta/targets"},
                                    {"timestamp", "/signed/meta/snapshot"}}) {
    for (const Json& bad :
         {Json("AAAA"), Json("not base64"), Json(""), Json(tuf::to_base64(tuf::Bytes(31)))}) {
      CHECK_ERROR(decode_as(role, with(file(role), entry + "/hashes/sha256", bad)),
                  ErrorCode::kMalformedMetadata);
    }
    CHECK_ERROR(decode_as(role, with(file(role), entry + "/length", -1)), ErrorCode::kMalformedMetadata,
                "length");
    CHECK_ERROR(decode_as(role, with(file(role), entry + "/hashes", nullptr)), ErrorCode::kMalformedMetadata);
  }
}

TEST_CASE("unknown members are verified but not written again") {
  const Json changed = with(file("targets"), "/signed/x", 1);
  const auto targets = tuf::decode<tuf::Targets>(changed.dump(), "targets");
  CHECK(targets.signed_text.view().find("\"x\":1") != std::string::npos);
  CHECK(tuf::encode_signed(targets.body).find("\"x\":1") == std::string::npos);
}

TEST_CASE("signatures are over the canonical form whatever the file looks like") {
  const auto exact = tuf::decode<tuf::Targets>(made().newest("targets").value(), "targets");
  const auto indented = tuf::decode<tuf::Targets>(file("targets").dump(2), "targets");
  CHECK(indented.signed_text == exact.signed_text);
  CHECK(indented.bytes != exact.bytes);
  CHECK(tuf::encode_file(indented.signed_text, indented.signatures) == exact.bytes);
}

TEST_CASE("a text with a control character is never written into a file") {
  CHECK_ERROR(tuf::encode_file("{\"a\":\"\n\"}", {}), ErrorCode::kInternal);
  CHECK_ERROR(tuf::encode_file("{}", {{"\n", "ecdsa", {}}}), ErrorCode::kInternal);
  CHECK_ERROR(tuf::encode_file("{}", {{"a", "\t", {}}}), ErrorCode::kInternal);
}
