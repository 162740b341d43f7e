// What a role's file says of a tag: the question of whoever signs the file anew. What readers see of it is
// tuf::TrustedRepository::find_target.
#pragma once

#include <optional>
#include <string_view>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// Target as it stands in the role's file, whether or not the role is usable and its paths admit the name;
/// nullopt if there is no file or no such target in it.
std::optional<Target> stored_target(const TrustedRepository& repository, const RoleName& role,
                                    std::string_view name);

/// By SHA-256: an entry without one is no image's.
bool is_same_image(const Target& one, const Target& other);

}  // namespace tuf
