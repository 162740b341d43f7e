#include "agent/evidence/key_evidence.h"

#include "hsm/pkcs11/token_key.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

tuf::Json origin_of(tuf::Signer& signer) {
  auto* const key = dynamic_cast<hsm::TokenKey*>(&signer);
  if (key == nullptr) return {{"kind", "file"}};
  tuf::Json json = {{"kind", "token"}, {"uri", tuf::printable(key->uri())}};
  try {
    const hsm::KeyOrigin origin = key->origin();
    const auto add = [&](const char* name, const std::optional<bool>& value) {
      if (value) json[name] = *value;
    };
    add("local", origin.local);
    add("never_extractable", origin.never_extractable);
    add("extractable", origin.extractable);
    add("sensitive", origin.sensitive);
    add("always_authenticate", origin.always_authenticate);
  } catch (const tuf::Error& error) {
    // A token that signs but does not tell is no reason to be without proof of what was signed.
    json["problem"] = tuf::printable(error.what());
  }
  return json;
}

}  // namespace

tuf::Json key_evidence(tuf::Signer& signer) {
  const tuf::PublicKey& key = signer.public_key();
  return {{"id", key.id().hex()},
          {"keytype", key.object().keytype},
          {"public", key.object().value},
          {"type", key.description()},
          {"origin", origin_of(signer)}};
}

}  // namespace agent
