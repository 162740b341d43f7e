#include "agent/store/static_folder.h"

#include <algorithm>

#include "hsm/os/atomic_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/metadata/codec.h"

namespace agent {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;

std::string hash_name(const tuf::RoleName& role, const tuf::Bytes& sha256) {
  return role.text() + "." + tuf::to_hex(sha256);
}

std::string version_name(const tuf::RoleName& role, std::int64_t version) {
  return std::to_string(version) + "." + role.text();
}

std::int64_t version_of(const tuf::RoleName& role, const std::string& bytes) {
  if (role == tuf::RoleName::root()) return tuf::decode<tuf::Root>(bytes, role.text()).body.version;
  if (role == tuf::RoleName::snapshot()) return tuf::decode<tuf::Snapshot>(bytes, role.text()).body.version;
  if (role == tuf::RoleName::timestamp()) return tuf::decode<tuf::Timestamp>(bytes, role.text()).body.version;
  return tuf::decode<tuf::Targets>(bytes, role.text()).body.version;
}

/// nullopt for what is not a file of that kind: a damaged repository is still read as far as it goes.
template <class T>
std::optional<T> decode_body(const std::string& bytes, const tuf::RoleName& role) {
  try {
    return tuf::decode<T>(bytes, role.text()).body;
  } catch (const tuf::Error&) {
    return std::nullopt;
  }
}

}  // namespace

tuf::Error no_folder(const std::filesystem::path& dir, const std::string& name,
                     const std::string& repository) {
  std::error_code error;
  if (std::filesystem::exists(dir, error)) {
    return {tuf::ErrorCode::kServerUnreachable, name + " is no folder",
            "name the folder that holds the trust data, or one that is to be made, in --server file:DIR"};
  }
  return {tuf::ErrorCode::kServerUnreachable, name + " is not there",
          "check the folder's name, or make it with: countersign repo init " + repository};
}

StaticFolder::StaticFolder(const std::filesystem::path& dir, const tuf::Gun& gun, BeforeWrite before_write)
    : dir_(dir),
      folder_(dir / "v2" / gun.text() / "_trust" / "tuf"),
      before_write_(std::move(before_write)) {}

std::optional<std::string> StaticFolder::read(const std::string& name) const {
  return hsm::read_whole_file(path_of(name), tuf::kMaxStandingLength);
}

StaticState StaticFolder::state() const {
  StaticState state;
  state.timestamp = newest_named(tuf::RoleName::timestamp());
  if (!state.timestamp) return state;
  const auto timestamp = decode_body<tuf::Timestamp>(*state.timestamp, tuf::RoleName::timestamp());
  if (!timestamp) return state;
  const tuf::Bytes& snapshot_hash = timestamp->snapshot.hashes.at("sha256");
  const auto bytes = with_hash(tuf::RoleName::snapshot(), snapshot_hash);
  const auto snapshot = bytes ? decode_body<tuf::Snapshot>(*bytes, tuf::RoleName::snapshot()) : std::nullopt;
  state.expires = timestamp->expires;
  if (!snapshot) return state;
  state.expires = std::min(state.expires, snapshot->expires);
  state.hashes.emplace(tuf::RoleName::snapshot(), snapshot_hash);
  for (const auto& [name, meta] : snapshot->meta) {
    if (const auto role = tuf::RoleName::parse(name)) state.hashes.emplace(*role, meta.hashes.at("sha256"));
  }
  return state;
}

std::optional<std::string> StaticFolder::find(const StaticState& state, const tuf::RoleName& role) const {
  if (role == tuf::RoleName::timestamp()) return state.timestamp;
  const auto found = state.hashes.find(role);
  return found == state.hashes.end() ? std::nullopt : with_hash(role, found->second);
}

std::optional<std::string> StaticFolder::with_hash(const tuf::RoleName& role,
                                                   const tuf::Bytes& sha256) const {
  auto bytes = read(hash_name(role, sha256));
  if (bytes && tuf::sha256(tuf::as_bytes(*bytes)) != sha256) return std::nullopt;
  return bytes;
}

std::optional<std::string> StaticFolder::with_version(const tuf::RoleName& role, std::int64_t version) const {
  if (auto bytes = read(version_name(role, version))) return bytes;
  // Its writer may have been stopped between publishing it and giving it this name.
  auto newest = find(state(), role);
  return newest && version_of(role, *newest) == version ? newest : std::nullopt;
}

std::optional<std::string> StaticFolder::newest_named(const tuf::RoleName& role) const {
  return read(role.text());
}

void StaticFolder::write(const std::filesystem::path& path, const std::string& content) const {
  if (before_write_) before_write_(path);
  hsm::make_folders(path.parent_path(), kFolderMode);
  hsm::remove_abandoned_files(path.parent_path());
  hsm::write_atomically(path, content, kFileMode);
}

void StaticFolder::write_if_other(const std::string& name, const std::string& content) const {
  if (read(name) != content) write(path_of(name), content);
}

bool StaticFolder::is_incomplete(const StaticState& state) const {
  if (!state.timestamp || state.hashes.empty()) return false;
  const auto root = find(state, tuf::RoleName::root());
  if (root && newest_named(tuf::RoleName::root()) != root) return true;
  // The timestamp's version name is the last of all to be written: if it is there, so are the others.
  return read(version_name(tuf::RoleName::timestamp(),
                           version_of(tuf::RoleName::timestamp(), *state.timestamp))) != state.timestamp;
}

void StaticFolder::complete() const {
  const StaticState now = state();
  if (!is_incomplete(now)) return;
  if (const auto root = find(now, tuf::RoleName::root())) write_if_other(tuf::RoleName::root().text(), *root);
  for (const auto& [role, hash] : now.hashes) {
    const auto bytes = with_hash(role, hash);
    if (!bytes) continue;  // damaged; only a newer version of the role mends it
    write_if_other(role.text(), *bytes);
    write_if_other(version_name(role, version_of(role, *bytes)), *bytes);
  }
  write_if_other(
      version_name(tuf::RoleName::timestamp(), version_of(tuf::RoleName::timestamp(), *now.timestamp)),
      *now.timestamp);
}

void StaticFolder::publish(const RoleFiles& files, bool root_first) const {
  complete();
  const std::filesystem::path ping = dir_ / "v2" / "index.html";
  if (!hsm::read_whole_file(ping, tuf::kMaxStandingLength)) write(ping, "{}");
  for (const auto& [role, bytes] : files) {
    write_if_other(hash_name(role, tuf::sha256(tuf::as_bytes(bytes))), bytes);
  }
  if (root_first) write(path_of(tuf::RoleName::root().text()), files.at(tuf::RoleName::root()));
  write(path_of(tuf::RoleName::timestamp().text()), files.at(tuf::RoleName::timestamp()));
  try {
    complete();
  } catch (const tuf::Error& error) {
    throw error.with_context("the update is published, but not yet under every name");
  }
}

void StaticFolder::remove() const {
  std::error_code failure;
  std::filesystem::remove(path_of(tuf::RoleName::timestamp().text()), failure);
  if (!failure) std::filesystem::remove(path_of(tuf::RoleName::root().text()), failure);
  if (!failure) std::filesystem::remove_all(folder_, failure);
  if (failure) {
    throw tuf::Error(tuf::ErrorCode::kLocal, "cannot remove " + folder_.string() + ": " + failure.message());
  }
}

}  // namespace agent
