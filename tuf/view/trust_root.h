// The names of what a repository is trusted by, as users write and compare them.
#pragma once

#include <optional>
#include <string>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// The pin of what is trusted now: the TUF ID of the first root key.
std::string trust_root_of(const TrustedRepository& repository);
/// Its other name: the canonical ID, by which key files are called and which pins every repository with this
/// root key. nullopt for a key of a kind that we cannot read.
std::optional<std::string> canonical_trust_root_of(const TrustedRepository& repository);

}  // namespace tuf
