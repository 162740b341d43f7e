// Any file as a target (`--file`), as `notary add` signs it: its SHA-256, SHA-512 and length.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tuf/metadata/roles.h"
#include "tuf/names/role_name.h"

namespace agent {

/// Reads the whole file, however long. Throws kFileUnreadable, kSizeMismatch for an empty one, which no
/// client accepts.
tuf::Target hash_target_file(const std::filesystem::path& path);

/// Splits `REPO:NAME`. NAME is any target name, such as `dist/app-1.0.tgz`, not only a tag. Throws
/// kInvalidReference, kInvalidTag.
struct TargetName {
  tuf::Gun gun;
  std::string name;
};
TargetName parse_target_name(std::string_view text);

}  // namespace agent
