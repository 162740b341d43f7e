// ListedImage: an image as a file names it, and what is common to the readers of such files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/piped_text.h"
#include "agent/report/printable.h"
#include "hsm/shell_word.h"
#include "tuf/base/error.h"

namespace agent {

/// Most images that one file may name.
inline constexpr std::size_t kMaxListedImages = 10'000;
/// Most bytes of their names, all together: reports hold several copies of them.
inline constexpr std::size_t kMaxListedText = 1 << 20;

struct ListedImage {
  std::string text;
  int line;  // the first is 1
};

struct ImageList {
  std::vector<ListedImage> images;    // in the order of the file
  std::vector<ListedImage> unjudged;  // what looks like an image and is not one of them, and why, as text
};

/// What mends a file: of another kind, with a line that its readers take differently, or with too much in it.
inline constexpr const char* kOtherKind =
    "give a Kubernetes manifest, a compose file, or a list with one image a line";
inline constexpr const char* kUnclearLine =
    "write that line so that every reader takes the same of it, or leave it out";
inline constexpr const char* kTooMuch = "divide it into several files, each with its own --images-from";

/// `file` is its name, for messages. Throws kFileUnreadable.
[[noreturn]] inline void fail_at(const std::string& file, int line, const std::string& reason,
                                 const std::string& hint) {
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable,
                   file + " line " + std::to_string(line) + ": " + printable(reason, 200), hint);
}

/// What helm fills in.
inline constexpr const char* kRenderChart =
    "render it first with: helm template CHART > rendered.yaml; then name rendered.yaml";

inline constexpr const char* kRendered =
    "give what docker compose config, helm template or kubectl kustomize makes of it";

/// What makes of a file one that names what runs. Of standard input there is no second reading.
inline std::string hint_to_render(const std::string& file, const std::string& command) {
  if (is_piped_name(file)) return kRendered;
  const std::string rendered = hsm::shell_word(file) + ".rendered";
  return "render it first with: " + command + " > " + rendered + "; then name " + rendered;
}
inline std::string hint_to_compose(const std::string& file) {
  return hint_to_render(file, "docker compose -f " + hsm::shell_word(file) + " config");
}

/// What a template says is no name yet. `text` is what stands there.
[[noreturn]] inline void fail_unrendered(const std::string& file, int line, std::string_view text,
                                         bool is_compose) {
  std::string hint = kRendered;
  if (!is_piped_name(file) && text.find("{{") != std::string_view::npos) {
    hint = kRenderChart;
  } else if (is_compose) {
    hint = hint_to_compose(file);
  } else if (text.find('$') != std::string_view::npos && text.find(":-") == std::string_view::npos) {
    // Without a default: those envsubst does not know.
    hint = hint_to_render(file, "envsubst < " + hsm::shell_word(file));
  }
  fail_at(file, line, "holds a variable or a template, which is rendered first", hint);
}

}  // namespace agent
