// What Notary demands of certificates: root keys (section 7.3) and delegation certificates (section 5.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/time.h"
#include "tuf/keys/pem.h"
#include "tuf/keys/public_key.h"

namespace tuf {

/// Why the certificate bundle of a root key may not vouch for `gun` at `now`; nullopt if it may. Checked:
/// exact PEM, leaf first and the only non-CA, common name equal to the GUN or a prefix ending in `*`,
/// validity (a day of leeway at the start), RSA from 2048 bits, no SHA-1 or MD5 signature. Without `now`
/// everything but the dates, for roots that others have followed.
std::optional<std::string> root_certificate_problem(const PublicKey& key, std::string_view gun,
                                                    std::optional<Time> now);

/// Why a certificate may not be put into a delegation at `now`; nullopt if it may, or if `key` is bare.
std::optional<std::string> delegation_certificate_problem(const PublicKey& key, Time now);

/// Of the certificates in a file, in any order, the one whose key is meant: the only one that is not an
/// authority's, with nothing else beside it than authorities of its chain. Throws kKeyUnsupported; the hint
/// has FILE where the file's name belongs.
const PemBlock& leaf_among(const std::vector<PemBlock>& certificates);

/// True if the leaf of `key`'s bundle chains to one of the certificates in `ca_pem` at `now`. Code-signing
/// certificates, such as notary makes, pass; a bare key does not. Throws kConfig if `ca_pem` holds none.
bool chains_to(const PublicKey& key, std::string_view ca_pem, Time now);

/// `notAfter` of the first certificate; nullopt for a bare key.
std::optional<Time> certificate_expiry(const PublicKey& key);

}  // namespace tuf
