// RoleView: the file of a role as it was verified, and whose keys have signed it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

struct RoleView {
  RoleName name;
  std::int64_t version = 0;
  Time expires{};
  std::int64_t length = 0;                          // of the file, bytes
  std::string sha256 = {};                          // of the file, hex
  std::vector<std::string> key_ids = {};            // TUF IDs of the role's keys
  std::vector<std::string> canonical_key_ids = {};  // of those that can sign
  std::vector<std::string> signed_by_key_ids = {};  // canonical IDs of those that have signed this very file
};

/// Every role that has a file: top roles, then delegations.
std::vector<RoleView> view_roles(const TrustedRepository& repository);
/// One role; it must have a verified file.
RoleView view_role(const TrustedRepository& repository, const RoleName& role);
/// Canonical IDs of the role's keys that have signed its present file; empty if it has none.
std::vector<KeyId> file_signers(const TrustedRepository& repository, const RoleName& role);

}  // namespace tuf
