#include "agent/image/misplaced_file.h"

#include "tuf/base/shell_word.h"

namespace agent {
namespace {

/// By what stands in every file of its kind and in no other's; empty for none of them.
std::string_view option_for(std::string_view content) {
  const auto has = [&](std::string_view text) { return content.find(text) != std::string_view::npos; };
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  if (content[first] != '{')
    return content.substr(first).starts_with("sha256:") || has("@sha256:") ? "--digest-file"
                                                                           : std::string_view();
  if (has("\"containerimage.d")) return "--metadata-file";
  if (has("\"countersign/release/")) return "--release";
  return has("\"schemaVersion\"") ? "--manifest" : std::string_view();
}

}  // namespace

std::string hint_for_misplaced(std::string_view content, std::string_view option,
                               const std::filesystem::path& path) {
  const std::string_view right = option_for(content);
  if (right.empty() || right == option) return {};
  return "it is what another option takes; give it as: " + std::string(right) + " " +
         tuf::shell_path(path.string());
}

}  // namespace agent
