#include "tuf/edit/sign_metadata.h"

#include <set>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace tuf {

std::map<KeyId, ListedSigner> signers_at_hand(std::string_view what,
                                              const std::vector<RoleAuthority>& authorities,
                                              const SignerFor& signer_for) {
  std::map<KeyId, ListedSigner> at_hand;
  for (const RoleAuthority& authority : authorities) {
    std::set<KeyId> pairs;
    for (const PublicKey& key : authority.keys()) {
      std::shared_ptr<Signer> signer = signer_for(key.canonical_id());
      if (!signer) continue;
      at_hand.try_emplace(key.id(), ListedSigner{key, std::move(signer)});
      pairs.insert(key.canonical_id());
    }
    if (pairs.size() < static_cast<std::size_t>(authority.threshold())) {
      throw Error(ErrorCode::kKeyNotFound, std::string(what) + " needs " +
                                               std::to_string(authority.threshold()) + " of " +
                                               std::to_string(authority.keys().size()) + " keys to sign, " +
                                               std::to_string(pairs.size()) + " at hand");
    }
  }
  return at_hand;
}

std::string sign_metadata(std::string_view what, std::string_view signed_text,
                          const std::vector<RoleAuthority>& authorities, const SignerFor& signer_for) {
  if (!has_wire_form(signed_text)) {
    throw Error(ErrorCode::kMalformedMetadata,
                std::string(what) + " holds a control character, with which no server could serve it again");
  }
  // Asked before anything is signed: what cannot be published must not be signed either.
  const std::map<KeyId, ListedSigner> at_hand = signers_at_hand(what, authorities, signer_for);
  std::vector<Signature> signatures;
  for (const auto& [id, listed] : at_hand) {
    const PublicKey& key = listed.key;
    Signature signature{id.hex(), std::string(signature_method(key.type())),
                        listed.signer->sign(as_bytes(signed_text))};
    if (!key.verifies(signature, as_bytes(signed_text))) {
      throw Error(ErrorCode::kBadTokenSignature, "key " + key.canonical_id().short_form() +
                                                     " made a signature for " + std::string(what) +
                                                     " that does not verify");
    }
    signatures.push_back(std::move(signature));
  }
  return encode_file(signed_text, signatures);
}

FileMeta describe_file(std::string_view bytes) {
  return {{{"sha256", sha256(as_bytes(bytes))}, {"sha512", sha512(as_bytes(bytes))}},
          static_cast<std::int64_t>(bytes.size())};
}

}  // namespace tuf
