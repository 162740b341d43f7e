// SPKI: the DER form of a bare public key (SubjectPublicKeyInfo, RFC 5280), to and from OpenSSL. For
// tuf/keys.
#pragma once

#include <openssl/evp.h>

#include <string_view>

#include "tuf/base/bytes.h"
#include "tuf/base/openssl.h"

namespace tuf {

using EvpKey = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

/// The named curve of an EC key as people call it ("P-256"); empty for any other key.
std::string_view curve_name(const EVP_PKEY* key);

/// Whether the key is of a curve that has a name, and spells it out instead: the same key once it is named.
bool spells_curve_out(const EVP_PKEY* key);

/// A named curve and an uncompressed point, as Go wants it. One key in several spellings would count several
/// times towards a threshold.
bool is_plain_ec(const EVP_PKEY* key);

/// Null for what is not one key and nothing else.
EvpKey parse_spki(ByteView der);

/// Empty for what has no encoding: no key, or the point at infinity.
Bytes encode_spki(EVP_PKEY* key);

}  // namespace tuf
