// Text from outside without the PINs, passwords and keys that people put where they do not belong: none of it
// is repeated in a message or a log.
#pragma once

#include <string>
#include <string_view>

namespace tuf {

/// With `…` in the place of: the value behind `pin-value=` and `pin=`, also if the `=` is encoded as in a
/// URI; the `user:password` in front of a host, and the password of a URL that has forgotten its host; the
/// values of a query that are called a secret (`?token=`, `&X-Amz-Signature=`); what a block of PEM holds,
/// and whatever follows `BEGIN … PRIVATE KEY`; private keys, and PEM, in base64.
std::string without_secrets(std::string_view text);

}  // namespace tuf
