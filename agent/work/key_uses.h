// KeyUses: which keys may sign which roles, by the repositories that this trust directory has seen.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/load_repository.h"
#include "tuf/base/warning.h"
#include "tuf/keys/key_id.h"

namespace agent {

struct KeyUse {
  tuf::Gun gun;
  std::vector<tuf::RoleName> roles;
  std::string key_type;  // "ECDSA P-256"
  /// Of a key that has signed the root: its other name, by which the repository's readers pin it.
  std::optional<tuf::KeyId> trust_root = std::nullopt;
};

/// By canonical key ID. No server is asked, so a key that was added or removed since is not known here. A
/// repository whose memory cannot be used is left out with a warning.
std::map<tuf::KeyId, std::vector<KeyUse>> find_key_uses(const std::filesystem::path& trust_dir, tuf::Time now,
                                                        std::vector<tuf::Warning>& warnings);

}  // namespace agent
