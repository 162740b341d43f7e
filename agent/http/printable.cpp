#include "agent/http/printable.h"

#include "tuf/base/hex.h"

namespace agent {

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (char c : text) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '\\';
    const std::string shown =
        plain ? std::string(1, c) : "\\x" + tuf::to_hex(tuf::as_bytes(std::string_view(&c, 1)));
    if (out.size() + shown.size() > limit) return out + "...";
    out += shown;
  }
  return out;
}

}  // namespace agent
