// ServerKeyFiles: the server's keys as files of one folder, `snapshot.key` and `timestamp.key`, after
// rotations `snapshot.2.key` and so on: EC P-256, unencrypted PKCS#8 with the headers `gun` and `role`, for
// their owner only. Each is read once.
#pragma once

#include <filesystem>
#include <map>

#include "agent/store/server_keys.h"

namespace agent {

class ServerKeyFiles final : public ServerKeys {
 public:
  ServerKeyFiles(std::filesystem::path folder, tuf::Gun gun);

  /// Throws kKeyMalformed, kInsecureFile, kFileUnreadable.
  std::vector<std::shared_ptr<tuf::Signer>> all(const tuf::RoleName& role) override;
  /// The folder must exist. Throws kLocal as well.
  std::shared_ptr<tuf::Signer> make(const tuf::RoleName& role) override;
  /// Deletes all of them. Throws kLocal.
  void remove();

 private:
  std::filesystem::path path_of(const tuf::RoleName& role, std::size_t number) const;

  std::filesystem::path folder_;
  tuf::Gun gun_;
  std::map<tuf::RoleName, std::vector<std::shared_ptr<tuf::Signer>>> open_;
};

}  // namespace agent
