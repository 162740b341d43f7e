// The bodies of the four kinds of metadata (sections 3.3 to 3.5), typed. Field names are known to the codec
// only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tuf/base/bytes.h"
#include "tuf/base/time.h"
#include "tuf/keys/key_id.h"
#include "tuf/keys/key_object.h"
#include "tuf/metadata/target_map.h"
#include "tuf/names/role_name.h"

namespace tuf {

/// Versions from here on are refused: SQL servers store none beyond 2^31 - 1, and a server takes only higher
/// ones than it has, whoever signs them. Below it, whoever jumps takes nothing from those who come after but
/// the room that is left.
inline constexpr std::int64_t kVersionLimit = 2'147'483'647;

/// Who may sign for a role: `threshold` distinct keys of `key_ids`.
struct RoleKeys {
  std::vector<KeyId> key_ids;
  int threshold = 1;
};

struct Root {
  std::int64_t version = 0;
  Time expires{};
  bool consistent_snapshot = false;
  std::map<KeyId, KeyObject> keys;
  std::map<std::string, RoleKeys> roles;  // the four top roles always; others are carried

  const RoleKeys& role(const RoleName& name) const { return roles.at(name.text()); }
};

/// Hashes and length of a metadata file, over its exact bytes.
struct FileMeta {
  std::map<std::string, Bytes> hashes;  // "sha256" always, "sha512" from every official writer
  std::int64_t length = 0;
};

struct DelegationRole {
  RoleName name;
  std::vector<KeyId> key_ids;  // empty after the last key was removed: the role is unusable
  int threshold = 1;
  std::vector<std::string> paths;  // prefixes; empty means no names at all (section 3.6)

  bool operator==(const DelegationRole&) const = default;
};

/// The paths of a child that count: those that start with one of `above`, the paths of its parent that count
/// (section 3.6). A wider path is not narrowed to what the parent has; it admits nothing. In n log n: both
/// lists may be as long as a file.
std::vector<std::string> paths_below(const std::vector<std::string>& above, std::vector<std::string> paths);

/// `targets` and every delegation.
struct Targets {
  std::int64_t version = 0;
  Time expires{};
  TargetMap targets;
  std::map<KeyId, KeyObject> keys;    // of the delegations below
  std::vector<DelegationRole> roles;  // in order of priority

  const DelegationRole* find_role(const RoleName& name) const;
};

struct Snapshot {
  std::int64_t version = 0;
  Time expires{};
  std::map<std::string, FileMeta> meta;  // by role name
};

struct Timestamp {
  std::int64_t version = 0;
  Time expires{};
  FileMeta snapshot;
};

}  // namespace tuf
