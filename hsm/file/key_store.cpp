#include "hsm/file/key_store.h"

#include <algorithm>

#include "hsm/file/open_key.h"
#include "hsm/os/free_name.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"

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

/// Temporary files that a crash has left are not meant.
bool holds_key(const fs::path& path) {
  if (path.filename().string().starts_with('.')) return false;
  try {
    return !KeyPem::parse_all(read_private_file(path).text()).empty();
  } catch (const Error&) {  // too open to be read: its name must do
    return path.extension() == kExtension;
  }
}

[[noreturn]] void fail_not_found(const fs::path& folder, std::string_view digits) {
  throw Error(ErrorCode::kKeyNotFound,
              "no key in " + folder.string() + " has an ID that starts with " + std::string(digits));
}

/// The name of a file that holds the key `id`: what `path` has behind its own ID stays.
std::string named_by(const KeyId& id, const fs::path& path) {
  return id.hex() + path.filename().string().substr(id.hex().size());
}

bool has_gun(std::string_view role) {
  return role == "targets" || role == "snapshot" || role == "timestamp";
}

}  // namespace

KeyStore::KeyStore(const fs::path& trust_dir, SecretSource& secrets)
    : folder_(trust_dir / "private"), secrets_(secrets) {}

/// `others`, if there is one, gets the files that are no keys by their name.
std::map<KeyId, KeyStore::Entry> KeyStore::scan(std::vector<fs::path>* others) const {
  std::map<KeyId, Entry> entries;
  std::error_code error;
  fs::recursive_directory_iterator file(folder_, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    const fs::path& path = file->path();
    std::error_code ignored;
    if (!file->is_regular_file(ignored)) continue;
    const std::string stem = path.stem().string();
    const auto id = KeyId::parse(std::string_view(stem).substr(0, 64));
    const std::string_view suffix = std::string_view(stem).substr(std::min<std::size_t>(64, stem.size()));
    if (path.extension() != kExtension || !id || (!suffix.empty() && !suffix.starts_with('_'))) {
      if (others != nullptr) others->push_back(path);
      continue;
    }
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

std::vector<fs::path> KeyStore::misnamed() const {
  std::vector<fs::path> others;
  scan(&others);
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder_.parent_path(), ignored)) {
    if (file.is_regular_file(ignored)) others.push_back(file.path());
  }
  std::erase_if(others, [](const fs::path& path) { return !holds_key(path); });
  std::sort(others.begin(), others.end());
  return others;
}

std::vector<KeyInfo> KeyStore::list() {
  std::vector<KeyInfo> keys;
  for (const auto& [id, entry] : scan()) {
    const KeyPemHeaders headers = completed(read_headers(entry.path), entry.headers);
    keys.push_back({id, entry.path.string(), headers.role, headers.gun, std::nullopt});
  }
  return keys;
}

std::optional<KeyStore::OpenEntry> KeyStore::open_entry(const KeyId& canonical_id) {
  const auto entries = scan();
  const auto found = entries.find(canonical_id);
  if (found == entries.end()) return std::nullopt;
  const auto& [path, by_place] = found->second;
  const std::vector<KeyPem> keys = read_key_file(path);
  KeyPemHeaders headers = completed(keys.front().headers(), by_place);
  PrivateKey key = open_key(keys.front(), path, headers.role, secrets_);
  const KeyId& actual = key.public_key().canonical_id();
  if (actual != canonical_id) {
    throw Error(ErrorCode::kKeyMalformed,
                path.string() + " holds another key than its name says: " + actual.hex(),
                "rename it with: mv " + tuf::shell_path(path.string()) + " " +
                    tuf::shell_path((path.parent_path() / named_by(actual, path)).string()));
  }
  return OpenEntry{std::move(key), std::move(headers), path, keys.front().is_encrypted()};
}

