// ServerKeyFiles: the server's keys as files of one folder, `snapshot.key` and `timestamp.key`: EC P-256,
// unencrypted PKCS#8 with the headers `gun` and `role`, for their owner only. Each is read once.
#pragma once

#include <filesystem>
#include <map>

#include "agent/store/server_keys.h"

namespace agent {

class ServerKeyFiles final : public ServerKeys {
 public:
  ServerKeyFiles(std::filesystem::path folder, tuf::Gun gun);

  /// Throws kKeyMalformed, kInsecureFile, kFileUnreadable.
  std::shared_ptr<tuf::Signer> find(const tuf::RoleName& role) override;
  /// The folder must exist. Throws kLocal as well.
  std::shared_ptr<tuf::Signer> find_or_make(const tuf::RoleName& role) override;

 private:
  std::filesystem::path folder_;
  tuf::Gun gun_;
  std::map<tuf::RoleName, std::shared_ptr<tuf::Signer>> open_;
};

}  // namespace agent
