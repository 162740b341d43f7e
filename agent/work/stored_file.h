// The file of a role as it is stored, whoever signed it: what no verified repository shows.
#pragma once

#include <string>

#include "agent/store/trust_store.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// The file that the snapshot names. Throws kRepositoryBroken if the store cannot serve it, and what the
/// store throws.
std::string stored_file(TrustStore& store, const tuf::TrustedRepository& repository,
                        const tuf::RoleName& role);

}  // namespace agent
