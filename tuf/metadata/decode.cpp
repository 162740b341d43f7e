#include <limits>
#include <type_traits>

#include "tuf/base/error.h"
#include "tuf/metadata/decode_document.h"
#include "tuf/metadata/node.h"
#include "tuf/metadata/scan_targets.h"

namespace tuf {
namespace {

// Far above anything seen in practice; each bounds the work that one hostile file can cause.
constexpr std::size_t kMaxKeys = 1024;
constexpr std::size_t kMaxSignatures = 256;
constexpr std::size_t kMaxSignaturesOfKey = 4;  // each of which may have to be tried
constexpr std::size_t kMaxDelegations = 4096;
constexpr std::size_t kMaxKeysOfRole = 256;
constexpr std::size_t kMaxPathsOfRole = 1024;

/// Most bytes beside the targets of a file that is read as it stands: they take thirty times as much when
/// they are parsed, which fits kMaxJsonMemoryWithText together with the longest file and its canonical form.
constexpr std::size_t kMaxBesideTargets = 1 << 20;

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
    for (auto entry = entries.begin(); entry != entries.end(); entry = entries.erase(entry))
      targets.targets.set(entry->first, read_target(list->element(entry->second)));
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

/// `signed_text`: the canonical form of `signed`; nullptr if it is yet to be made.
template <class T>
Metadata<T> read_document(Json document, const SharedText& bytes, std::string_view what,
                          const SharedText* signed_text) {
  const Node envelope(document, std::string(what));
  const Node body = envelope.at("signed");
  const Node type = body.at("_type");
  if (type.text() != type_name(static_cast<T*>(nullptr)))
    type.fail("is not " + std::string(type_name(static_cast<T*>(nullptr))));

  Metadata<T> metadata;
  metadata.body.version = read_version(body);
  metadata.body.expires = read_expires(body);
  metadata.signed_text = signed_text ? *signed_text : canonical_json(body.json(), bytes.size());
  read_body(body, metadata.body);  // and leaves less of it
  metadata.signatures = read_signatures(envelope.at("signatures"));
  metadata.bytes = bytes;
  return metadata;
}

/// The canonical form of a part of the file: mostly the part itself.
SharedText canonical_part(const SharedText& bytes, std::string_view part) {
  if (part.find("\\u") == std::string_view::npos) return bytes.of(part);
  return canonical_form(part);
}

/// What there is to a file of targets that is read as it stands.
struct StandingFile {
  ScannedTargets scanned;
  SharedText signed_text;
  Json rest;  // the file without its targets
  std::size_t memory = 0;
};

/// nullopt if it is not to be read so; what then becomes of it decode_document says.
std::optional<StandingFile> take_as_it_stands(const SharedText& bytes, std::string_view what) {
  if (bytes.size() > kMaxStandingLength) return std::nullopt;
  std::optional<ScannedTargets> scanned = scan_targets(bytes);
  if (!scanned || bytes.size() - scanned->targets.size() > kMaxBesideTargets) return std::nullopt;
  const std::string_view file = bytes;
  const auto start = static_cast<std::size_t>(scanned->targets.data() - file.data());
  std::string rest(file.substr(0, start));
  rest += "{}";
  rest += file.substr(start + scanned->targets.size());

  StandingFile taken{*std::move(scanned), {}, {}};
  taken.rest = parse_json(rest, what, &taken.memory);
  taken.signed_text = canonical_part(bytes, taken.scanned.signed_part);
  taken.memory += bytes.size() + taken.scanned.custom_memory +
                  taken.scanned.starts.size() * sizeof(taken.scanned.starts[0]);
  const bool is_part = taken.signed_text.view().data() == taken.scanned.signed_part.data();
  if (!is_part) taken.memory += taken.signed_text.size();
  if (taken.memory > kMaxJsonMemoryWithText) return std::nullopt;
  return taken;
}

std::optional<Metadata<Targets>> decode_as_it_stands(const SharedText& bytes, std::string_view what) {
  std::optional<StandingFile> taken = take_as_it_stands(bytes, what);
  if (!taken) return std::nullopt;
  Metadata<Targets> metadata =
      read_document<Targets>(std::move(taken->rest), bytes, what, &taken->signed_text);
  metadata.body.targets = TargetMap(bytes, std::move(taken->scanned.starts));
  metadata.memory = taken->memory;
  return metadata;
}

}  // namespace

template <class T>
Metadata<T> decode_document(const SharedText& bytes, std::string_view what) {
  std::size_t memory = 0;
  Json document = parse_json(bytes, what, &memory);
  Metadata<T> metadata = read_document<T>(std::move(document), bytes, what, nullptr);
  metadata.memory = memory + 2 * bytes.size();
  return metadata;
}

template <class T>
Metadata<T> decode(SharedText bytes, std::string_view what) {
  if constexpr (std::is_same_v<T, Targets>) {
    if (auto metadata = decode_as_it_stands(bytes, what)) return *std::move(metadata);
  }
  if (bytes.size() > kMaxMetadataLength) {
    throw Error(ErrorCode::kMalformedMetadata,
                std::string(what) + ": longer than " + std::to_string(kMaxMetadataLength) + " bytes");
  }
  return decode_document<T>(bytes, what);
}

bool is_within_bounds(const SharedText& file) {
  return take_as_it_stands(file, "") || (file.size() <= kMaxMetadataLength && fits_json_bounds(file));
}

template Metadata<Targets> decode_document(const SharedText&, std::string_view);
template Metadata<Root> decode(SharedText, std::string_view);
template Metadata<Targets> decode(SharedText, std::string_view);
template Metadata<Snapshot> decode(SharedText, std::string_view);
template Metadata<Timestamp> decode(SharedText, std::string_view);

}  // namespace tuf