std::shared_ptr<tuf::Signer> KeyStore::open(const KeyId& canonical_id) {
  std::optional<OpenEntry> entry = open_entry(canonical_id);
  return entry ? std::make_shared<PrivateKey>(std::move(entry->key)) : nullptr;
}

KeyInfo KeyStore::find(std::string_view prefix) {
  std::vector<KeyInfo> matches;
  for (KeyInfo& key : list()) {
    if (key.canonical_id.hex().starts_with(prefix)) matches.push_back(std::move(key));
  }
  if (matches.empty()) fail_not_found(folder_, prefix);
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
    const bool moves = !is_own(found->second.path);
    const bool same_role = there.role == headers.role || (moves && there.role.empty());
    const bool same_gun = there.gun == headers.gun || !has_gun(headers.role);
    if (!same_role || !same_gun) {
      const std::string name = found->second.path.string();
      throw Error(ErrorCode::kLocal,
                  "key " + id.short_form() + " is already in " + found->second.path.string() +
                      ", with the role \"" + there.role + "\"",
                  // It may be the only copy.
                  "move it away first with: mv " + tuf::shell_path(name) + " " +
                      tuf::shell_path(free_name(name, ".old")));
    }
    if (!moves) return found->second.path;
  }
  make_private_folders(folder_);
  const fs::path path = folder_ / (id.hex() + std::string(kExtension));
  if (!write_private_file(path, format_key_pem(key, headers, passphrase), IfExists::kFail)) {
    throw Error(ErrorCode::kLocal, path.string() + " was made by somebody else in this moment");
  }
  return path;
}

std::string KeyStore::export_pem(const KeyId& canonical_id) {
  std::optional<OpenEntry> entry = open_entry(canonical_id);
  if (!entry) fail_not_found(folder_, canonical_id.hex());
  if (!entry->encrypted) {
    throw Error(ErrorCode::kSecretMissing, entry->path.string() + " is not encrypted, and no copy may be",
                "give it the passphrase in COUNTERSIGN_NEW_PASSPHRASE first: countersign key passwd " +
                    canonical_id.hex());
  }
  entry->headers.path = canonical_id.hex();
  return format_key_pem(entry->key, entry->headers, secrets_.passphrase(entry->headers.role));
}

void KeyStore::change_passphrase(const KeyId& canonical_id, const Secret& passphrase) {
  const std::optional<OpenEntry> entry = open_entry(canonical_id);
  if (!entry) fail_not_found(folder_, canonical_id.hex());
  require_own(entry->path, entry->headers);
  write_private_file(entry->path, format_key_pem(entry->key, entry->headers, passphrase), IfExists::kReplace);
}

bool KeyStore::is_own(const fs::path& path) const {
  return path.parent_path() == folder_;
}

void KeyStore::require_own(const fs::path& path, const KeyPemHeaders& headers) const {
  if (is_own(path)) return;
  // What only its place says is lost where it is moved to.
  const std::string role = headers.role.empty() ? "" : " --role " + tuf::shell_word(headers.role);
  const bool names_gun = has_gun(headers.role) && !headers.gun.empty();
  const std::string gun = names_gun ? " --gun " + tuf::shell_word(headers.gun) : "";
  const std::string name = tuf::shell_path(path.string());
  throw Error(
      ErrorCode::kLocal, path.string() + " was put there by an old version, and is only read",
      "put it in its place with: countersign key import" + role + gun + " " + name + " && rm " + name);
}

bool KeyStore::remove(const KeyId& canonical_id) {
  const auto entries = scan();
  const auto found = entries.find(canonical_id);
  if (found == entries.end()) return false;
  const fs::path& path = found->second.path;
  require_own(path, completed(read_headers(path), found->second.headers));
  std::error_code failure;
  fs::remove(path, failure);
  if (failure) throw Error(ErrorCode::kLocal, "cannot remove " + path.string() + ": " + failure.message());
  return true;
}

}  // namespace hsm
