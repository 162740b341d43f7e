// Reads what a token swears about a private key. Internal to this folder.
#pragma once

#include "hsm/pkcs11/session.h"
#include "hsm/pkcs11/token_info.h"

namespace hsm::pkcs11 {

inline KeyOrigin key_origin(const Session& session, CK_OBJECT_HANDLE private_key) {
  KeyOrigin origin;
  origin.local = session.flag(private_key, CKA_LOCAL);
  origin.never_extractable = session.flag(private_key, CKA_NEVER_EXTRACTABLE);
  origin.extractable = session.flag(private_key, CKA_EXTRACTABLE);
  origin.sensitive = session.flag(private_key, CKA_SENSITIVE);
  origin.always_authenticate = session.flag(private_key, CKA_ALWAYS_AUTHENTICATE);
  return origin;
}

}  // namespace hsm::pkcs11
