// Text from outside made fit for a terminal, a log or a message: nothing in it can move the cursor, forge a
// line or reorder what is read (threat "terminal and log forging"), and no PIN or password that stands where
// people put them by mistake is repeated.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tuf {

/// `text` with control characters, bytes that are not UTF-8, characters that change the direction of text and
/// those that are not seen replaced by `\n`, `\x1b` or `\u{202e}`. Applying it twice changes nothing more: a
/// backslash stays as it is. More than `max_bytes` of input are cut off and replaced by `…`, and so are the
/// value behind `pin-value=`, the `user:password` in front of a host, what can be no port behind
/// `https://name:`, the value of a query whose name says that it is secret (`?token=`), and what a block of
/// PEM holds.
std::string printable(std::string_view text, std::size_t max_bytes = 1024);

}  // namespace tuf
