// What a Cryptoki function answered, as an error of ours that keeps the module's own code. Internal to this
// folder.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>

#include "tuf/base/error.h"

namespace hsm::pkcs11 {

/// "CKR_PIN_INCORRECT (0xa0)"; "CKR 0x80000001" for what the standard has no name for.
std::string return_value_name(CK_RV rv);

/// A call that the module refused. The recovery rules of Token look at `rv`; whoever else catches it sees one
/// of the KEY errors.
class CallFailed : public tuf::Error {
 public:
  /// `subject`: what the call was about, "token 'ci'".
  CallFailed(const std::string& subject, const std::string& function, CK_RV rv);
  CK_RV rv() const { return rv_; }

 private:
  CK_RV rv_;
};

/// Throws CallFailed unless `rv` is CKR_OK.
void check(CK_RV rv, const std::string& subject, const char* function);

/// The return value behind a failure of libp11: the newest entry of the module's in OpenSSL's error queue, or
/// `otherwise` if there is none. Empties the queue; a SoftHSM that shares our libcrypto leaves foreign
/// entries.
CK_RV take_libp11_error(CK_RV otherwise = CKR_GENERAL_ERROR);

}  // namespace hsm::pkcs11
