#include "agent/store/offline_store.h"

#include "tuf/base/digest.h"
#include "tuf/base/error.h"

namespace agent {

OfflineStore::OfflineStore(SeenRepository seen)
    : seen_(std::move(seen)), name_("offline:" + seen_.folder().string()) {}

std::vector<std::optional<std::string>> OfflineStore::fetch(const std::vector<FileRequest>& requests) {
  std::vector<std::optional<std::string>> files;
  for (const FileRequest& request : requests) files.push_back(fetch_one(request));
  return files;
}

/// One version of each role is all there is.
std::optional<std::string> OfflineStore::fetch_one(const FileRequest& request) const {
  std::optional<std::string> bytes = seen_.load(request.role);
  if (!bytes || std::holds_alternative<FileRequest::Newest>(request.which)) return bytes;
  const auto* hash = std::get_if<FileRequest::WithHash>(&request.which);
  return hash && tuf::sha256(tuf::as_bytes(*bytes)) == hash->sha256 ? bytes : std::nullopt;
}

tuf::KeyObject OfflineStore::server_key(const tuf::RoleName& role) {
  throw tuf::Error(tuf::ErrorCode::kInternal, name_ + " has no key for " + role.text());
}

tuf::KeyObject OfflineStore::make_server_key(const tuf::RoleName& role) {
  return server_key(role);
}

void OfflineStore::require_publishing() {
  throw tuf::Error(tuf::ErrorCode::kInternal, name_ + " cannot be published to");
}

void OfflineStore::remove() {
  throw tuf::Error(tuf::ErrorCode::kInternal, name_ + " cannot be removed");
}

PublishResult OfflineStore::publish(const std::vector<RoleFile>&) {
  throw tuf::Error(tuf::ErrorCode::kInternal, name_ + " cannot be published to");
}

}  // namespace agent
