// SHA-256 and SHA-512.
#pragma once

#include "tuf/base/bytes.h"

namespace tuf {

Bytes sha256(ByteView message);
Bytes sha512(ByteView message);

}  // namespace tuf
