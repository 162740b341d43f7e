// ServerKeys: the private keys with which a store plays the server's part for one repository, for `snapshot`
// and `timestamp`.
#pragma once

#include <memory>
#include <vector>

#include "tuf/keys/signer.h"
#include "tuf/names/role_name.h"

namespace agent {

class ServerKeys {
 public:
  virtual ~ServerKeys() = default;

  /// Every key that was made for the role, oldest first. Old ones are kept: which one counts is for the root
  /// to say.
  virtual std::vector<std::shared_ptr<tuf::Signer>> all(const tuf::RoleName& role) = 0;
  /// One more.
  virtual std::shared_ptr<tuf::Signer> make(const tuf::RoleName& role) = 0;
};

}  // namespace agent
