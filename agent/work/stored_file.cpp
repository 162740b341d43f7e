#include "agent/work/stored_file.h"

#include "tuf/base/digest.h"
#include "tuf/base/error.h"

namespace agent {

std::string stored_file(TrustStore& store, const tuf::TrustedRepository& repository,
                        const tuf::RoleName& role) {
  const tuf::FileMeta& expected = repository.snapshot().body.meta.at(role.text());
  const FileRequest request{role, FileRequest::WithHash{expected.hashes.at("sha256")},
                            static_cast<std::size_t>(expected.length)};
  std::optional<std::string> bytes = store.fetch({request}).front();
  if (!bytes || tuf::sha256(tuf::as_bytes(*bytes)) != expected.hashes.at("sha256")) {
    throw tuf::Error(tuf::ErrorCode::kRepositoryBroken, store.name() + " cannot serve the file of " +
                                                            role.text() + " of " + repository.gun().text());
  }
  return *std::move(bytes);
}

}  // namespace agent
