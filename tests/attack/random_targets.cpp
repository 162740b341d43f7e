#include "tests/attack/random_targets.h"

#include "tuf/base/base64.h"
#include "tuf/keys/key_object.h"

namespace test {
namespace {

using tuf::Json;

// Next to each other in the order of bytes, with and without escapes.
const std::vector<std::string> kPieces = {"1",
                                          "1.0",
                                          "v",
                                          "a",
                                          "A",
                                          "-",
                                          "_",
                                          "~",
                                          ";",
                                          "<",
                                          "=",
                                          ">",
                                          "&",
                                          "\"",
                                          "#",
                                          "[",
                                          "\\",
                                          "]",
                                          "/",
                                          "'",
                                          "",
                                          "\x7f",
                                          "\xc2\x80",
                                          "\xe2\x80\xa7",
                                          "\xe2\x80\xa8",
                                          "\xe2\x80\xa9",
                                          "\xe2\x80\xaa",
                                          "\xf0\x9f\x98\x80",
                                          "a-name-that-is-longer-than-a-short-string"};

// What is put into a file, or in the place of a part of it.
const std::vector<std::string> kTokens = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\",
                                          " ",
                                          "\n",
                                          "0",
                                          "9",
                                          "-",
                                          "-0",
                                          "01",
                                          "1.0",
                                          "1e2",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "null",
                                          "true",
                                          "{}",
                                          "[]",
                                          "\"\"",
                                          "<",
                                          "\\u003c",
                                          "\\u003C",
                                          "\\u0041",
                                          "\\n",
                                          "\\/",
                                          "\xe2\x80\xa8",
                                          "\\u2028",
                                          "\x7f",
                                          "\x1f",
                                          "\xc3\xa9",
                                          "\xc3",
                                          "\x80",
                                          "\xed\xa0\x80",
                                          "=",
                                          "A",
                                          "\"targets\":{},",
                                          "\"Targets\":{},",
                                          "\"custom\":{},",
                                          "\"custom\":null,",
                                          "\"hashes\":{},",
                                          "\"length\":1,",
                                          ",\"x\":1",
                                          "\"a\":1,",
                                          "\"sha512\":\"AAAA\""};

}  // namespace

tuf::Json entry_of(const tuf::Target& target) {
  Json entry = {{"hashes", Json::object()}, {"length", target.length}};
  for (const auto& [name, hash] : target.hashes) entry["hashes"][name] = tuf::to_base64(hash);
  if (target.custom) entry["custom"] = *target.custom;
  return entry;
}

tuf::Bytes RandomTargets::bytes(std::size_t size) {
  tuf::Bytes out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(below(256));
  return out;
}

std::string RandomTargets::name() {
  std::string name;
  for (std::size_t left = below(4) + (percent(95) ? 1 : 0); left > 0; --left) name += one_of(kPieces);
  return name;
}

