// Notary's fixed-width r‖s and the DER that OpenSSL and certificates speak (section 4.2).
#pragma once

#include <optional>

#include "tuf/base/bytes.h"

namespace tuf {

/// `width`: bytes of r and of s each, the curve's order rounded up. Throws kInternal if `der` is not a
/// signature that fits.
Bytes der_to_rs(ByteView der, std::size_t width);

/// nullopt unless `rs` is exactly twice `width` long and neither half is zero.
std::optional<Bytes> rs_to_der(ByteView rs, std::size_t width);

}  // namespace tuf
