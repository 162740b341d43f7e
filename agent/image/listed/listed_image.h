// ListedImage: an image as a file names it, and what is common to the readers of such files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hsm/os/free_name.h"
#include "hsm/os/piped_text.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

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
                   file + " line " + std::to_string(line) + ": " + tuf::printable(reason, 200), hint);
}

inline constexpr const char* kRendered =
    "give what docker compose config, helm template or kubectl kustomize makes of it";

/// What helm fills in.
inline std::string hint_to_render_chart() {
  const std::string rendered = hsm::free_name("rendered", ".yaml");
  return "render it first with: helm template CHART > " + rendered + "; then name " + rendered;
}

/// What makes of a file one that names what runs. Of standard input there is no second reading.
inline std::string hint_to_render(const std::string& file, const std::string& command) {
  if (hsm::is_piped_name(file)) return kRendered;
  const std::string rendered = tuf::shell_path(hsm::free_name(file, ".rendered"));
  return "render it first with: " + command + " > " + rendered + "; then name " + rendered;
}
inline std::string hint_to_compose(const std::string& file) {
  return hint_to_render(file, "docker compose -f " + tuf::shell_path(file) + " config");
}

/// `${TAG} ${APP}`: the variables of `text`, as envsubst is told which to fill in, and no others: secrets of
/// the environment are none of what the file may ask for unseen.
inline std::string variables_in(std::string_view text) {
  constexpr std::string_view kName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  std::string variables;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
    ++at;
    const std::string_view rest =
        text.substr(std::min(at + (text.substr(at).starts_with('{') ? 1 : 0), text.size()));
    const std::string_view name = rest.substr(0, rest.find_first_not_of(kName));
    if (!name.empty()) variables += (variables.empty() ? "${" : " ${") + std::string(name) + "}";
  }
  return variables;
}

/// What a template says is no name yet. `text` is what stands there.
[[noreturn]] inline void fail_unrendered(const std::string& file, int line, std::string_view text,
                                         bool is_compose) {
  const std::string variables = variables_in(text);
  std::string hint = kRendered;
  if (!hsm::is_piped_name(file) && text.find("{{") != std::string_view::npos) {
    hint = hint_to_render_chart();
  } else if (is_compose) {
    hint = hint_to_compose(file);
  } else if (!variables.empty() && text.find(":-") == std::string_view::npos) {
    // Without a default: those envsubst does not know.
    hint = hint_to_render(file, "envsubst " + tuf::shell_word(variables) + " < " + tuf::shell_path(file));
  }
  fail_at(file, line, "holds a variable or a template, which is rendered first", hint);
}

}  // namespace agent
