// ListedImage: an image as a file names it, and what is common to the readers of such files.
#pragma once

#include <cstddef>
#include <string>

#include "agent/report/printable.h"
#include "tuf/base/error.h"

namespace agent {

/// Most images that one file may name.
inline constexpr std::size_t kMaxListedImages = 10'000;

struct ListedImage {
  std::string text;
  int line;  // the first is 1
};

/// `file` is its name, for messages. Throws kFileUnreadable.
[[noreturn]] inline void fail_at(const std::string& file, int line, const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable,
                   file + " line " + std::to_string(line) + ": " + printable(reason, 200),
                   "give a Kubernetes manifest, a compose file, or a list with one image a line");
}

}  // namespace agent
