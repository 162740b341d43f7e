// Signing one metadata file: payload, signatures that have been checked, exact bytes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/keys/signer.h"
#include "tuf/metadata/codec.h"
#include "tuf/trust/role_authority.h"

namespace tuf {

/// The signer of a key pair by its canonical ID, or nullptr if it is not at hand.
using SignerFor = std::function<std::shared_ptr<Signer>(const KeyId& canonical_id)>;

/// Signs `signed_text` with every key of the authorities that is at hand, once for each of its IDs, and
/// returns the file. Each signature is verified in software with the listed key before it is used. Throws
/// kKeyNotFound, naming `what`, if one of the authorities would not approve the result, and
/// kBadTokenSignature if a signature does not verify.
std::string sign_metadata(std::string_view what, std::string_view signed_text,
                          const std::vector<RoleAuthority>& authorities, const SignerFor& signer_for);

/// A key as a role lists it, with its signer.
struct ListedSigner {
  PublicKey key;
  std::shared_ptr<Signer> signer;
};
/// Those at hand of the authorities' keys, by listed ID. Throws kKeyNotFound, naming `what`, if they are too
/// few for one of them.
std::map<KeyId, ListedSigner> signers_at_hand(std::string_view what,
                                              const std::vector<RoleAuthority>& authorities,
                                              const SignerFor& signer_for);

/// The same for one authority.
inline std::string sign_metadata(std::string_view what, std::string_view signed_text,
                                 std::vector<PublicKey> keys, int threshold, const SignerFor& signer_for) {
  return sign_metadata(what, signed_text, {RoleAuthority(std::move(keys), threshold)}, signer_for);
}

/// Entry of a snapshot or timestamp for a file: SHA-256, SHA-512 and length of its exact bytes.
FileMeta describe_file(std::string_view bytes);

}  // namespace tuf
