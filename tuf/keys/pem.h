// PEM as Go's encoder writes it and as users bring it: blocks with optional headers (section 5.2).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/bytes.h"

namespace tuf {

struct PemBlock {
  std::string label;                           // "CERTIFICATE", "ENCRYPTED PRIVATE KEY", …
  std::map<std::string, std::string> headers;  // "role" -> "targets"
  Bytes content;
};

/// Every well-formed block of `text` in order; anything around and between them is skipped, as is a block
/// whose body is not base64. CRLF and any line width are accepted. Intermediate copies of the content are
/// wiped, since it may be a private key.
std::vector<PemBlock> parse_pem(std::string_view text);

/// For hints: the command that gives each block of FILE, which stands for a name, a file of its own: FILE.1,
/// … awk gets both names where it does not look into them: -v f=FILE would read backslashes, an operand an =.
inline constexpr std::string_view kSplitFile =
    "split it with: f=FILE awk '/-----BEGIN/ {n++} n {print > (ENVIRON[\"f\"] \".\" n)}' < FILE; then name ";

/// One block as Go's encoder writes it: headers in alphabetical order and a blank line, 64 columns, final
/// newline.
std::string format_pem(const PemBlock& block);

}  // namespace tuf
