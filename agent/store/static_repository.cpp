#include "agent/store/static_repository.h"

#include <unistd.h>

#include <algorithm>

#include "hsm/os/atomic_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/shell_word.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/metadata/codec.h"
#include "tuf/trust/role_authority.h"

namespace agent {
namespace {

/// One spelling for one folder, so that every process finds the same keys and the same lock beside it.
std::filesystem::path canonical_folder(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::path path =
      std::filesystem::weakly_canonical(std::filesystem::absolute(dir, error), error);
  if (error) throw tuf::Error(tuf::ErrorCode::kLocal, "cannot find " + dir.string() + ": " + error.message());
  if (!path.has_filename()) path = path.parent_path();
  if (path == path.root_path()) {
    throw tuf::Error(
        tuf::ErrorCode::kConfig,
        "file:" + dir.string() + " leaves no place beside it for the keys, which must not be served",
        "name a folder below it in --server");
  }
  return path;
}

const tuf::Gun& checked(const tuf::Gun& gun) {
  if (("/" + gun.text() + "/").find("/_trust/") != std::string::npos) {
    throw tuf::Error(tuf::ErrorCode::kInvalidReference,
                     "a static repository cannot hold " + gun.text() + ": _trust is the folder of its files");
  }
  return gun;
}

std::filesystem::path key_folder_beside(const std::filesystem::path& dir, const tuf::Gun& gun) {
  // By hash: one repository's name can be the beginning of another's.
  return dir.string() + ".keys/" + tuf::to_hex(tuf::sha256(tuf::as_bytes(gun.text())));
}

void require_server_role(const tuf::RoleName& role) {
  if (role == tuf::RoleName::snapshot() || role == tuf::RoleName::timestamp()) return;
  throw tuf::Error(tuf::ErrorCode::kInternal, "a trust store has no key for " + role.text());
}

/// True if a reader that still has `present` as its root verifies what the new timestamp leads to.
bool leads_on_from(const std::string& present, const RoleFiles& files) {
  const tuf::Root root = tuf::decode<tuf::Root>(present, "root").body;
  const auto timestamp = tuf::decode<tuf::Timestamp>(files.at(tuf::RoleName::timestamp()), "timestamp");
  const auto snapshot = tuf::decode<tuf::Snapshot>(files.at(tuf::RoleName::snapshot()), "snapshot");
  return tuf::RoleAuthority::of(root, tuf::RoleName::timestamp())
             .approves(timestamp.signed_text, timestamp.signatures) &&
         tuf::RoleAuthority::of(root, tuf::RoleName::snapshot())
             .approves(snapshot.signed_text, snapshot.signatures);
}

}  // namespace

StaticRepository::StaticRepository(const std::filesystem::path& dir, const tuf::Gun& gun, Options options)
    : name_("file:" + dir.string()),
      dir_(canonical_folder(dir)),
      gun_(checked(gun)),
      options_(std::move(options)),
      folder_(dir_, gun_, options_.before_write),
      key_folder_(key_folder_beside(dir_, gun_)),
      keys_(key_folder_, gun_) {}

hsm::FileLock StaticRepository::lock() const {
  hsm::make_folders(dir_,
                    0755);  // before the keys' folder: what is above them must stay open to the web server
  hsm::make_folders(key_folder_, 0700);
  return {key_folder_ / "lock", options_.budget->at_most(options_.lock_patience)};
}

bool StaticRepository::can_write() const {
  return access(key_folder_.c_str(), R_OK | W_OK | X_OK) == 0 &&
         access(folder_.path().c_str(), W_OK | X_OK) == 0;
}

ServerState StaticRepository::server_state(const StaticState& present) {
  const auto newest = [this, &present](const tuf::RoleName& role) {
    auto bytes = folder_.find(present, role);
    // A snapshot that is the client's own may leave out a delegation; what was published of it still counts.
    return bytes || !role.is_delegation() ? bytes : folder_.newest_named(role);
  };
  for (const tuf::RoleName& role : {tuf::RoleName::snapshot(), tuf::RoleName::root()}) {
    if (present.timestamp && !newest(role)) {
      throw tuf::Error(tuf::ErrorCode::kRepositoryBroken,
                       name_ + ": the " + role.text() + " of " + gun_.text() +
                           " that its timestamp leads to is missing or damaged");
    }
  }
  return {gun_, options_.clock(), newest, keys_};
}

StaticState StaticRepository::fresh_state() {
  StaticState present = folder_.state();
  if (!present.timestamp || !can_write()) return present;
  const bool is_fresh = present.expires > options_.clock() + tuf::kTimestampLifetime / 2;
  if (is_fresh && !folder_.is_incomplete(present)) return present;
  const hsm::FileLock guard = lock();
  present = folder_.state();
  const RoleFiles files = refresh_due(server_state(present));
  if (files.empty()) {
    folder_.complete();
  } else {
    folder_.publish(files, false);
  }
  return folder_.state();
}

std::optional<std::string> StaticRepository::fetch_one(const StaticState& present,
                                                       const FileRequest& request) const {
  if (const auto* by_hash = std::get_if<FileRequest::WithHash>(&request.which)) {
    return folder_.with_hash(request.role, by_hash->sha256);
  }
  if (const auto* by_version = std::get_if<FileRequest::WithVersion>(&request.which)) {
    return folder_.with_version(request.role, by_version->version);
  }
  // All from one state, whatever is published meanwhile.
  auto bytes = folder_.find(present, request.role);
  return bytes ? bytes : folder_.newest_named(request.role);
}

std::vector<std::optional<std::string>> StaticRepository::fetch(const std::vector<FileRequest>& requests) {
  if (!std::filesystem::is_directory(dir_)) {
    if (options_.may_create && !std::filesystem::exists(dir_)) return {requests.size(), std::nullopt};
    throw no_folder(dir_, name_, gun_.text());
  }
  const bool newest = std::any_of(requests.begin(), requests.end(), [](const FileRequest& request) {
    return std::holds_alternative<FileRequest::Newest>(request.which);
  });
  const StaticState present = newest ? fresh_state() : StaticState{};
  std::vector<std::optional<std::string>> answers;
  for (const FileRequest& request : requests) {
    answers.push_back(fetch_one(present, request));
    if (!answers.back() || answers.back()->size() <= request.max_length) continue;
    if (request.is_guess) {
      answers.back().reset();
    } else {
      throw tuf::Error(tuf::ErrorCode::kServerError, name_ + ": " + request.role.text() + " of " +
                                                         gun_.text() + " is longer than " +
                                                         std::to_string(request.max_length) + " bytes");
    }
  }
  return answers;
}

/// Whether nothing can be signed here that was signed before. New keys would not help: no root names them.
bool StaticRepository::is_copy() {
  if (!folder_.state().timestamp) return false;
  std::error_code error;
  if (!std::filesystem::exists(key_folder_, error)) return !error;
  if (access(key_folder_.c_str(), R_OK | X_OK) != 0) return false;  // they may be there, for others
  return keys_.all(tuf::RoleName::timestamp()).empty() && keys_.all(tuf::RoleName::snapshot()).empty();
}

void StaticRepository::require_keys() {
  if (!is_copy()) return;
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   name_ + " can be read, but not written: the keys of " + gun_.text() + " are missing in " +
                       key_folder_.string() + ", as in a copy of the folder alone",
                   "publish to the folder of which this is a copy, or bring its keys, too: " +
                       tuf::shell_word(key_folder_.string()));
}

