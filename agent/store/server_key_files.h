// ServerKeyFiles: the server's keys as files of one folder, `snapshot.key` and `timestamp.key`: EC P-256,
// unencrypted PKCS#8 with the headers `gun` and `role`, readable by their owner only.
#pragma once

#include <filesystem>

#include "agent/store/server_keys.h"

namespace agent {

class ServerKeyFiles final : public ServerKeys {
 public:
  ServerKeyFiles(std::filesystem::path folder, const tuf::Gun& gun);

  /// Throws kKeyMalformed, kInsecureFile, kFileUnreadable.
  std::shared_ptr<tuf::Signer> find(const tuf::RoleName& role) override;
  /// The folder must exist, and the caller keeps other processes out. Throws kLocal as well.
  std::shared_ptr<tuf::Signer> find_or_make(const tuf::RoleName& role) override;

 private:
  std::filesystem::path path_of(const tuf::RoleName& role) const;

  std::filesystem::path folder_;
  tuf::Gun gun_;
};

}  // namespace agent
