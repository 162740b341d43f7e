// Lower-case hexadecimal, strict: servers index by lower case only (section 1.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"

namespace tuf {

std::string to_hex(ByteView bytes);

/// nullopt for an odd length, an upper-case digit or anything else that `to_hex` does not write.
std::optional<Bytes> from_hex(std::string_view hex);

/// Its capitals A to F made small: what people paste is not as strict as a server.
std::string with_lower_hex(std::string_view text);

}  // namespace tuf
