// ServerKeys: the private keys with which a store plays the server's part for one repository, one for each of
// `snapshot` and `timestamp`.
#pragma once

#include <memory>

#include "tuf/keys/signer.h"
#include "tuf/metadata/role_name.h"

namespace agent {

class ServerKeys {
 public:
  virtual ~ServerKeys() = default;

  /// nullptr if there is none yet.
  virtual std::shared_ptr<tuf::Signer> find(const tuf::RoleName& role) = 0;
  virtual std::shared_ptr<tuf::Signer> find_or_make(const tuf::RoleName& role) = 0;
};

}  // namespace agent
