// How the bytes of a text are to be read. Everything that is read here is UTF-8; what Windows writes beside
// it is recognised in one place.
#pragma once

#include <string_view>

namespace tuf {

/// `text` without the byte order mark that Windows programs put before UTF-8.
std::string_view without_mark(std::string_view text);

/// `UTF-16` or `UTF-32`, with `LE` or `BE` where no byte order mark says it, as iconv calls what `text` is
/// written in; empty if it is of bytes. PowerShell writes UTF-16 wherever `>` stands.
std::string_view wide_encoding(std::string_view text);

}  // namespace tuf
