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

}  // namespace tuf
