// Making a signing key: in the trust directory or on a token, its public half in a file for whoever lets the
// signer in.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "agent/work/run.h"

namespace agent {

struct KeyToGenerate {
  std::string name;                                 // of the signer, and of the file
  std::string type = "p256";                        // as hsm::parse_key_algorithm takes it
  std::optional<std::string> token = std::nullopt;  // its URI; none: the trust directory
  std::string folder = ".";                         // for NAME.pub, which must not stand there
};

struct GeneratedKey {
  tuf::PublicKey public_key;
  std::string location;                  // a path, or a URI
  std::optional<hsm::KeyOrigin> origin;  // of a token's key: what the token swears
  std::filesystem::path public_file;
};

/// Throws kInvalidRole for a name that is no signer's (signer_name.h), kUsage for a type that there is not,
/// kLocal if the file cannot be written, kSecretMissing, and the errors of the token.
GeneratedKey generate_key(const KeyToGenerate& wanted, Run& run);

/// Makes nothing, and throws the same as far as that shows. The file that would be written.
std::filesystem::path rehearse_key(const KeyToGenerate& wanted, Run& run);

}  // namespace agent