tuf::Json RandomTargets::value(int depth) {
  switch (below(depth > 2 ? 5 : 8)) {
    case 0:
      return nullptr;
    case 1:
      return percent(50);
    case 2:
      return tuf::kMaxJsonInteger - static_cast<std::int64_t>(below(3));
    case 3:
      return -static_cast<std::int64_t>(below(1000)) - 1;
    case 4:
      return name();
    case 5: {
      Json list = Json::array();
      for (std::size_t left = below(3); left > 0; --left) list.push_back(value(depth + 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (std::size_t left = below(4); left > 0; --left) object[name()] = value(depth + 1);
      return object;
    }
  }
}

tuf::Target RandomTargets::target() {
  tuf::Target target{{{"sha256", bytes(32)}}, static_cast<std::int64_t>(below(100'000)), std::nullopt};
  if (percent(30)) target.hashes["sha512"] = bytes(64);
  if (percent(40)) {
    target.custom = Json::object();
    for (std::size_t left = below(4); left > 0; --left) (*target.custom)[name()] = value(0);
  }
  return target;
}

tuf::Json RandomTargets::entry() {
  Json entry = entry_of(target());
  if (!percent(2)) return entry;
  switch (below(8)) {
    case 0:
      entry["custom"] = value(2);
      break;
    case 1:
      entry["hashes"]["md5"] = "AAAA";
      break;
    case 2:
      entry["hashes"]["sha256"] = tuf::to_base64(bytes(below(40)));
      break;
    case 3:
      entry["hashes"] = nullptr;
      break;
    case 4:
      entry["length"] = value(3);
      break;
    case 5:
      entry[percent(50) ? "LENGTH" : "more"] = 1;
      break;
    case 6:
      entry.erase(percent(50) ? "length" : "hashes");
      break;
    default:
      entry["length"] = -1;
      break;
  }
  return entry;
}

tuf::Json RandomTargets::delegations() {
  Json keys = Json::object();
  Json ids = Json::array();
  for (std::size_t left = below(3); left > 0; --left) {
    const tuf::KeyObject key{"ecdsa", tuf::to_base64(bytes(20))};
    const std::string id = tuf::key_id(key).hex();
    keys[id] = {{"keytype", key.keytype}, {"keyval", {{"private", nullptr}, {"public", key.value}}}};
    ids.push_back(id);
  }
  Json roles = Json::array();
  for (const char* role : {"targets/releases", "targets/jenkins"}) {
    if (percent(50))
      roles.push_back({{"name", role}, {"keyids", ids}, {"threshold", 1}, {"paths", {"", name()}}});
  }
  return {{"keys", keys}, {"roles", roles}};
}

std::string RandomTargets::file() {
  Json body = {{"_type", "Targets"},
               {"expires", "2029-11-21T22:00:00Z"},
               {"version", below(1000) + 1},
               {"delegations", delegations()},
               {"targets", Json::object()}};
  for (std::size_t left = below(12); left > 0; --left) body["targets"][name()] = entry();
  if (percent(5)) body[one_of<std::string>({"x", "Targets", "target", "zz", "VERSION"})] = value(0);
  if (percent(3))
    body[one_of<std::string>({"_type", "expires", "version", "targets", "delegations"})] = value(0);
  if (percent(2)) body.erase(one_of<std::string>({"_type", "expires", "version", "targets", "delegations"}));
  Json signatures = Json::array();
  for (std::size_t left = below(3); left > 0; --left)
    signatures.push_back({{"keyid", name()}, {"method", "ecdsa"}, {"sig", tuf::to_base64(bytes(64))}});
  Json document = {{"signed", body}, {"signatures", signatures}};
  if (percent(3)) document[one_of<std::string>({"x", "Signed", "signatures", "zz"})] = value(0);
  if (percent(10)) return document.dump(percent(50) ? -1 : 1);
  std::string text = R"({"signed":)" + tuf::canonical_json(document["signed"]) + R"(,"signatures":)" +
                     tuf::canonical_json(document["signatures"]);
  document.erase("signed");
  document.erase("signatures");
  for (const auto& [name, more] : document.items()) text += ",\"" + name + "\":" + tuf::canonical_json(more);
  return percent(98) ? tuf::wire_form(text + "}") : text + "}";
}

std::string RandomTargets::mutated(std::string file) {
  for (std::size_t left = below(3) + 1; left > 0 && !file.empty(); --left) {
    const std::size_t at = below(file.size());
    const std::size_t length = std::min(below(8), file.size() - at);
    switch (below(7)) {
      case 0:
        file[at] = static_cast<char>(below(256));
        break;
      case 1:
        file[at] = static_cast<char>(file[at] ^ (1 << below(8)));
        break;
      case 2:
        file.erase(at, length);
        break;
      case 3:
        file.insert(at, file.substr(at, length));
        break;
      case 4:
        file.replace(at, length, one_of(kTokens));
        break;
      case 5:
        file.insert(at, one_of(kTokens));
        break;
      default: {  // where something else begins
        const std::size_t next = std::min(file.find_first_of("{},:[]\"", at), file.size());
        file.insert(next, one_of(kTokens));
        break;
      }
    }
  }
  return file;
}

}  // namespace test
