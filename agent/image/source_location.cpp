#include "agent/image/source_location.h"

#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {

SourceLocation parse_source_location(std::string_view text, const std::string& option) {
  namespace fs = std::filesystem;
  const std::string hint = "write " + option + " PATH or " + option + " PATH:NAME";
  std::error_code ignored;
  if (fs::exists(fs::path(text), ignored)) return {fs::path(text), std::nullopt};
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    const fs::path path(text.substr(0, colon));
    if (path.empty() || !fs::exists(path, ignored)) continue;
    const std::string_view name = text.substr(colon + 1);
    if (name.empty()) {
      throw tuf::Error(tuf::ErrorCode::kUsage,
                       option + " " + tuf::printable(text) + ": the name behind : is empty", hint);
    }
    return {path, std::string(name)};
  }
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable,
                   option + " " + tuf::printable(text) + ": there is no such file or folder", hint);
}

}  // namespace agent
