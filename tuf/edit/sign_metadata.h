// Signing one metadata file: payload, signatures that have been checked, exact bytes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/keys/public_key.h"
#include "tuf/keys/signer.h"
#include "tuf/metadata/codec.h"

namespace tuf {

/// The signer of a key pair by its canonical ID, or nullptr if it is not at hand.
using SignerFor = std::function<std::shared_ptr<Signer>(const KeyId& canonical_id)>;

/// Signs `signed_text` with every key of `keys` that is at hand and returns the file. Each signature is
/// verified in software with the key that the role lists before it is used. Throws kKeyNotFound, naming
/// `what`, if fewer than `threshold` distinct keys are at hand, and kBadTokenSignature if a signature does
/// not verify.
std::string sign_metadata(std::string_view what, std::string_view signed_text,
                          const std::vector<PublicKey>& keys, int threshold, const SignerFor& signer_for);

/// Entry of a snapshot or timestamp for a file: SHA-256, SHA-512 and length of its exact bytes.
FileMeta describe_file(std::string_view bytes);

}  // namespace tuf
