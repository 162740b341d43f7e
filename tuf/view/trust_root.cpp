#include "tuf/view/trust_root.h"

#include "tuf/base/error.h"

namespace tuf {

std::string trust_root_of(const TrustedRepository& repository) {
  const auto& keys = repository.root().body.role(RoleName::root()).key_ids;
  if (keys.empty()) throw Error(ErrorCode::kInternal, "a verified root without keys");
  return keys.front().hex();
}

std::optional<std::string> canonical_trust_root_of(const TrustedRepository& repository) {
  const auto& keys = repository.root().body.keys;
  const auto found = keys.find(*KeyId::parse(trust_root_of(repository)));
  const auto key = found == keys.end() ? std::nullopt : PublicKey::from_object(found->second);
  return key ? std::optional(key->canonical_id().hex()) : std::nullopt;
}

}  // namespace tuf
