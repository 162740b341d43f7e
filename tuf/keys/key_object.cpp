#include "tuf/keys/key_object.h"

#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/json/json.h"

namespace tuf {

std::optional<KeyId> KeyId::parse(std::string_view hex) {
  if (hex.size() != 64 || !from_hex(hex)) return std::nullopt;
  return KeyId(std::string(hex));
}

KeyId key_id(const KeyObject& key) {
  std::string preimage = R"({"keytype":)";
  append_canonical_string(preimage, key.keytype);
  preimage += R"(,"keyval":{"private":null,"public":)";
  append_canonical_string(preimage, key.value);
  preimage += "}}";
  return *KeyId::parse(to_hex(sha256(as_bytes(preimage))));
}

}  // namespace tuf
