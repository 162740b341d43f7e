#include "hsm/file/key_store.h"

#include "hsm/file/open_key.h"
#include "hsm/file/private_file.h"
#include "tuf/base/error.h"

namespace hsm {
namespace {

namespace fs = std::filesystem;
using tuf::Error;
using tuf::ErrorCode;
using tuf::KeyId;

constexpr std::string_view kExtension = ".key";
constexpr std::string_view kOldRootFolder = "root_keys";
constexpr std::string_view kOldTargetsFolder = "tuf_keys";

/// What the folder and the name of a file of an old version say: `root_keys/<id>_root.key`,
/// `tuf_keys/<gun>/<id>_<role>.key`.
KeyPemHeaders headers_by_place(const fs::path& relative, std::string_view suffix) {
  KeyPemHeaders headers;
  if (suffix.starts_with('_')) headers.role = suffix.substr(1);
  const fs::path parent = relative.parent_path();
  if (parent == kOldRootFolder) headers.role = "root";
  if (!parent.empty() && *parent.begin() == kOldTargetsFolder) {
    const fs::path gun = parent.lexically_relative(kOldTargetsFolder);
    if (gun != ".") headers.gun = gun.generic_string();
  }
  return headers;
}

/// `headers` of the file, completed by what its place says.
KeyPemHeaders completed(KeyPemHeaders headers, const KeyPemHeaders& by_place) {
  if (headers.role.empty()) headers.role = by_place.role;
  if (headers.gun.empty()) headers.gun = by_place.gun;
  return headers;
}

KeyPemHeaders read_headers(const fs::path& path) {
  try {
    const PrivateFile file = read_private_file(path);
    const std::vector<KeyPem> keys = KeyPem::parse_all(file.text());
    if (!keys.empty()) return keys.front().headers();
  } catch (const Error&) {  // unreadable or insecure: listed by its name, told when opened
  }
  return {};
}

bool has_gun(std::string_view role) {
  return role == "targets" || role == "snapshot" || role == "timestamp";
}

}  // namespace

KeyStore::KeyStore(fs::path trust_dir, SecretSource& secrets)
    : folder_(std::move(trust_dir) / "private"), secrets_(secrets) {}

std::map<KeyId, KeyStore::Entry> KeyStore::scan() const {
  std::map<KeyId, Entry> entries;
  std::error_code error;
  fs::recursive_directory_iterator file(folder_, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    const fs::path& path = file->path();
    std::error_code ignored;
    if (path.extension() != kExtension || !file->is_regular_file(ignored)) continue;
    const std::string stem = path.stem().string();
    const auto id = KeyId::parse(std::string_view(stem).substr(0, 64));
    const std::string_view suffix = std::string_view(stem).substr(std::min<std::size_t>(64, stem.size()));
    if (!id || (!suffix.empty() && !suffix.starts_with('_'))) continue;
    const Entry entry{path, headers_by_place(path.lexically_relative(folder_), suffix)};
    // The flat layout is the newer one.
    if (path.parent_path() == folder_) {
      entries.insert_or_assign(*id, entry);
    } else {
      entries.emplace(*id, entry);
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(ErrorCode::kFileUnreadable, "cannot list " + folder_.string() + ": " + error.message());
  }
  return entries;
}

std::vector<KeyInfo> KeyStore::list() {
  std::vector<KeyInfo> keys;
  for (const auto& [id, entry] : scan()) {
    const KeyPemHeaders headers = completed(read_headers(entry.path), entry.headers);
    keys.push_back({id, entry.path.string(), headers.role, headers.gun, std::nullopt});
  }
  return keys;
}

std::shared_ptr<tuf::Signer> KeyStore::open(const KeyId& canonical_id) {
  const auto entries = scan();
  const auto found = entries.find(canonical_id);
  if (found == entries.end()) return nullptr;
  const auto& [path, by_place] = found->second;
  const std::vector<KeyPem> keys = read_key_file(path);
  const std::string role = completed(keys.front().headers(), by_place).role;
  auto key = std::make_shared<PrivateKey>(open_key(keys.front(), path, role, secrets_));
  const KeyId& actual = key->public_key().canonical_id();
  if (actual != canonical_id) {
    throw Error(ErrorCode::kKeyMalformed,
                path.string() + " holds another key than its name says: " + actual.hex(),
                "rename it to " + actual.hex() + std::string(kExtension));
  }
  return key;
}

KeyInfo KeyStore::find(std::string_view prefix) {
  std::vector<KeyInfo> matches;
  for (KeyInfo& key : list()) {
    if (key.canonical_id.hex().starts_with(prefix)) matches.push_back(std::move(key));
  }
  if (matches.empty()) {
    throw Error(ErrorCode::kKeyNotFound,
                "no key in " + folder_.string() + " has an ID that starts with " + std::string(prefix));
  }
  if (matches.size() > 1) {
    std::string candidates;
    for (const KeyInfo& key : matches)
      candidates += (candidates.empty() ? "" : ", ") + key.canonical_id.hex();
    throw Error(ErrorCode::kKeyAmbiguous,
                std::to_string(matches.size()) + " keys have IDs that start with " + std::string(prefix) +
                    ": " + candidates,
                "give more digits");
  }
  return std::move(matches.front());
}

fs::path KeyStore::add(const PrivateKey& key, std::string_view role, std::string_view gun,
                       const Secret& passphrase) {
  const KeyId& id = key.public_key().canonical_id();
  const KeyPemHeaders headers{std::string(role), has_gun(role) ? std::string(gun) : std::string(), {}};
  const auto entries = scan();
  if (const auto found = entries.find(id); found != entries.end()) {
    const KeyPemHeaders there = completed(read_headers(found->second.path), found->second.headers);
    if (there.role == headers.role && there.gun == headers.gun) return found->second.path;
    throw Error(ErrorCode::kLocal,
                "key " + id.short_form() + " is already in " + found->second.path.string() +
                    ", with the role \"" + there.role + "\"",
                "remove it first with: rm " + found->second.path.string());
  }
  make_private_folders(folder_);
  const fs::path path = folder_ / (id.hex() + std::string(kExtension));
  if (!write_private_file(path, format_key_pem(key, headers, passphrase), IfExists::kFail)) {
    throw Error(ErrorCode::kLocal, path.string() + " was made by somebody else in this moment");
  }
  return path;
}

bool KeyStore::remove(const KeyId& canonical_id) {
  std::error_code failure;
  const fs::path path = folder_ / (canonical_id.hex() + std::string(kExtension));
  const bool removed = fs::remove(path, failure);
  if (failure) throw Error(ErrorCode::kLocal, "cannot remove " + path.string() + ": " + failure.message());
  return removed;
}

}  // namespace hsm
