#include <limits>

#include "tuf/base/base64.h"
#include "tuf/base/error.h"
#include "tuf/metadata/codec.h"

namespace tuf {
namespace {

// Far above anything seen in practice; each bounds the work that one hostile file can cause.
constexpr std::size_t kMaxKeys = 1024;
constexpr std::size_t kMaxSignatures = 256;
constexpr std::size_t kMaxSignaturesOfKey = 4;  // each of which may have to be tried
constexpr std::size_t kMaxDelegations = 4096;
constexpr std::size_t kMaxKeysOfRole = 256;
constexpr std::size_t kMaxPathsOfRole = 1024;

/// Whether the official clients take `member` for `name` although it is spelt otherwise: they ignore case, by
/// which U+017F is an s and U+212A a k.
bool is_misspelt(std::string_view member, std::string_view name) {
  if (member == name) return false;
  for (const char wanted : name) {
    const auto take = [&](std::string_view spelling) {
      if (!member.starts_with(spelling)) return false;
      member.remove_prefix(spelling.size());
      return true;
    };
    const char upper = wanted >= 'a' && wanted <= 'z' ? static_cast<char>(wanted - 'a' + 'A') : wanted;
    if (take({&wanted, 1}) || take({&upper, 1})) continue;
    if (wanted == 's' && take("\xc5\xbf")) continue;
    if (wanted == 'k' && take("\xe2\x84\xaa")) continue;
    return false;
  }
  return member.empty();
}

/// A JSON value that knows where it stands, so that every error names its member.
class Node {
 public:
  Node(Json& value, std::string path) : value_(value), path_(std::move(path)) {}

  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(ErrorCode::kMalformedMetadata, path_ + ": " + std::string(reason));
  }

  const Json& json() const { return value_; }
  /// Leaves nothing there.
  Json take() const { return std::move(value_); }
  bool is_null() const { return value_.is_null(); }

  Json::object_t& object() const {
    if (!value_.is_object()) fail("must be an object");
    return value_.get_ref<Json::object_t&>();
  }
  Json::array_t& array() const {
    if (!value_.is_array()) fail("must be an array");
    return value_.get_ref<Json::array_t&>();
  }
  const std::string& text() const {
    if (!value_.is_string()) fail("must be a string");
    return value_.get_ref<const std::string&>();
  }
  std::int64_t number() const {
    if (!value_.is_number_integer()) fail("must be an integer");
    return value_.get<std::int64_t>();
  }
  bool boolean() const {
    if (!value_.is_boolean()) fail("must be true or false");
    return value_.get<bool>();
  }
  Bytes base64() const {
    std::optional<Bytes> bytes = from_base64(text());
    if (!bytes) fail("must be base64");
    return *std::move(bytes);
  }

  /// A file in which others would read a member that we do not see says different things to different
  /// readers.
  std::optional<Node> find(const char* name) const {
    Json::object_t& members = object();
    for (const auto& [member, value] : members) {
      if (is_misspelt(member, name))
        fail("has a member that some readers take for \"" + std::string(name) + "\"");
    }
    const auto found = members.find(name);
    if (found == members.end()) return std::nullopt;
    return Node(found->second, path_ + "." + name);
  }
  /// Of a map or a list; which one is not said, since names of maps come from outside.
  Node element(Json& value) const { return {value, path_ + "[]"}; }

  Node at(const char* name) const {
    if (auto member = find(name)) return *member;
    fail("has no member \"" + std::string(name) + "\"");
  }

