// Names of signers.
#pragma once

#include <string>

namespace agent {

/// Throws kInvalidRole unless `name` fits Docker's grammar of signers, `[a-z0-9][a-z0-9_-]*`, and is not
/// `releases`.
void require_signer_name(const std::string& name);
/// The same of one that is said to be a signer of the repository: the hint is where its signers are listed.
void require_signer(const std::string& name, const std::string& repository);

}  // namespace agent
