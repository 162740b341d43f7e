// Certificates and requests for any key, also one that never leaves its token: the signer signs what OpenSSL
// has put together. EC keys sign with ecdsa-with-SHA256, RSA keys with RSASSA-PSS (SHA-256, salt of 32
// bytes).
#pragma once

#include <string>
#include <string_view>

#include "tuf/base/time.h"
#include "tuf/keys/signer.h"
#include "tuf/names/role_name.h"

namespace hsm {

// All return PEM as Go's encoder writes it, fit for tuf::PublicKey::from_certificate. They throw
// kKeyUnsupported for an Ed25519 key, which Notary takes in no certificate, and what signing throws.

/// The self-signed certificate of a root key (section 4.3): common name `gun`, valid for 10 times 365 days.
std::string make_root_certificate(tuf::Signer& signer, const tuf::Gun& gun, tuf::Time now);

/// A self-signed certificate for a delegation. The common name is free; throws kUsage unless it is printable
/// UTF-8, and unless `days` is from 1 to 36500.
std::string make_delegation_certificate(tuf::Signer& signer, std::string_view common_name, tuf::Time now,
                                        tuf::Days days);

/// A request (PKCS#10) for a code-signing certificate. Throws as above.
std::string make_certificate_request(tuf::Signer& signer, std::string_view common_name);

}  // namespace hsm