 private:
  Json& value_;
  std::string path_;
};

KeyId read_key_id(const Node& node) {
  const std::optional<KeyId> id = KeyId::parse(node.text());
  if (!id) node.fail("is not a key ID");
  return *id;
}

std::vector<KeyId> read_key_ids(const Node& node) {
  std::vector<KeyId> ids;
  if (node.is_null()) return ids;  // what the official client writes after removing the last key
  if (node.array().size() > kMaxKeysOfRole) node.fail("lists too many keys");
  for (Json& id : node.array()) ids.push_back(read_key_id(node.element(id)));
  return ids;
}

std::map<KeyId, KeyObject> read_keys(const Node& node) {
  std::map<KeyId, KeyObject> keys;
  if (node.object().size() > kMaxKeys) node.fail("holds too many keys");
  for (auto& [name, value] : node.object()) {
    const Node entry = node.element(value);
    KeyObject key{entry.at("keytype").text(), entry.at("keyval").at("public").text()};
    const KeyId id = key_id(key);
    if (id.hex() != name) node.fail("key " + id.short_form() + " is listed under another ID");
    keys.emplace(id, std::move(key));
  }
  return keys;
}

int read_threshold(const Node& node) {
  const std::int64_t threshold = node.number();
  if (threshold < 1 || threshold > std::numeric_limits<int>::max()) node.fail("must be at least 1");
  return static_cast<int>(threshold);
}

std::map<std::string, Bytes> read_hashes(const Node& node) {
  std::map<std::string, Bytes> hashes;
  if (node.is_null()) return hashes;
  for (auto& [name, value] : node.object()) hashes.emplace(name, node.element(value).base64());
  return hashes;
}

FileMeta read_file_meta(const Node& node) {
  FileMeta meta{read_hashes(node.at("hashes")), node.at("length").number()};
  const auto sha256 = meta.hashes.find("sha256");
  if (sha256 == meta.hashes.end() || sha256->second.size() != 32) node.fail("has no SHA-256");
  if (meta.length < 0) node.fail("has a negative length");
  return meta;
}

Target read_target(const Node& node) {
  Target target{read_hashes(node.at("hashes")), node.at("length").number(), std::nullopt};
  if (const auto custom = node.find("custom"); custom && !custom->is_null()) target.custom = custom->take();
  return target;
}

DelegationRole read_delegation(const Node& node) {
  const Node name_node = node.at("name");
  const std::optional<RoleName> name = RoleName::parse(name_node.text());
  if (!name || !name->is_delegation()) name_node.fail("is not the name of a delegation");
  DelegationRole role{*name, read_key_ids(node.at("keyids")), read_threshold(node.at("threshold")), {}};
  if (const auto paths = node.find("paths"); paths && !paths->is_null()) {
    if (paths->array().size() > kMaxPathsOfRole) paths->fail("lists too many paths");
    for (Json& path : paths->array()) role.paths.push_back(paths->element(path).text());
  }
  return role;
}

std::int64_t read_version(const Node& body) {
  const Node node = body.at("version");
  if (node.number() < 1 || node.number() >= kVersionLimit) node.fail("is out of range");
  return node.number();
}

Time read_expires(const Node& body) {
  const Node node = body.at("expires");
  const std::optional<Time> time = parse_time(node.text());
  if (!time) node.fail("is not a time");
  return *time;
}

constexpr const char* type_name(const Root*) {
  return "Root";
}
constexpr const char* type_name(const Targets*) {
  return "Targets";
}
constexpr const char* type_name(const Snapshot*) {
  return "Snapshot";
}
constexpr const char* type_name(const Timestamp*) {
  return "Timestamp";
}

void read_body(const Node& body, Root& root) {
  if (const auto flag = body.find("consistent_snapshot")) root.consistent_snapshot = flag->boolean();
  root.keys = read_keys(body.at("keys"));
  const Node roles = body.at("roles");
  if (roles.object().size() > kMaxDelegations) roles.fail("holds too many roles");
  for (auto& [name, value] : roles.object()) {
    const Node role = roles.element(value);
    root.roles[name] = {read_key_ids(role.at("keyids")), read_threshold(role.at("threshold"))};
  }
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    const auto found = root.roles.find(name);
    if (found == root.roles.end()) roles.fail("has no role \"" + std::string(name) + "\"");
    for (const KeyId& id : found->second.key_ids) {
      if (!root.keys.contains(id)) roles.fail("key " + id.short_form() + " of " + name + " is not listed");
    }
  }
}

