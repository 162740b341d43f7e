// What a role's file says of a tag: the question of whoever signs the file anew. What readers see of it is
// tuf::TrustedRepository::find_target.
#pragma once

#include <string>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// Target as it stands in the role's file, whether or not the role is usable and its paths admit the name;
/// nullptr if there is no file or no such target in it.
const Target* stored_target(const TrustedRepository& repository, const RoleName& role,
                            const std::string& name);

/// By SHA-256: an entry without one is no image's.
bool is_same_image(const Target& one, const Target& other);

}  // namespace tuf
