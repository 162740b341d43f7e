// How the bytes of a text are to be read. Everything that is read here is UTF-8; what Windows writes beside
// it is recognised in one place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tuf {

/// `text` without the byte order mark that Windows programs put before UTF-8.
std::string_view without_mark(std::string_view text);

/// `UTF-16` or `UTF-32`, with `LE` or `BE` where no byte order mark says it, as iconv calls what `text` is
/// written in; empty if it is of bytes. PowerShell writes UTF-16 wherever `>` stands.
std::string_view wide_encoding(std::string_view text);

/// Throws kFileUnreadable if `text`, which `name` names in messages, is of such an encoding; `mend` makes the
/// hint, and gets it by name.
void refuse_wide(std::string_view text, const std::string& name,
                 const std::function<std::string(const std::string& encoding)>& mend);

}  // namespace tuf