void read_body(const Node& body, Targets& targets) {
  if (const auto list = body.find("targets"); list && !list->is_null()) {
    // Each goes as it is read: a file may have tens of thousands, and need not be held twice.
    Json::object_t& entries = list->object();
    for (auto entry = entries.begin(); entry != entries.end(); entry = entries.erase(entry)) {
      targets.targets.emplace_hint(targets.targets.end(), entry->first,
                                   read_target(list->element(entry->second)));
    }
  }
  const auto delegations = body.find("delegations");
  if (!delegations || delegations->is_null()) return;
  if (const auto keys = delegations->find("keys"); keys && !keys->is_null()) targets.keys = read_keys(*keys);
  if (const auto roles = delegations->find("roles"); roles && !roles->is_null()) {
    if (roles->array().size() > kMaxDelegations) roles->fail("holds too many roles");
    for (Json& role : roles->array()) {
      DelegationRole delegation = read_delegation(roles->element(role));
      if (targets.find_role(delegation.name)) roles->fail(delegation.name.text() + " stands there twice");
      targets.roles.push_back(std::move(delegation));
    }
  }
}

void read_body(const Node& body, Snapshot& snapshot) {
  const Node meta = body.at("meta");
  for (auto& [name, value] : meta.object()) {
    snapshot.meta.emplace(name, read_file_meta(meta.element(value)));
  }
  for (const char* name : {"root", "targets"}) {
    if (!snapshot.meta.contains(name)) meta.fail("has no entry for " + std::string(name));
  }
}

void read_body(const Node& body, Timestamp& timestamp) {
  timestamp.snapshot = read_file_meta(body.at("meta").at("snapshot"));
}

std::vector<Signature> read_signatures(const Node& node) {
  std::vector<Signature> signatures;
  std::map<std::string, std::size_t> count;  // by key ID
  if (node.is_null()) return signatures;
  if (node.array().size() > kMaxSignatures) node.fail("holds too many signatures");
  for (Json& value : node.array()) {
    const Node entry = node.element(value);
    signatures.push_back({entry.at("keyid").text(), entry.at("method").text(), entry.at("sig").base64()});
    if (++count[signatures.back().keyid] > kMaxSignaturesOfKey)
      entry.fail("is one of too many signatures by one key");
  }
  return signatures;
}

}  // namespace

template <class T>
Metadata<T> decode(std::string bytes, std::string_view what) {
  if (bytes.size() > kMaxMetadataLength) {
    throw Error(ErrorCode::kMalformedMetadata,
                std::string(what) + ": longer than " + std::to_string(kMaxMetadataLength) + " bytes");
  }
  std::size_t memory = 0;
  Json document = parse_json(bytes, what, &memory);
  const Node envelope(document, std::string(what));
  const Node body = envelope.at("signed");
  const Node type = body.at("_type");
  if (type.text() != type_name(static_cast<T*>(nullptr)))
    type.fail("is not " + std::string(type_name(static_cast<T*>(nullptr))));

  Metadata<T> metadata;
  metadata.body.version = read_version(body);
  metadata.body.expires = read_expires(body);
  metadata.signed_text = canonical_json(body.json(), bytes.size());
  read_body(body, metadata.body);  // and leaves less of it
  metadata.signatures = read_signatures(envelope.at("signatures"));
  metadata.memory = memory + 2 * bytes.size();
  metadata.bytes = std::move(bytes);
  return metadata;
}

template Metadata<Root> decode(std::string, std::string_view);
template Metadata<Targets> decode(std::string, std::string_view);
template Metadata<Snapshot> decode(std::string, std::string_view);
template Metadata<Timestamp> decode(std::string, std::string_view);

}  // namespace tuf