tuf::KeyObject StaticRepository::server_key(const tuf::RoleName& role) {
  require_server_role(role);
  require_keys();
  const hsm::FileLock guard = lock();
  return current_server_key(server_state(folder_.state()), role)->public_key().object();
}

tuf::KeyObject StaticRepository::make_server_key(const tuf::RoleName& role) {
  require_server_role(role);
  require_keys();
  const hsm::FileLock guard = lock();
  return keys_.make(role)->public_key().object();
}

void StaticRepository::require_publishing() {
  require_keys();
  if (can_write()) return;
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   name_ + " can be read, but not written: " + gun_.text() + " or its keys in " +
                       key_folder_.string() + " are not this user's",
                   "run this as their owner: ls -ld " + tuf::shell_path(folder_.path().string()) + " " +
                       tuf::shell_path(key_folder_.string()));
}

void StaticRepository::remove() {
  if (!std::filesystem::exists(folder_.path())) return;
  const hsm::FileLock guard = lock();
  folder_.remove();
  keys_.remove();
}

PublishResult StaticRepository::publish(const std::vector<RoleFile>& files) {
  require_keys();
  const hsm::FileLock guard = lock();
  const StaticState present = folder_.state();
  const auto update = accept_publish(server_state(present), files);
  if (!update) return PublishResult::kConflict;
  const auto root = folder_.find(present, tuf::RoleName::root());
  folder_.publish(*update, update->contains(tuf::RoleName::root()) && root && !leads_on_from(*root, *update));
  return PublishResult::kStored;
}

}  // namespace agent
