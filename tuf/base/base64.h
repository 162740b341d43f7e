// Standard base64 with padding (RFC 4648, section 4), the only form that metadata and PEM bodies use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"

namespace tuf {

std::string to_base64(ByteView bytes);

/// nullopt for white space, missing or surplus padding, another alphabet or non-zero spare bits: a text
/// decodes only if `to_base64` would write exactly it.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace tuf
