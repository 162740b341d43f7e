// Public keys, as commands are told them: certificates and `.pub` files, one key in each.
#pragma once

#include <string>
#include <vector>

#include "tuf/base/time.h"
#include "tuf/keys/public_key.h"

namespace agent {

/// Throws kUsage if there is none, kFileUnreadable, and what `hsm::read_public_key` throws.
std::vector<tuf::PublicKey> read_public_keys(const std::vector<std::string>& files);
/// What signers are to be known by. Throws the same, and kKeyUnsupported for a certificate that holds no
/// more: it is of no use to readers.
std::vector<tuf::PublicKey> read_signers_keys(const std::vector<std::string>& files, tuf::Time now);

}  // namespace agent
