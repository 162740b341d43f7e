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
/// backslash stays as it is. More than `max_bytes` of input are cut off and replaced by `…`, and so are
/// secrets (without_secrets.h).
std::string printable(std::string_view text, std::size_t max_bytes = 1024);

/// Whether a terminal shows `text` as it is: nothing in it would be replaced for its characters.
bool is_printable(std::string_view text);

/// Columns that a terminal uses for UTF-8 text, taking every character for one wide.
std::size_t columns_of(std::string_view text);

}  // namespace tuf
