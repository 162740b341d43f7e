// ListedImage: an image as a file names it, and what is common to the readers of such files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/report/printable.h"
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

/// `file` is its name, for messages. Throws kFileUnreadable.
[[noreturn]] inline void fail_at(
    const std::string& file, int line, const std::string& reason,
    const std::string& hint = "give a Kubernetes manifest, a compose file, or a list with one image a line") {
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable,
                   file + " line " + std::to_string(line) + ": " + printable(reason, 200), hint);
}

/// What a template says is no name yet.
[[noreturn]] inline void fail_unrendered(const std::string& file, int line) {
  fail_at(file, line, "holds a variable or a template, which is rendered first",
          "give what docker compose config, helm template or kubectl kustomize makes of it");
}

}  // namespace agent
