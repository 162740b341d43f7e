// Warning: what a caller is told besides the result; none of it is an error.
#pragma once

#include <string>

namespace tuf {

struct Warning {
  std::string code;     // "CACHE_UNUSABLE"
  std::string message;  // one line
};

}  // namespace tuf
